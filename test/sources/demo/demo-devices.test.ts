import { describe, expect, test } from 'vitest';
import { family as shelly } from '../../../src/devices/families/shelly-gen2.ts';
import { family as tasmota } from '../../../src/devices/families/tasmota.ts';
import { Intake } from '../../../src/devices/intake.ts';
import type { Reading } from '../../../src/model/reading.ts';
import { DemoDevices } from '../../../src/sources/demo/demo-devices.ts';
import { meters, outletOf, silentMeter } from '../../../src/sources/demo/meters.ts';
import { SimulatedRoom } from '../../../src/sources/demo/simulated-room.ts';
import { TasmotaMeter } from '../../../src/sources/demo/tasmota-meter.ts';
import { HandClock } from '../../base/hand-clock.ts';

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const room = new SimulatedRoom(1, 'Europe/London');
/** A Tuesday morning. */
const fromMs = Date.UTC(2026, 5, 2, 9, 0, 0, 321);

interface Sent {
  readonly atMs: number;
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
}

function record(forMs: number, startMs = fromMs): { sent: Sent[]; devices: DemoDevices; clock: HandClock } {
  const clock = new HandClock(startMs);
  const sent: Sent[] = [];
  const devices = new DemoDevices({
    room,
    clock,
    publish: (topic, payload, { retain }) => void sent.push({ atMs: clock.nowMs(), topic, payload, retain }),
  });
  devices.start();
  clock.advance(forMs);
  return { sent, devices, clock };
}

function notifications(sent: readonly Sent[], device: string) {
  return sent
    .filter(({ topic }) => topic === `${device}/events/rpc`)
    .map(
      ({ payload }) =>
        JSON.parse(payload) as { method: string; params: Record<string, Record<string, unknown>> },
    );
}

describe('the messages', () => {
  test('are the same bytes for the same seed, start and clock', () => {
    expect(record(2 * minuteMs).sent).toEqual(record(2 * minuteMs).sent);
  });

  test('of Tasmota are a function of the moment alone, whenever the demo was started', () => {
    const early = record(3 * minuteMs).sent.filter(({ topic }) => topic.startsWith('tele/pdu-'));
    const late = record(minuteMs, fromMs + 2 * minuteMs).sent.filter(({ topic }) =>
      topic.endsWith('/SENSOR'),
    );
    const known = new Set(early.map(({ payload }) => payload));
    expect(
      late.filter(({ topic }) => topic.startsWith('tele/pdu-')).filter(({ payload }) => !known.has(payload)),
    ).toEqual([]);
  });

  test('come a few in a second, spread over it', () => {
    const { sent } = record(5 * minuteMs);
    const later = sent.filter(({ atMs }) => atMs > fromMs + secondMs);
    expect(later.length / 300).toBeLessThan(30);
    expect(later.length / 300).toBeGreaterThan(4);
    const tenths = new Set(later.map(({ atMs }) => Math.floor((atMs % secondMs) / 100)));
    expect(tenths.size).toBe(10);
    for (const meter of meters.filter(({ kind, silent }) => kind.startsWith('tasmota') && !silent)) {
      const times = later
        .filter(({ topic }) => topic === `tele/${meter.name}/SENSOR`)
        .map(({ atMs }) => atMs);
      const gaps = times.slice(1).map((atMs, i) => atMs - times[i]!);
      expect(Math.max(...gaps), meter.name).toBeLessThanOrEqual(2_100);
    }
  });

  test('announce every Tasmota device and its last will, retained, and no reading is', () => {
    const { sent } = record(minuteMs);
    const tasmotas = meters.filter(({ kind }) => kind.startsWith('tasmota'));
    const retained = sent.filter(({ retain }) => retain).map(({ topic }) => topic);
    expect(retained.filter((topic) => topic.endsWith('/config'))).toHaveLength(tasmotas.length);
    expect(retained.filter((topic) => topic.endsWith('/LWT'))).toHaveLength(tasmotas.length);
    expect(retained.filter((topic) => topic.endsWith('/SENSOR') || topic.endsWith('/rpc'))).toEqual([]);
  });

  test('tell a surge at once, in between the regular ones and without a period', () => {
    const { sent } = record(20 * minuteMs);
    const sensors = sent.filter(({ topic }) => topic === 'tele/pdu-r2-b2/SENSOR');
    const watts = sensors.map(
      ({ payload }) => (JSON.parse(payload) as { ENERGY: { Power: number[] } }).ENERGY.Power,
    );
    const surges = watts.flatMap((now, i) =>
      now.some((channel, k) => channel > 70 && watts[Math.max(0, i - 3)]![k]! < 4) ? [i] : [],
    );
    expect(surges.length).toBeGreaterThan(2);
    const around = surges.flatMap((i) => sensors.slice(i - 1, i + 3));
    expect(around.filter(({ payload }) => !payload.includes('"Period"')).length).toBeGreaterThan(1);
    expect(sensors.filter(({ payload }) => !payload.includes('"Period"')).length).toBeLessThan(
      sensors.length / 10,
    );
  });

  test('stop with a goodbye of every device', () => {
    const { sent, devices, clock } = record(minuteMs);
    const before = sent.length;
    devices.stop();
    const last = sent.slice(before).map(({ topic, payload }) => `${topic} ${payload}`);
    expect(last).toHaveLength(meters.length);
    expect(last).toContain('tele/pdu-r1-a/LWT Offline');
    expect(last).toContain('r3/pdu-a1/online false');
    clock.advance(minuteMs);
    expect(sent).toHaveLength(before + meters.length);
    expect(clock.pending).toBe(0);
  });

  test('are not made up for after a pause', () => {
    const { sent, devices, clock } = record(minuteMs);
    devices.pause();
    clock.advance(60 * minuteMs);
    const before = sent.length;
    devices.start();
    clock.advance(secondMs);
    expect(sent.length - before).toBeLessThan(120);
  });
});

