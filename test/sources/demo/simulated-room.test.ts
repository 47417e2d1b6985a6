import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cycleMs } from '../../../src/sources/demo/cycle.ts';
import { voltAmpsOf } from '../../../src/sources/demo/mains.ts';
import { breakers } from '../../../src/sources/demo/meters.ts';
import { SimulatedRoom } from '../../../src/sources/demo/simulated-room.ts';

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

const room = new SimulatedRoom(1, 'Europe/London');
/** A Monday. */
const mondayMs = Date.UTC(2026, 5, 1);
const names = [...room.machines.keys()];
const runners = names.filter((name) => name.startsWith('ci-'));

function drawnByIntegral(server: string, fromMs: number, toMs: number): number {
  const machine = room.machines.get(server)!;
  const stepMs = 500;
  let wattMs = 0;
  for (let atMs = fromMs + stepMs / 2; atMs < toMs; atMs += stepMs) wattMs += machine.watts(atMs) * stepMs;
  return wattMs / hourMs;
}

describe('the truth', () => {
  test('is the same for the same seed and time, in another order and another room', () => {
    const twin = new SimulatedRoom(1, 'Europe/London');
    const times = [0, 7, 3, 400].map((minutes) => mondayMs + minutes * minuteMs);
    const forward = times.map((atMs) => names.map((name) => room.drawAt(name, atMs)));
    const backward = times.toReversed().map((atMs) => names.map((name) => twin.drawAt(name, atMs)));
    expect(backward.toReversed()).toEqual(forward);
  });

  test('is another one for another seed', () => {
    const other = new SimulatedRoom(2, 'Europe/London');
    expect(other.drawAt('hv-01', mondayMs).watts).not.toBe(room.drawAt('hv-01', mondayMs).watts);
  });

  test('of a server is the sum of its inputs', () => {
    for (const name of names) {
      for (let atMs = mondayMs; atMs < mondayMs + dayMs; atMs += 37 * minuteMs) {
        const { watts, inputs } = room.drawAt(name, atMs);
        expect(inputs.reduce((sum, input) => sum + input.watts, 0)).toBeCloseTo(watts, 6);
      }
    }
  });

  test('is finite and hangs together at any moment from 2020 to 2100, in any zone', () => {
    const zones = ['Europe/London', 'Pacific/Kiritimati', 'Pacific/Pago_Pago', 'Asia/Kolkata'];
    const rooms = zones.map((zone) => new SimulatedRoom(4_294_967_295, zone));
    const moment = fc.double({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2100, 11, 31), noNaN: true });
    fc.assert(
      fc.property(fc.constantFrom(...rooms), moment, fc.constantFrom(...names), (there, atMs, name) => {
        for (const input of there.drawAt(name, atMs).inputs) {
          const { watts, volts, amps, voltAmps, powerFactor, hertz, wattHoursTotal } = input;
          for (const value of Object.values(input).slice(1) as number[]) {
            expect(Number.isFinite(value)).toBe(true);
            expect(value).toBeGreaterThanOrEqual(0);
          }
          expect(volts * amps * powerFactor).toBeCloseTo(watts, 6);
          expect(volts * amps).toBeCloseTo(voltAmps, 6);
          expect(powerFactor).toBeLessThanOrEqual(1);
          expect(volts).toBeGreaterThan(215);
          expect(volts).toBeLessThan(240);
          expect(Math.abs(hertz - 50)).toBeLessThanOrEqual(0.05);
          expect(there.outletAt(input.outlet, atMs + secondMs).wattHoursTotal).toBeGreaterThanOrEqual(
            wattHoursTotal,
          );
        }
      }),
      { numRuns: 300 },
    );
  });

  test('sags under load, and the power factor falls where there is little of it', () => {
    const nightMs = mondayMs + 3 * hourMs;
    const flows = (name: string) => room.drawAt(name, nightMs).inputs[0]!;
    expect(flows('pi-01').volts).toBe(flows('fw-01').volts);
    expect(flows('db-04').powerFactor).toBeGreaterThan(0.96);
    expect(flows('web-01').powerFactor).toBeLessThan(0.9);
    const idle = room.outletAt('pdu-r2-a/1', nightMs).volts;
    const steps: number[] = [];
    for (let atMs = mondayMs; atMs < mondayMs + 7 * dayMs; atMs += 10 * secondMs) {
      const step =
        room.machines.get('gpu-01')!.watts(atMs + 2 * secondMs) - room.machines.get('gpu-01')!.watts(atMs);
      if (step > 400)
        steps.push(room.breakerVolts('A2', atMs) - room.breakerVolts('A2', atMs + 2 * secondMs));
    }
    expect(steps.length).toBeGreaterThan(5);
    // Half of 400 W and more on this feed, through a third of an ohm: at least 0.3 V, less some flutter.
    expect(steps.toSorted((a, b) => a - b)[Math.floor(steps.length / 2)]).toBeGreaterThan(0.3);
    expect(idle).toBeGreaterThan(225);
  });
});

