import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { family } from '../../src/devices/families/sparkplug-b.ts';
import { Intake } from '../../src/devices/intake.ts';
import { MetricNames, meaningOfLevel } from '../../src/devices/sparkplug-names.ts';
import { rebirthCommand } from '../../src/devices/sparkplug-rebirth.ts';
import { KeepingSink, message, startMs } from './made-message.ts';
import { type MadeMetric, sparkplug } from './made-sparkplug.ts';

const floatType = 9;

class Room {
  readonly intake = new Intake([family]);
  readonly sink = new KeepingSink();

  send(topic: string, payload: Uint8Array, atMs = 0, retained = false): string | undefined {
    return this.intake.accept(message(topic, payload, { receivedAtMs: startMs + atMs, retained }), this.sink);
  }

  get asked(): string[] {
    return this.sink.published.map(({ topic }) => topic);
  }
}

const watts: MadeMetric = {
  name: 'Outlet 1/Power',
  alias: 1,
  type: floatType,
  float: 10,
  properties: { engUnit: 'W' },
};
const data = (seq: number, value = 20, alias = 1) =>
  sparkplug({ timestamp: startMs, seq, metrics: [{ alias, float: value }] });
const birth = (seq: number, metric: MadeMetric = watts) =>
  sparkplug({ timestamp: startMs, seq, metrics: [metric] });

describe('births', () => {
  test('are asked for once for each unknown node, then ever more seldom', () => {
    const room = new Room();
    for (let second = 0; second < 3_600; second++)
      room.send('spBv1.0/g/NDATA/e', data(second & 255), second * 1_000);
    expect(room.sink.readings).toEqual([]);
    expect(room.asked.every((topic) => topic === 'spBv1.0/g/NCMD/e')).toBe(true);
    expect(room.asked.length).toBeGreaterThan(5);
    expect(room.asked.length).toBeLessThan(13);
  });

  test('are asked for gently when a thousand nodes are unknown', () => {
    const room = new Room();
    for (let node = 0; node < 1_000; node++) room.send(`spBv1.0/g/DDATA/e${node}/d`, data(0), node);
    expect(room.asked.length).toBe(20);
  });

  test('are not asked for because of what the broker has retained', () => {
    const room = new Room();
    room.send('spBv1.0/g/NDATA/e', data(3), 0, true);
    expect(room.asked).toEqual([]);
  });

  test('are asked for in the words of the specification', () => {
    const room = new Room();
    room.send('spBv1.0/g/NDATA/e', data(3), 5);
    const name = 'Node Control/Rebirth';
    const timestamp = startMs + 5;
    const expected = sparkplug({ timestamp, metrics: [{ name, timestamp, type: 11, boolean: true }] });
    expect(Buffer.from(room.sink.published[0]?.payload as Uint8Array)).toEqual(expected);
    expect(Buffer.from(rebirthCommand(timestamp))).toEqual(expected);
  });

  test('are asked for after a gap, and the values in hand are kept', () => {
    const room = new Room();
    room.send('spBv1.0/g/NBIRTH/e', birth(0));
    for (const seq of [1, 2, 2, 3]) room.send('spBv1.0/g/NDATA/e', data(seq, seq), seq * 1_000);
    expect(room.asked).toEqual([]);
    expect(room.send('spBv1.0/g/NDATA/e', data(5, 55), 5_000)).toBeUndefined();
    expect(room.asked).toEqual(['spBv1.0/g/NCMD/e']);
  });

  test('give an alias its meaning until the next birth', () => {
    const room = new Room();
    room.send('spBv1.0/g/NBIRTH/e', birth(0));
    room.send('spBv1.0/g/NDATA/e', data(1, 20), 1_000);
    room.send('spBv1.0/g/NBIRTH/e', birth(0, { ...watts, name: 'Outlet 2/Power' }), 2_000);
    room.send('spBv1.0/g/NDATA/e', data(1, 30), 3_000);
    expect(room.sink.readings.map(({ outlet, watts: power }) => `${outlet} ${power}`)).toEqual([
      'g/e/1 10',
      'g/e/1 20',
      'g/e/2 10',
      'g/e/2 30',
    ]);
  });

  test('of a node make its devices unknown until they are born again', () => {
    const room = new Room();
    room.send('spBv1.0/g/NBIRTH/e', birth(0));
    room.send('spBv1.0/g/DBIRTH/e/d', birth(1));
    expect(room.send('spBv1.0/g/DDATA/e/d', data(2), 1_000)).toBeUndefined();
    room.send('spBv1.0/g/NBIRTH/e', birth(0), 2_000);
    expect(room.send('spBv1.0/g/DDATA/e/d', data(1), 3_000)).toBe('birth-awaited');
  });
});

