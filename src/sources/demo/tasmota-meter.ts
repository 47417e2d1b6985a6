import { hash, hashText } from './chance.ts';
import { type DemoMessage, type MeterVoice, message, rounded } from './demo-message.ts';
import { type Meter, outletOf } from './meters.ts';
import type { OutletDraw, SimulatedRoom } from './simulated-room.ts';

const secondMs = 1_000;
const dayMs = 86_400_000;
/** `TelePeriod` cannot be set below 10 s on the real thing; an automation rule that asks for status can. */
const telePeriodMs = 2 * secondMs;
const statePeriodMs = 60 * secondMs;
const silentForMs = 9 * dayMs;
/** `PowerDelta`: a step of so much is told at once, and what follows a second later. */
const deltaShare = 0.06;
const deltaWattsMin = 4;

/**
 * A Tasmota strip or plug: discovery, `LWT`, `STATE` and `SENSOR`, as the firmware builds them. What it says is
 * a function of the beat alone. Strips send arrays (`SetOption129`); their clock tells no zone, that of the
 * single plugs does (`SetOption52`).
 */
export class TasmotaMeter implements MeterVoice {
  readonly #room: SimulatedRoom;
  readonly #meter: Meter;
  readonly #outlets: readonly string[];
  readonly #strip: boolean;
  readonly #seed: number;
  /** So that not all meters report in the same second. */
  readonly #teleShiftMs: number;

  constructor(room: SimulatedRoom, meter: Meter) {
    this.#room = room;
    this.#meter = meter;
    this.#outlets = meter.channels.map((_, channel) => outletOf(meter, channel));
    this.#strip = meter.kind === 'tasmota-strip';
    this.#seed = hashText(room.seed, meter.name);
    this.#teleShiftMs = (this.#seed % 60) * secondMs;
  }

