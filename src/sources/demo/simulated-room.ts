import type { PowerTree } from '../../model/power-tree.ts';
import { between, hashText } from './chance.ts';
import { calendarFromMs } from './cycle.ts';
import { demoRoom, machineTimezone } from './demo-room.ts';
import { LocalCalendar } from './local-calendar.ts';
import { MachineDraw, type Phase } from './machine-draw.ts';
import { machines, type Supplies } from './machines.ts';
import { gridHertz, openVolts, voltAmpsOf } from './mains.ts';
import { type BreakerSpec, breakers, type Meter, meters, outletOf } from './meters.ts';
import { workloadOf } from './workload.ts';

/** All quantities of one outlet at one instant; watts, volts and amps agree with each other. */
export interface OutletDraw {
  readonly watts: number;
  readonly volts: number;
  readonly amps: number;
  readonly voltAmps: number;
  readonly voltAmpsReactive: number;
  /** 0 when nothing flows. */
  readonly powerFactor: number;
  readonly hertz: number;
  readonly wattHoursTotal: number;
}

export interface ServerDraw {
  /** The sum of its inputs. */
  readonly watts: number;
  readonly phase: Phase;
  readonly inputs: readonly (OutletDraw & { readonly outlet: string })[];
}

/** One channel of a meter, and the part of its machine's draw that flows there: `plusWatts + share × draw`. */
export interface RoomOutlet {
  readonly outlet: string;
  readonly meter: Meter;
  readonly machine: MachineDraw | undefined;
  readonly plusWatts: number;
  readonly share: number;
  /** What `share` was before the supply died. */
  readonly earlierShare: number;
}

const hourMs = 3_600_000;
/** A sleeping hot spare keeps its own electronics awake. */
const sleepingWatts = 2.2;

/**
 * The simulated room: what every machine in it truly draws at any moment, as a pure function of seed, time zone
 * and time. It has no clock and remembers nothing; the planted faults have been there for long.
 * Planted: a dead supply (`db-02`), a machine that idles at 1 kW (`old-erp-01`), a plug that fell silent
 * (`plug-lab-02`), a breaker that could not take over when feed A fails (`B3`). And one that is no fault: a
 * sleeping hot spare (`db-04`).
 */
export class SimulatedRoom {
  readonly seed: number;
  readonly timezone: string;
  /** The room as the settings would have it. */
  readonly tree: PowerTree;
  readonly calendar: LocalCalendar;
  readonly machines: ReadonlyMap<string, MachineDraw>;
  /** In the order of the meters and their channels. */
  readonly outlets: readonly RoomOutlet[];
  readonly #byId: ReadonlyMap<string, RoomOutlet>;
  readonly #byMachine: ReadonlyMap<string, readonly RoomOutlet[]>;
  readonly #byBreaker: ReadonlyMap<string, readonly RoomOutlet[]>;

  constructor(seed: number, timezone: string = machineTimezone()) {
    this.seed = seed;
    this.timezone = timezone;
    this.tree = demoRoom(timezone);
    this.calendar = new LocalCalendar(timezone);
    this.machines = new Map(
      machines.map((machine) => [
        machine.name,
        new MachineDraw(machine, workloadOf(machine, seed), this.calendar),
      ]),
    );
    this.outlets = outletsOf(this.machines, seed);
    this.#byId = new Map(this.outlets.map((outlet) => [outlet.outlet, outlet]));
    this.#byMachine = Map.groupBy(this.outlets, (outlet) => outlet.machine?.machine.name ?? '');
    this.#byBreaker = Map.groupBy(this.outlets, (outlet) => outlet.meter.breaker);
  }