describe('a Tasmota strip', () => {
  test('tells a start in its first second and in the next, for one reading alone proves none', () => {
    const strip = meters.find(({ name }) => name === 'pdu-r2-a2')!;
    const voice = new TasmotaMeter(room, strip);
    const tells = (atMs: number) => voice.beat(atMs).some(({ topic }) => topic.endsWith('/SENSOR'));
    const watts = (channel: number, atMs: number) => room.outletAt(outletOf(strip, channel), atMs).watts;
    const onsetsMs: number[] = [];
    // Among them one whose draw stands still in its second second.
    const fromStartMs = Date.UTC(2026, 5, 2, 10, 20);
    for (let atMs = fromStartMs; atMs < fromStartMs + 20 * minuteMs; atMs += secondMs)
      for (const channel of strip.channels.keys())
        if (watts(channel, atMs - secondMs) < 10 && watts(channel, atMs) > 35) onsetsMs.push(atMs);
    expect(onsetsMs.length).toBeGreaterThan(0);
    for (const onsetMs of onsetsMs) expect([tells(onsetMs), tells(onsetMs + secondMs)]).toEqual([true, true]);
  });
});

describe('a Shelly', () => {
  test('tells everything on connecting and afterwards only what has changed', () => {
    const [full, ...news] = notifications(record(5 * minuteMs).sent, 'r3/pdu-a2');
    expect(full!.method).toBe('NotifyFullStatus');
    expect(Object.keys(full!.params).filter((key) => key.startsWith('switch:'))).toHaveLength(4);
    expect(new Set(news.map(({ method }) => method))).toEqual(new Set(['NotifyStatus']));
    const told = new Map(Object.entries(full!.params));
    let fewer = 0;
    for (const { params } of news) {
      for (const [key, status] of Object.entries(params).filter(([name]) => name.startsWith('switch:'))) {
        if (!('voltage' in status) || !('apower' in status)) fewer += 1;
        for (const [name, value] of Object.entries(status).filter(
          ([field]) => field !== 'id' && field !== 'aenergy',
        )) {
          expect(told.get(key)?.[name]).not.toBe(value);
        }
        told.set(key, { ...told.get(key), ...status });
      }
    }
    expect(fewer).toBeGreaterThan(10);
  });

  test('tells the counters of each channel once a minute, in Wh and mWh of the last minutes', () => {
    const ticks = notifications(record(5 * minuteMs).sent, 'r3/pdu-b1')
      .flatMap(({ params }) => Object.values(params))
      .filter((status) => typeof status === 'object' && 'aenergy' in status)
      .filter(({ id }) => id === 0)
      .map(({ aenergy }) => aenergy as { total: number; by_minute: number[]; minute_ts: number })
      .slice(1);
    expect(ticks).toHaveLength(5);
    for (const [i, tick] of ticks.slice(1).entries()) {
      expect(tick.minute_ts - ticks[i]!.minute_ts).toBe(60);
      const minuteWh = tick.by_minute[0]! / 1000;
      expect(tick.total - ticks[i]!.total).toBeCloseTo(minuteWh, 0);
      expect(minuteWh * 60).toBeGreaterThan(200);
      expect(tick.by_minute[1]).toBe(ticks[i]!.by_minute[0]);
    }
  });
});