describe('deaths', () => {
  test('of a node silence its devices too', () => {
    const room = new Room();
    room.send('spBv1.0/g/NBIRTH/e', birth(0));
    room.send('spBv1.0/g/DBIRTH/e/d', birth(1));
    room.send('spBv1.0/g/NDEATH/e', sparkplug({ timestamp: startMs }), 1_000);
    expect(room.sink.heard.map(({ device, online }) => `${device} ${online}`)).toEqual([
      'g/e true',
      'g/e/d true',
      'g/e false',
      'g/e/d false',
    ]);
  });
});

test('a number keeps its value under every integer type, and whichever field its encoder took', () => {
  const types = [
    [1, -8n, 'W'],
    [2, -300n, 'W'],
    [3, -12_000n, 'W'],
    [4, -12_000n, 'W'],
    [5, 200n, 'W'],
    [6, 20_000n, 'W'],
    [7, 3_000_000_000n, 'Wh'],
    [8, 5_000_000_000n, 'Wh'],
  ] as const;
  for (const [type, value, engUnit] of types) {
    // 64 bits stand in the long field only.
    for (const field of type % 4 === 0 ? (['long'] as const) : (['int', 'long'] as const)) {
      const room = new Room();
      const raw = field === 'int' && value < 0n ? BigInt.asUintN(32, value) : value;
      room.send('spBv1.0/g/NBIRTH/e', birth(0, { name: 'x', type, [field]: raw, properties: { engUnit } }));
      const [reading] = room.sink.readings;
      expect(reading?.watts ?? reading?.wattHoursTotal, `type ${type} in ${field}`).toBe(Number(value));
    }
  }
});