  /** What a server truly draws. Throws when the room has no such machine. */
  drawAt(server: string, atMs: number): ServerDraw {
    const machine = this.machines.get(server);
    if (machine === undefined) throw new Error(`the simulated room has no machine ${server}`);
    const inputs = this.#byMachine.get(server)!.map((outlet) => ({
      outlet: outlet.outlet,
      ...this.outletAt(outlet.outlet, atMs),
    }));
    return { watts: machine.watts(atMs), phase: machine.phase(atMs), inputs };
  }

  /** Throws when the room has no such outlet. */
  outlet(id: string): RoomOutlet {
    const found = this.#byId.get(id);
    if (found === undefined) throw new Error(`the simulated room has no outlet ${id}`);
    return found;
  }

  /** What its meter would measure, by outlet id. Throws when there is no such outlet. */
  outletAt(outlet: string, atMs: number): OutletDraw {
    const found = this.outlet(outlet);
    return this.#drawOf(found, this.breakerVolts(found.meter.breaker, atMs), atMs);
  }

  /** What a meter would measure, by channel. */
  channelsAt(meter: Meter, atMs: number): OutletDraw[] {
    const volts = this.breakerVolts(meter.breaker, atMs);
    return meter.channels.map((_, channel) =>
      this.#drawOf(this.outlet(outletOf(meter, channel)), volts, atMs),
    );
  }

  /** W alone. Throws when there is no such outlet. */
  wattsAt(outlet: string, atMs: number): number {
    return wattsOf(this.outlet(outlet), atMs);
  }

  #drawOf(outlet: RoomOutlet, volts: number, atMs: number): OutletDraw {
    const watts = wattsOf(outlet, atMs);
    const voltAmps = voltAmpsOf(watts, supplyWatts(outlet));
    return {
      watts,
      volts,
      amps: voltAmps / volts,
      voltAmps,
      voltAmpsReactive: Math.sqrt(Math.max(0, voltAmps * voltAmps - watts * watts)),
      powerFactor: voltAmps === 0 ? 0 : watts / voltAmps,
      hertz: gridHertz(this.seed, atMs),
      wattHoursTotal: this.wattHoursAt(outlet, atMs),
    };
  }

  /** Wh the outlet's counter shows. */
  wattHoursAt(outlet: RoomOutlet, atMs: number): number {
    if (outlet.machine === undefined) return 0;
    const before = outlet.share === 0 && outlet.plusWatts === 0 ? deadCounterWattHours : 0;
    const plus = (outlet.plusWatts * (atMs - calendarFromMs)) / hourMs;
    return Math.max(0, before + plus + outlet.share * outlet.machine.wattHours(atMs));
  }

  /** Behind the breaker: the grid's voltage less what the wiring before it loses under all its load. */
  breakerVolts(breaker: string, atMs: number): number {
    const spec = breakers.find(({ name }) => name === breaker)!;
    const volts = openVolts(hashText(this.seed, spec.feed), atMs, this.calendar.localMs(atMs));
    return volts - spec.ohms * (this.#voltAmpsBehind(spec, atMs) / volts);
  }

  /** Amps of every outlet on a breaker, in the order of `outlets`, with the volts there. */
  breakerAt(breaker: string, atMs: number): { volts: number; amps: readonly (readonly [string, number])[] } {
    const volts = this.breakerVolts(breaker, atMs);
    const amps = this.#behind(breaker).map(
      (one) => [one.outlet, voltAmpsOf(wattsOf(one, atMs), supplyWatts(one)) / volts] as const,
    );
    return { volts, amps };
  }

  #voltAmpsBehind(breaker: BreakerSpec, atMs: number): number {
    let voltAmps = 0;
    for (const outlet of this.#behind(breaker.name))
      voltAmps += voltAmpsOf(wattsOf(outlet, atMs), supplyWatts(outlet));
    return voltAmps;
  }

  #behind(breaker: string): readonly RoomOutlet[] {
    return this.#byBreaker.get(breaker) ?? [];
  }
}

/** Where the counter of the dead supply's outlet stopped. */
const deadCounterWattHours = 5_418_207;

function wattsOf(outlet: RoomOutlet, atMs: number): number {
  return outlet.machine === undefined ? 0 : outlet.plusWatts + outlet.share * outlet.machine.watts(atMs);
}

function supplyWatts(outlet: RoomOutlet): number {
  return outlet.machine?.machine.supplyWatts ?? 0;
}

function outletsOf(draws: ReadonlyMap<string, MachineDraw>, seed: number): RoomOutlet[] {
  const channels = meters.flatMap((meter) =>
    meter.channels.map((name, channel) => ({ meter, name, outlet: outletOf(meter, channel) })),
  );
  const total = Map.groupBy(channels, ({ name }) => name);
  const met = new Map<string, number>();
  return channels.map(({ meter, name, outlet }) => {
    const machine = name === undefined ? undefined : draws.get(name);
    if (name === undefined || machine === undefined) {
      return { outlet, meter, machine: undefined, plusWatts: 0, share: 0, earlierShare: 0 };
    }
    const supply = met.get(name) ?? 0;
    met.set(name, supply + 1);
    const shares = sharesOf(hashText(seed, name), total.get(name)!.length);
    return { outlet, meter, machine, ...division(machine.machine.supplies, shares, supply) };
  });
}

/** Supplies in parallel never share quite evenly. */
function sharesOf(seed: number, supplies: number): number[] {
  const weights = Array.from({ length: supplies }, (_, supply) => between(0.94, 1.06, seed, supply, 40));
  const sum = weights.reduce((left, right) => left + right);
  return weights.map((weight) => weight / sum);
}

function division(
  supplies: Supplies,
  shares: readonly number[],
  supply: number,
): Pick<RoomOutlet, 'plusWatts' | 'share' | 'earlierShare'> {
  const earlierShare = shares[supply]!;
  const last = supply === shares.length - 1;
  const left = shares.slice(0, -1).reduce((sum, share) => sum + share, 0);
  switch (supplies) {
    case 'shared':
      return { plusWatts: 0, share: earlierShare, earlierShare };
    case 'one-dead':
      return { plusWatts: 0, share: last ? 0 : earlierShare / left, earlierShare };
    case 'hot-spare': {
      const awake = last ? 0 : earlierShare / left;
      const plusWatts = last ? sleepingWatts : -sleepingWatts / (shares.length - 1);
      return { plusWatts, share: awake, earlierShare: awake };
    }
  }
}
