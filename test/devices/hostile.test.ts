import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Intake } from '../../src/devices/intake.ts';
import { loadFamilies } from '../../src/families.ts';
import { quantities } from '../../src/model/quantity.ts';
import type { RawMessage, Reading } from '../../src/model/reading.ts';
import { KeepingSink, message, startMs } from './made-message.ts';
import { withByte, withValue } from './mutated-message.ts';
import { recordedFolders, recordedMessages } from './recorded-messages.ts';
import { faultsOf } from './sound-reading.ts';

/** Whatever comes from the broker: no failure, no nonsense, no reading from the future, everything counted. */
const families = await loadFamilies();
const recorded = recordedFolders().flatMap(recordedMessages);

/** Lets the messages through one intake and looks at all that came of them. */
function mustBeSound(messages: readonly RawMessage[]): void {
  const intake = new Intake(families);
  const sink = new KeepingSink();
  for (const raw of messages) {
    const before = sink.readings.length;
    const outcome = intake.accept(raw, sink);
    const readings = sink.readings.slice(before);
    if ((outcome === undefined) !== readings.length > 0)
      throw new Error(`${outcome}, ${readings.length} readings`);
    for (const reading of readings) {
      const faults = faultsOf(reading, raw);
      if (faults.length > 0) throw new Error(`${faults}: ${JSON.stringify(reading)}`);
    }
  }
  mustNotShareInstants(sink.readings);
  const counted = intake.totals().rejected;
  expect(counted.filter(({ reason }) => reason === 'reader-failed')).toEqual([]);
  expect(counted.reduce((sum, { count }) => sum + count, 0)).toBe(sink.drops.length);
  const rows = intake.devices();
  expect(rows.reduce((sum, row) => sum + row.messages, 0)).toBe(messages.length);
  expect(new Set(rows.flatMap(({ outlets }) => outlets)).size).toBe(
    rows.flatMap(({ outlets }) => outlets).length,
  );
}

/** In whole microseconds, as they are written: no figure takes the place of another. Parts of one sample may share. */
function mustNotShareInstants(readings: readonly Reading[]): void {
  const live = readings.filter(({ atBasis, retained }) => atBasis === 'received' && !retained);
  const written = live.flatMap((reading) =>
    ([...quantities, 'on'] as const)
      .filter((quantity) => reading[quantity] !== undefined)
      .map((quantity) => `${reading.outlet} ${Math.round(reading.atMs * 1000)} ${quantity}`),
  );
  expect(new Set(written).size).toBe(written.length);
}

const topicOf = fc.oneof(
  fc.constantFrom(...new Set(recorded.map(({ topic }) => topic))),
  fc.string({ maxLength: 40 }),
  fc
    .array(
      fc.oneof(
        fc.constantFrom('tele', 'stat', 'tasmota', 'discovery', 'status', 'events', 'shellies', ''),
        fc.string({ maxLength: 5 }),
      ),
      { maxLength: 6 },
    )
    .chain((levels) =>
      fc
        .constantFrom(
          'SENSOR',
          'STATE',
          'LWT',
          'STATUS8',
          'RESULT',
          'POWER1',
          'ENERGY',
          'rpc',
          'online',
          'switch:0',
          'em:0',
          'em1data:1',
          'config',
          'x',
        )
        .map((tail) => [...levels, tail].join('/')),
    ),
);