  hello(atMs: number): DemoMessage[] {
    const discovery = `tasmota/discovery/${this.#mac()}`;
    // Numbers frozen when it was switched on, a schema and no reading; this one lost its network long ago.
    const bootMs = this.#meter.silent ? atMs - silentForMs : atMs;
    const sensors = { sn: this.#sensor(bootMs, this.#draws(bootMs), undefined), ver: 1 };
    return [
      message(`${discovery}/config`, this.#config(), true),
      message(`${discovery}/sensors`, sensors, true),
      message(this.#topic('LWT'), this.#meter.silent ? 'Offline' : 'Online', true),
      ...(this.#meter.silent ? [] : [message(this.#topic('STATE'), this.#state(atMs))]),
    ];
  }

  beat(atMs: number): DemoMessage[] {
    if (this.#meter.silent) return [];
    const second = Math.floor(atMs / secondMs) * secondMs + this.#teleShiftMs;
    const states = second % statePeriodMs === 0 ? [message(this.#topic('STATE'), this.#state(atMs))] : [];
    const onTime = second % telePeriodMs === 0;
    const draws = this.#draws(atMs);
    if (!onTime && !this.#stepped(atMs, draws)) return states;
    const sensor = this.#sensor(atMs, draws, onTime ? telePeriodMs : undefined);
    return [...states, message(this.#topic('SENSOR'), sensor)];
  }

  goodbye(): DemoMessage[] {
    // Nobody stays to see it acknowledged.
    return [{ ...message(this.#topic('LWT'), 'Offline', true), qos: 0 }];
  }

  #topic(tail: string): string {
    return `tele/${this.#meter.name}/${tail}`;
  }

  #mac(): string {
    return `C0FFEE${hash(this.#seed, 41).toString(16).padStart(8, '0').slice(2)}`.toUpperCase();
  }

  #draws(atMs: number): OutletDraw[] {
    return this.#room.channelsAt(this.#meter, atMs);
  }

  /** In this second, or in the one before: what it came to is told too, since one reading alone proves no start. */
  #stepped(atMs: number, draws: readonly OutletDraw[]): boolean {
    return draws.some(({ watts }, channel) => {
      const outlet = this.#outlets[channel]!;
      const before = this.#room.wattsAt(outlet, atMs - secondMs);
      return isStep(before, watts) || isStep(this.#room.wattsAt(outlet, atMs - 2 * secondMs), before);
    });
  }

  // ── payloads ─────────────────────────────────────────────────────────────────────────────────────────

  /** `sinceMs`: length of the telemetry period this ends; undefined: sent in between, which has no `Period`. */
  #sensor(atMs: number, draws: readonly OutletDraw[], sinceMs: number | undefined): object {
    const midnightMs = this.#room.calendar.midnightMs(atMs);
    const yesterdayMs = this.#room.calendar.midnightMs(midnightMs - dayMs / 2);
    const drawn = (fromMs: number, toMs: number) =>
      this.#outlets.map((outlet) => {
        const known = this.#room.outlet(outlet);
        return this.#room.wattHoursAt(known, toMs) - this.#room.wattHoursAt(known, fromMs);
      });
    const each = (values: readonly number[], decimals: number) => {
      const texts = values.map((value) => rounded(value, decimals));
      return this.#strip ? texts : texts[0]!;
    };
    const column = (name: keyof OutletDraw, decimals: number) =>
      each(
        draws.map((draw) => draw[name]),
        decimals,
      );
    const kilo = (wattHours: readonly number[]) => wattHours.map((value) => value / 1000);
    return {
      Time: this.#time(atMs),
      ENERGY: {
        TotalStartTime: '2019-12-30T00:00:00',
        Total: each(kilo(draws.map((draw) => draw.wattHoursTotal)), 3),
        Yesterday: each(kilo(drawn(yesterdayMs, midnightMs)), 3),
        Today: each(kilo(drawn(midnightMs, atMs)), 3),
        ...(sinceMs === undefined ? {} : { Period: each(drawn(atMs - sinceMs, atMs), 0) }),
        Power: column('watts', 1),
        ApparentPower: column('voltAmps', 1),
        ReactivePower: column('voltAmpsReactive', 1),
        Factor: column('powerFactor', 2),
        Frequency: rounded(draws[0]!.hertz, 2),
        Voltage: rounded(draws[0]!.volts, 1),
        Current: column('amps', 3),
      },
    };
  }

  #time(atMs: number): string {
    const local = new Date(this.#room.calendar.localMs(atMs)).toISOString().slice(0, 19);
    if (this.#strip) return local;
    const minutes = Math.round(this.#room.calendar.offsetMs(atMs) / 60_000);
    const clock = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
    return `${local}${minutes < 0 ? '-' : '+'}${clock.map((part) => String(part).padStart(2, '0')).join(':')}`;
  }

  #state(atMs: number): object {
    const upSeconds = Math.floor(atMs / secondMs) % (45 * 86_400);
    const relays = this.#outlets.map((_, channel) => [this.#strip ? `POWER${channel + 1}` : 'POWER', 'ON']);
    return {
      Time: this.#time(atMs),
      UptimeSec: upSeconds,
      Heap: this.#strip ? 147 : 24,
      LoadAvg: 19,
      MqttCount: 1,
      ...Object.fromEntries(relays),
      Wifi: { AP: 1, SSId: 'plant', RSSI: 60 + (this.#seed % 35), Signal: -70 + (this.#seed % 20) },
    };
  }

  #config(): object {
    const { name, channels } = this.#meter;
    const mac = this.#mac();
    return {
      ip: `10.20.0.${20 + (this.#seed % 200)}`,
      dn: name,
      fn: channels.map((machine) => machine ?? 'spare'),
      hn: `${name}-${(this.#seed % 9000) + 1000}`,
      mac,
      md: this.#strip ? 'Metering strip' : 'Metering plug',
      ty: 0,
      if: 0,
      ofln: 'Offline',
      onln: 'Online',
      state: ['OFF', 'ON', 'TOGGLE', 'HOLD'],
      sw: '14.4.1',
      t: name,
      ft: '%prefix%/%topic%/',
      tp: ['cmnd', 'stat', 'tele'],
      rl: channels.map(() => 1),
      so: {
        '4': 0,
        '11': 0,
        '13': 0,
        '17': 0,
        '20': 0,
        '30': 0,
        '68': 0,
        '73': 0,
        '82': 0,
        '114': 0,
        '117': 0,
      },
      lk: 1,
      bat: 0,
      ver: 1,
    };
  }
}

function isStep(before: number, after: number): boolean {
  const stepWatts = Math.abs(after - before);
  return stepWatts >= deltaWattsMin && stepWatts >= deltaShare * before;
}