describe('the counters', () => {
  test('are the integral of the watts, with starts, jobs and swings in it', () => {
    for (const name of ['ci-01', 'ci-04', 'gpu-01', 'calc-02', 'nas-01', 'hv-01', 'bkp-01', 'old-erp-01']) {
      const fromMs = mondayMs + dayMs + 1_234;
      const counted =
        room.machines.get(name)!.wattHours(fromMs + 6 * hourMs) - room.machines.get(name)!.wattHours(fromMs);
      const integral = drawnByIntegral(name, fromMs, fromMs + 6 * hourMs);
      expect(Math.abs(counted / integral - 1), name).toBeLessThan(0.0005);
    }
  });

  test('grow at every moment by just what is drawn, off and starting too', () => {
    const phases = new Set<string>();
    for (const name of runners) {
      const machine = room.machines.get(name)!;
      for (let atMs = mondayMs + 9 * hourMs; atMs < mondayMs + 11 * hourMs; atMs += 1_370) {
        if (machine.phase(atMs) !== machine.phase(atMs + 20)) continue;
        phases.add(machine.phase(atMs));
        const grown = (machine.wattHours(atMs + 20) - machine.wattHours(atMs)) * (hourMs / 20);
        const drawn = machine.watts(atMs + 10);
        if (Math.abs(grown - drawn) > 0.1 + 0.005 * drawn)
          expect.soft(grown, `${name} ${atMs}`).toBeCloseTo(drawn, 1);
      }
    }
    expect(phases.size).toBe(3);
  });

  test('go on exactly over a change of the clock and over the end of a cycle', () => {
    const changes = [Date.UTC(2026, 2, 29, 1), Date.UTC(2026, 9, 25, 1)];
    const cycles = [0, 1].map((n) => Date.UTC(2019, 11, 30) + (85 + n) * cycleMs);
    for (const aroundMs of [...changes, ...cycles]) {
      for (const name of ['hv-02', 'gpu-01', 'ci-03']) {
        const machine = room.machines.get(name)!;
        const counted = machine.wattHours(aroundMs + hourMs) - machine.wattHours(aroundMs - hourMs);
        const integral =
          drawnByIntegral(name, aroundMs - hourMs, aroundMs) +
          drawnByIntegral(name, aroundMs, aroundMs + hourMs);
        expect(Math.abs(counted / integral - 1), `${name} ${new Date(aroundMs).toISOString()}`).toBeLessThan(
          0.002,
        );
      }
    }
  });

  test('of inputs add up to that of the server', () => {
    const counted = (atMs: number) =>
      room.drawAt('db-04', atMs).inputs.reduce((sum, { wattHoursTotal }) => sum + wattHoursTotal, 0);
    const machine = room.machines.get('db-04')!;
    const toMs = mondayMs + 5 * dayMs;
    expect(counted(toMs) - counted(mondayMs)).toBeCloseTo(
      machine.wattHours(toMs) - machine.wattHours(mondayMs),
      3,
    );
  });
});