const keys = fc.constantFrom(
  ...[
    'Time',
    'ENERGY',
    'StatusSNS',
    'SPM',
    'ANALOG',
    'CTEnergy1',
    'Power',
    'Voltage',
    'Current',
    'Factor',
    'Total',
  ],
  ...[
    'ExportActive',
    'Frequency',
    'ActivePower',
    'Energy',
    'POWER',
    'POWER1',
    'POWER33',
    't',
    'ft',
    'tp',
    'state',
  ],
  ...['fn', 'rl', 'dn', 'method', 'params', 'ts', 'src', 'switch:0', 'switch:1', 'em:0', 'emdata:0', 'em1:0'],
  ...[
    'em1data:0',
    'apower',
    'voltage',
    'current',
    'aenergy',
    'ret_aenergy',
    'total',
    'output',
    'a_act_power',
  ],
  ...['pf', 'act_power', 'total_act', 'Phase1', '__proto__', 'constructor', 'toString', 'length'],
);
const leaves = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.constantFrom(null, true, false, '', 'nan', '12.5', 'ON', 'OFF', 'NotifyStatus', 'NotifyFullStatus'),
  fc.constantFrom(-2147483648, 4294967295, 8388607, 1e308, -0, startMs / 1000, startMs / 1000 + 3600, 12),
  fc.constantFrom('2025-06-05T06:00:00Z', '2125-06-05T06:00:00Z', '%prefix%/%topic%/', '+/#', 'tele'),
  fc.string({ maxLength: 8 }),
);
/** Shaped like what the families know, filled with what they do not. */
const shaped = fc.letrec((tie) => ({
  any: fc.oneof({ maxDepth: 4 }, leaves, tie('object'), fc.array(tie('any'), { maxLength: 5 })),
  object: fc.dictionary(keys, tie('any'), { maxKeys: 8, noNullPrototype: true }),
})).object;

const payloadOf = fc.oneof(
  shaped.map((value) => Buffer.from(JSON.stringify(value))),
  fc.json().map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 200 }),
  fc.constantFrom('', 'true', 'ON', 'Online', 'nan', '{"a":nan}', '"').map((text) => Buffer.from(text)),
);

const anyMessage = fc
  .record({
    topic: topicOf,
    payload: payloadOf,
    afterMs: fc.oneof(fc.nat(5), fc.nat(10_000)),
    retained: fc.boolean(),
  })
  .map(({ topic, payload, afterMs, retained }) =>
    message(topic, payload, { receivedAtMs: startMs + afterMs, retained }),
  );

/** As a source hands them over: one after another. */
const inOrder = (messages: readonly RawMessage[]) =>
  messages.toSorted((one, other) => one.receivedAtMs - other.receivedAtMs);

describe('whatever comes, it comes to something sound', () => {
  test('any topic, any bytes, any JSON', () => {
    fc.assert(
      fc.property(fc.array(anyMessage, { minLength: 1, maxLength: 30 }), (messages) =>
        mustBeSound(inOrder(messages)),
      ),
      { numRuns: 300 },
    );
  });

  test('recorded messages, with values swapped for others', () => {
    const change = fc.record({ index: fc.nat(), at: fc.nat(), leaf: fc.oneof(leaves, shaped) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 20 }), (changes) => {
        const messages = recorded.slice();
        for (const { index, at, leaf } of changes) {
          const place = index % messages.length;
          messages[place] = withValue(messages[place] as RawMessage, at, leaf);
        }
        mustBeSound(inOrder(messages));
      }),
      { numRuns: 40 },
    );
  });

  test('recorded messages, with bytes changed, cut, doubled or in another order', () => {
    const damage = fc.record({ index: fc.nat(), at: fc.nat(), byte: fc.nat(255), cut: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(damage, { maxLength: 30 }),
        fc.array(fc.nat(), { maxLength: 20 }),
        (damages, doubled) => {
          const messages = recorded.slice();
          for (const { index, at, byte, cut } of damages) {
            const place = index % messages.length;
            messages[place] = withByte(messages[place] as RawMessage, at, byte, cut);
          }
          for (const index of doubled) messages.push(recorded[index % recorded.length] as RawMessage);
          mustBeSound(inOrder(messages));
        },
      ),
      { numRuns: 40 },
    );
  });

  test('recorded messages on each other’s topics', () => {
    const pick = fc.nat(recorded.length - 1);
    fc.assert(
      fc.property(fc.array(fc.tuple(pick, pick), { minLength: 1, maxLength: 60 }), (pairs) => {
        const messages = pairs.map(([one, other]) => ({
          ...(recorded[one] as RawMessage),
          topic: (recorded[other] as RawMessage).topic,
        }));
        mustBeSound(inOrder(messages));
      }),
      { numRuns: 150 },
    );
  });
});