describe('whatever comes', () => {
  const metric: fc.Arbitrary<MadeMetric> = fc.record(
    {
      name: fc.oneof(
        fc.constantFrom('Outlet 1/Power', 'Outlet 2/Energy (kWh)', 'Voltage', 'bdSeq'),
        fc.string(),
      ),
      alias: fc.nat(12),
      type: fc.nat(40),
      timestamp: fc.oneof(fc.constant(startMs), fc.nat(), fc.maxSafeNat()),
      historical: fc.boolean(),
      isNull: fc.boolean(),
      int: fc.bigInt(0n, 2n ** 64n - 1n),
      long: fc.bigInt(0n, 2n ** 64n - 1n),
      float: fc.float(),
      double: fc.double(),
      boolean: fc.boolean(),
      text: fc.string(),
      properties: fc.dictionary(
        fc.constantFrom('engUnit', 'unit', 'min'),
        fc.constantFrom('W', 'kWh', 'mA', '?'),
      ),
      raw: fc.uint8Array({ maxLength: 8 }),
    },
    { requiredKeys: [] },
  );
  const payload = fc
    .record({
      timestamp: fc.oneof(fc.constant(startMs), fc.maxSafeNat()),
      seq: fc.nat(300),
      metrics: fc.array(metric, { maxLength: 8 }),
    })
    .map(sparkplug);
  const mutated = fc
    .tuple(payload, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }), fc.nat())
    .map(([bytes, changes, cut]) => {
      const copy = Buffer.from(bytes);
      for (const [at, value] of changes) if (copy.length > 0) copy[at % copy.length] = value;
      return cut % 3 === 0 ? copy.subarray(0, cut % (copy.length + 1)) : copy;
    });
  const topic = fc.constantFrom(
    ...['NBIRTH', 'NDATA', 'NDEATH'].map((type) => `spBv1.0/g/${type}/e`),
    ...['DBIRTH', 'DDATA', 'DDEATH'].flatMap((type) => ['d', 'f'].map((id) => `spBv1.0/g/${type}/e/${id}`)),
  );
  const traffic = fc.array(
    fc.tuple(topic, fc.oneof(payload, mutated, fc.uint8Array({ maxLength: 200 })), fc.boolean()),
    { maxLength: 30 },
  );

  test('in any order, nothing throws, nothing is NaN, and no reading comes from the future', () => {
    fc.assert(
      fc.property(traffic, (messages) => {
        const room = new Room();
        messages.forEach(([name, bytes, retained], index) => {
          room.send(name, bytes, index, retained);
        });
        const { rejected } = room.intake.totals();
        expect(rejected.filter(({ reason }) => reason === 'reader-failed')).toEqual([]);
        for (const reading of room.sink.readings) {
          expect(reading.atMs).toBeLessThanOrEqual(reading.receivedAtMs + 5_000);
          for (const value of Object.values(reading)) expect(value).not.toBeNaN();
          expect([undefined, true, false]).toContain(reading.on);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('a payload of the greatest size is read in bounded time', () => {
    const room = new Room();
    const metrics = Array.from({ length: 8_000 }, (_, alias) => ({
      ...watts,
      name: `Outlet ${alias}/Power`,
      alias,
    }));
    const bytes = sparkplug({ timestamp: startMs, seq: 0, metrics });
    const began = process.cpuUsage();
    room.send('spBv1.0/g/NBIRTH/e', bytes.subarray(0, 262_000));
    room.send('spBv1.0/g/NBIRTH/e', Buffer.alloc(262_000, 0x12));
    room.send('spBv1.0/g/NBIRTH/e', Buffer.alloc(262_000, 0x80));
    expect(process.cpuUsage(began).user / 1_000).toBeLessThan(3_000);
  });
});

describe('a birth at length', () => {
  test('is taken up to 2,048 metrics; that there were more is counted, and no reason to ask', () => {
    const room = new Room();
    const metrics = Array.from({ length: 2_049 }, (_, index) => ({
      name: `Outlets/Outlet ${1 + (index >> 3)}/Measure ${index & 7} W`,
      alias: index,
      type: 9,
      float: index,
    }));
    room.send('spBv1.0/g/DBIRTH/e/d', sparkplug({ seq: 0, metrics }));
    expect(room.intake.devices()).toMatchObject([{ device: 'g/e/d', rejects: { 'too-many-outlets': 1 } }]);
    expect(room.sink.published).toEqual([]);
  });

  test('says of names that differ by a number what each would say alone', () => {
    const part = fc.constantFrom(
      'Outlet',
      'Power',
      'kW',
      'L1',
      'phase',
      'Voltage',
      '(V)',
      'energy',
      'kWh',
      'max',
    );
    const number = fc.integer({ min: 1, max: 2_000 });
    const mark = fc.constantFrom(' ', '_', '-', '');
    fc.assert(
      fc.property(part, number, part, mark, fc.constantFrom('', 'W', 'V'), (one, at, other, by, unit) => {
        for (const name of [
          `${one}${by}${at}${by}${other}`,
          `${one}${by}${other}${by}${at}`,
          `${at}${by}${one}`,
        ])
          expect(new MetricNames().meaningOf(name, unit, 9)).toEqual(meaningOfLevel(name, unit, 9));
      }),
      { numRuns: 2_000 },
    );
    const names = new MetricNames();
    expect([17, 18, 5].map((outlet) => names.meaningOf(`Outlet ${outlet} power`, 'W', 9))).toEqual(
      ['17', '18', '5'].map((label) => ({ quantity: 'watts', scale: 1, label })),
    );
  });

  test('with a name told twice keeps the first', () => {
    const room = new Room();
    const metrics = [
      { name: 'Power', type: 9, float: 5, properties: { engUnit: 'W' } },
      { name: 'Power', type: 9, float: 6, properties: { engUnit: 'W' } },
    ];
    room.send('spBv1.0/g/DBIRTH/e/d', sparkplug({ seq: 0, metrics }));
    room.send('spBv1.0/g/DDATA/e/d', sparkplug({ seq: 1, metrics: [{ name: 'Power', float: 7 }] }), 10);
    expect(room.sink.readings.map(({ watts }) => watts)).toEqual([5, 7]);
  });
});