describe('work', () => {
  const mean = (name: string, fromMs: number, hours: number) => {
    const machine = room.machines.get(name)!;
    return (machine.wattHours(fromMs + hours * hourMs) - machine.wattHours(fromMs)) / hours;
  };

  test('keeps office hours of the room, not of Greenwich', () => {
    const tokyo = new SimulatedRoom(1, 'Asia/Tokyo').machines.get('web-01')!;
    const nineUtc = mondayMs + dayMs + 0.5 * hourMs;
    expect(tokyo.watts(nineUtc)).toBeGreaterThan(1.5 * tokyo.machine.idleWatts);
    expect(room.machines.get('web-01')!.watts(nineUtc)).toBeLessThan(1.15 * tokyo.machine.idleWatts);
  });

  test('rests at night and at the weekend', () => {
    const monday = mean('web-02', mondayMs + 9 * hourMs, 2);
    expect(monday).toBeGreaterThan(2 * mean('web-02', mondayMs + 2 * hourMs, 2));
    expect(monday).toBeGreaterThan(1.8 * mean('web-02', mondayMs + 5 * dayMs + 9 * hourMs, 2));
  });

  test('wakes the backup at night, and the disks with a spin-up', () => {
    const nightMs = mondayMs + 2 * dayMs;
    expect(mean('bkp-01', nightMs + 1 * hourMs, 2)).toBeGreaterThan(
      1.4 * mean('bkp-01', nightMs + 11 * hourMs, 2),
    );
    const nas = room.machines.get('nas-01')!;
    const morning = Array.from({ length: 2 * 3600 }, (_, second) =>
      nas.watts(nightMs + 5.5 * hourMs + second * secondMs),
    );
    expect(morning[0]).toBeLessThan(105);
    expect(Math.max(...morning)).toBeGreaterThan(1.25 * morning.at(-1)!);
    expect(morning.at(-1)).toBeGreaterThan(170);
  });

  test('of the GPU node swings widely', () => {
    const gpu = room.machines.get('gpu-01')!;
    const day = Array.from({ length: 24 * 60 }, (_, minute) => gpu.watts(mondayMs + minute * minuteMs));
    expect(Math.max(...day) - Math.min(...day)).toBeGreaterThan(800);
  });
});

describe('starts', () => {
  interface Start {
    readonly name: string;
    readonly offAtMs: number;
    readonly onAtMs: number;
    readonly runsAtMs: number;
  }

  function startsOf(name: string, fromMs: number, toMs: number): Start[] {
    const machine = room.machines.get(name)!;
    const starts: Start[] = [];
    let offAtMs = 0;
    let onAtMs = 0;
    let before = machine.phase(fromMs);
    for (let atMs = fromMs; atMs < toMs; atMs += secondMs) {
      const phase = machine.phase(atMs);
      if (phase === 'standby' && before === 'running') offAtMs = atMs;
      if (phase === 'starting' && before === 'standby') onAtMs = atMs;
      if (phase === 'running' && before === 'starting' && offAtMs > 0)
        starts.push({ name, offAtMs, onAtMs, runsAtMs: atMs });
      before = phase;
    }
    return starts;
  }

  const fromMs = mondayMs + dayMs + 9 * hourMs;
  const starts = runners
    .flatMap((name) => startsOf(name, fromMs, fromMs + 6 * hourMs))
    .toSorted((one, other) => one.onAtMs - other.onAtMs);

  test('happen every few minutes somewhere, never two at once, and on each runner', () => {
    expect(starts.length).toBeGreaterThan(45);
    const gapsMs = starts.slice(1).map((start, i) => start.onAtMs - starts[i]!.onAtMs);
    expect(Math.max(...gapsMs)).toBeLessThan(13 * minuteMs);
    expect(Math.min(...gapsMs)).toBeGreaterThan(minuteMs);
    expect(new Set(starts.map(({ name }) => name)).size).toBe(runners.length);
  });

  test('are off for 10 to 60 s with the controller alive, spike, boot for a minute or two, and settle', () => {
    for (const { name, offAtMs, onAtMs, runsAtMs } of starts) {
      const machine = room.machines.get(name)!;
      expect(onAtMs - offAtMs).toBeGreaterThanOrEqual(9 * secondMs);
      expect(onAtMs - offAtMs).toBeLessThanOrEqual(60 * secondMs);
      expect(machine.watts(onAtMs - 2 * secondMs)).toBe(machine.machine.standbyWatts);
      const each = (atMs: number, seconds: number) =>
        Array.from({ length: seconds }, (_, s) => machine.watts(atMs + s * secondMs));
      const peak = Math.max(...each(onAtMs, 10));
      const plateau = each(onAtMs + 25 * secondMs, 30).reduce((a, b) => a + b) / 30;
      const settled = each(runsAtMs, 8).reduce((a, b) => a + b) / 8;
      expect(peak / settled).toBeGreaterThan(1.5);
      expect(peak / settled).toBeLessThan(3.3);
      expect(plateau / settled).toBeGreaterThan(1.05);
      expect(plateau / settled).toBeLessThan(1.45);
      expect(runsAtMs - onAtMs).toBeGreaterThan(60 * secondMs);
      expect(runsAtMs - onAtMs).toBeLessThan(132 * secondMs);
    }
  });

  test('of servers with work come once in four weeks, in a patch night, none at the same time on a breaker', () => {
    const onAtMs: number[] = [];
    for (const name of ['hv-01', 'web-03', 'gpu-01', 'calc-04', 'bkp-01']) {
      const machine = room.machines.get(name)!;
      let reboots = 0;
      for (let atMs = mondayMs; atMs < mondayMs + cycleMs; atMs += 5 * secondMs) {
        if (machine.phase(atMs) !== 'standby' || machine.phase(atMs - 5 * secondMs) === 'standby') continue;
        reboots += 1;
        onAtMs.push(atMs);
        expect((atMs % dayMs) / hourMs).toBeLessThan(5);
      }
      expect(reboots, name).toBe(1);
    }
    expect(new Set(onAtMs).size).toBe(5);
  });
});