describe('an hour of messages, read as real ones are', () => {
  const intake = new Intake([tasmota, shelly]);
  const readings: Reading[] = [];
  const rejected: string[] = [];
  const online = new Map<string, boolean>();
  const extraFilters: string[] = [];
  const utf8 = new TextEncoder();
  const clock = new HandClock(fromMs);
  let sequence = 0;
  const devices = new DemoDevices({
    room,
    clock,
    publish: (topic, payload, { qos }) => {
      sequence += 1;
      const message = {
        topic,
        payload: utf8.encode(payload),
        receivedAtMs: clock.nowMs(),
        retained: false,
        qos,
        sequence,
      };
      intake.accept(message, {
        reading: (reading) => void readings.push(reading),
        availability: (device, isOnline) => void online.set(device, isOnline),
        describe: () => {},
        subscribe: (filter) => void extraFilters.push(filter),
        rejected: (device, reason) => void rejected.push(`${device} ${reason}`),
      });
    },
  });
  devices.start();
  clock.advance(60 * minuteMs);

  test('loses and rejects nothing, and needs no topic that is not listened to', () => {
    expect(rejected).toEqual([]);
    expect(intake.totals().rejected).toEqual([]);
    expect(intake.unknownTopics()).toEqual([]);
    expect(extraFilters).toEqual([]);
  });

  test('gives readings for every outlet of the room but that of the silent plug', () => {
    const heard = new Set(readings.filter(({ watts }) => watts !== undefined).map(({ outlet }) => outlet));
    const expected = room.outlets.filter(({ meter }) => !meter.silent).map(({ outlet }) => outlet);
    expect([...heard].toSorted()).toEqual(expected.toSorted());
    expect(room.tree.servers.find(({ name }) => name === 'lab-02')!.inputs[0]!.outlet).toBe(
      `${silentMeter}/0`,
    );
    expect(online.get(silentMeter)).toBe(false);
    expect([...online].filter(([, isOnline]) => !isOnline)).toHaveLength(1);
    expect(online.size).toBe(meters.length);
  });

  test('gives the watts that the machines truly draw', () => {
    const checked = readings.filter(({ watts }, i) => watts !== undefined && i % 11 === 0);
    expect(checked.length).toBeGreaterThan(3_000);
    const wrong = checked.filter(({ outlet, watts, atMs }) => {
      const { machine, plusWatts, share } = room.outlet(outlet);
      // The figure is of the meter's beat, up to a tenth of a second before the message; a plug tells whole seconds.
      const [earliestMs, latestMs] = outlet.startsWith('plug-') ? [0, 1_000] : [-100, 10];
      const truths = Array.from({ length: latestMs - earliestMs + 1 }, (_, i) =>
        machine === undefined ? 0 : plusWatts + share * machine.watts(atMs + earliestMs + i),
      );
      return !truths.some((truth) => Math.abs(truth - watts!) <= 0.0501);
    });
    expect(wrong.slice(0, 3)).toEqual([]);
  });

  test('gives counters that never fall and agree with the watts', () => {
    const byOutlet = Map.groupBy(readings, ({ outlet }) => outlet);
    for (const [outlet, all] of byOutlet) {
      const counted = all.filter(({ wattHoursTotal }) => wattHoursTotal !== undefined);
      for (const [i, { wattHoursTotal }] of counted.slice(1).entries()) {
        expect(wattHoursTotal!).toBeGreaterThanOrEqual(counted[i]!.wattHoursTotal!);
      }
      // Hold-last over what was told: what a reader can know.
      const told = all.filter(({ watts }) => watts !== undefined);
      const [first, last] = [counted[0]!, counted.at(-1)!];
      const held = told.reduce((sum, { watts, atMs }, i) => {
        const untilMs = Math.min(told[i + 1]?.atMs ?? last.atMs, last.atMs);
        return sum + watts! * Math.max(0, untilMs - Math.max(atMs, first.atMs));
      }, 0);
      const drawn = last.wattHoursTotal! - first.wattHoursTotal!;
      expect(Math.abs(drawn - held / 3_600_000), outlet).toBeLessThan(Math.max(1, 0.02 * drawn));
    }
  });

  test('shows the starts of the hour with their peaks', () => {
    const peaks = Array.from({ length: 6 }, (_, i) => {
      const outlet = room.tree.servers.find(({ name }) => name === `ci-0${i + 1}`)!.inputs[0]!.outlet;
      const watts = readings
        .filter((reading) => reading.outlet === outlet)
        .map((reading) => reading.watts ?? 0);
      // From a few watts to a spike within four readings.
      return watts.filter(
        (value, at) => value > 70 && watts.slice(Math.max(0, at - 4), at).some((before) => before < 4),
      ).length;
    });
    expect(peaks.filter((count) => count > 0).length).toBeGreaterThanOrEqual(4);
  });
});