describe('what is planted', () => {
  test('a dead supply: nothing at all on one input, everything on the other', () => {
    for (let atMs = mondayMs; atMs < mondayMs + dayMs; atMs += hourMs) {
      const { watts, inputs } = room.drawAt('db-02', atMs);
      expect(inputs.map((input) => input.watts)).toEqual([watts, 0]);
      expect(inputs[1]).toMatchObject({ amps: 0, voltAmps: 0, powerFactor: 0 });
      expect(inputs[1]!.volts).toBeGreaterThan(220);
    }
    const dead = room.outlet('pdu-r2-b2/2');
    expect(room.wattHoursAt(dead, mondayMs + dayMs)).toBe(room.wattHoursAt(dead, mondayMs));
  });

  test('no other machine that idles above its limit or, without one, near its busiest', () => {
    for (const [name, machine] of room.machines) {
      const { idleLimitWatts, hardware, claimed } = machine.machine;
      if (!claimed || name === 'old-erp-01') continue;
      const week = Array.from({ length: 7 * 96 }, (_, quarter) =>
        machine.watts(mondayMs + quarter * 15 * minuteMs),
      );
      const sorted = week.toSorted((one, other) => one - other);
      const [idle, busy] = [sorted[Math.floor(0.1 * sorted.length)]!, sorted.at(-2)!];
      if (idleLimitWatts !== undefined) expect(idle, name).toBeLessThan(0.95 * idleLimitWatts);
      // Allowance of Regulation (EU) 2019/424, Annex II, without its term for the processor.
      else if (hardware !== undefined) {
        const { sockets = 2, memoryGb = 4, drives = 0, redundantSupplies = 0 } = hardware;
        const base = sockets === 1 ? 25 : 38;
        expect(idle, name).toBeLessThan(base + 0.18 * (memoryGb - 4) + 5 * drives + 10 * redundantSupplies);
      } else expect(idle / busy, name).toBeLessThan(0.45);
    }
  });

  test('a hot spare that sleeps, which is no fault: a few watts and a capacitive current', () => {
    const [active, sleeping] = room.drawAt('db-04', mondayMs).inputs;
    expect(sleeping!.watts).toBeCloseTo(2.2, 6);
    expect(sleeping!.powerFactor).toBeLessThan(0.1);
    expect(active!.watts).toBeGreaterThan(180);
  });

  test('a machine that draws a kilowatt for nothing, day and night', () => {
    const week = Array.from(
      { length: 7 * 24 },
      (_, hour) => room.drawAt('old-erp-01', mondayMs + hour * hourMs).watts,
    );
    expect(Math.min(...week)).toBeGreaterThan(990);
    expect(Math.max(...week)).toBeLessThan(1060);
    expect(room.drawAt('old-erp-01', mondayMs).inputs).toHaveLength(4);
  });

  test('one breaker, and no other, that could not take over if the other feed failed', () => {
    const usableShare = 0.8;
    const loads = new Map(
      breakers.map(({ name }) => [name, { normal: [] as number[], alone: [] as number[] }]),
    );
    for (let atMs = mondayMs; atMs < mondayMs + cycleMs; atMs += 11 * minuteMs) {
      for (const breaker of breakers) {
        const load = loads.get(breaker.name)!;
        load.normal.push(ampsBehind(breaker.name, atMs, false));
        load.alone.push(ampsBehind(breaker.name, atMs, true));
      }
    }
    for (const { name, amps } of breakers) {
      const { normal, alone } = loads.get(name)!;
      expect(Math.max(...normal), name).toBeLessThan(0.7 * usableShare * amps);
      if (name === 'B3') expect(Math.min(...alone)).toBeGreaterThan(usableShare * amps);
      else expect(Math.max(...alone), name).toBeLessThan(usableShare * amps);
    }
  });

  /** `alone`: the other feed is dead, and what its supplies carried comes here. */
  function ampsBehind(breaker: string, atMs: number, alone: boolean): number {
    const feed = breaker[0]!;
    let voltAmps = 0;
    for (const outlet of room.outlets) {
      const { machine, meter, share, plusWatts } = outlet;
      if (meter.breaker !== breaker || machine === undefined) continue;
      const siblings = room.outlets.filter((other) => other.machine === machine);
      const here = siblings.filter((other) => other.meter.breaker[0] === feed).length;
      const takesOver = alone && here < siblings.length;
      const deadSupply = share === 0 && plusWatts === 0;
      const watts = takesOver ? machine.watts(atMs) / here : plusWatts + share * machine.watts(atMs);
      voltAmps += deadSupply ? 0 : voltAmpsOf(watts, machine.machine.supplyWatts);
    }
    return voltAmps / 227;
  }
});

describe('the settings of the room', () => {
  test('claim every outlet once, name breakers that exist, and leave some outlets to be found', () => {
    const { feeds, racks, servers, timezone } = room.tree;
    expect(timezone).toBe('Europe/London');
    const claimed = servers.flatMap(({ inputs }) => inputs.map(({ outlet }) => outlet));
    expect(new Set(claimed).size).toBe(claimed.length);
    const known = new Set(room.outlets.map(({ outlet }) => outlet));
    expect(claimed.filter((outlet) => !known.has(outlet))).toEqual([]);
    expect(known.size - claimed.length).toBe(3);
    const named = new Set(feeds.flatMap(({ breakers: those }) => those.map(({ name }) => name)));
    expect(servers.flatMap(({ inputs }) => inputs).filter(({ breaker }) => !named.has(breaker!))).toEqual([]);
    expect(racks).toEqual([{ name: 'r1' }, { name: 'r2' }, { name: 'r3' }]);
    expect(servers.length).toBeGreaterThanOrEqual(40);
    expect(servers.map(({ name }) => name).toSorted()).toEqual(
      names.filter((name) => !['kvm', 'screen'].includes(name)).toSorted(),
    );
  });

  test('plug the supplies of a server into both feeds', () => {
    const both = room.tree.servers.filter(({ inputs }) => inputs.length > 1);
    expect(both.length).toBeGreaterThan(20);
    for (const { name, inputs } of both) {
      expect(new Set(inputs.map(({ breaker }) => breaker![0])), name).toEqual(new Set(['A', 'B']));
    }
  });
});
