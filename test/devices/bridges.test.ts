import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { family as emonhub } from '../../src/devices/families/emonhub.ts';
import { family as nut } from '../../src/devices/families/nut.ts';
import { family as victron } from '../../src/devices/families/victron.ts';
import { family as zwave } from '../../src/devices/families/z-wave-js-ui.ts';
import { Intake } from '../../src/devices/intake.ts';
import { KeepingSink, message, startMs } from './made-message.ts';

/** Families that put one figure on each topic: whatever comes, they stay sound. */
const levels = {
  'z-wave-js-ui': [
    'zwave',
    'n',
    '50',
    '37',
    'meter',
    'endpoint_1',
    '0',
    'value',
    '66049',
    'currentValue',
    'status',
  ],
  emonhub: ['emon', 'emonhub', 'rx', 'n', 'P1', 'Vrms', 'E 2', 'values', 'constructor'],
  victron: [
    'N',
    'c0619ab1d2e3',
    'grid',
    'battery',
    'system',
    '0',
    'Ac',
    'L1',
    'Power',
    'Out',
    'P',
    'Dc',
    'Connected',
  ],
  nut: [
    'nut',
    'hosts',
    'h',
    'ups',
    'realpower',
    'outlet.1.status',
    'outlet.1.power',
    'input.L1.voltage',
    'output',
  ],
};

describe.each([zwave, emonhub, victron, nut])('$name', (family) => {
  const names = levels[family.name as keyof typeof levels];
  const value = fc.oneof(
    fc.jsonValue(),
    fc.double(),
    fc.constantFrom('nan', 'on', 4294967295, -1, '-1', null),
  );
  const payload = fc.oneof(
    value.map((found) => JSON.stringify({ value: found, time: startMs, P1: found, 'ups.realpower': found })),
    value.map((found) => (typeof found === 'object' ? JSON.stringify(found) : String(found))),
    fc.uint8Array({ maxLength: 40 }),
  );
  const topic = fc.oneof(
    fc
      .array(fc.constantFrom(...names), { minLength: 1, maxLength: 7 })
      .map((rest) => [names[0], ...rest].join('/')),
    fc.string({ maxLength: 60 }),
  );

  test('whatever comes: nothing throws, nothing is NaN, no reading comes from the future', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(topic, payload, fc.boolean()), { maxLength: 30 }), (messages) => {
        const intake = new Intake([family]);
        const sink = new KeepingSink();
        messages.forEach(([name, bytes, retained], index) => {
          intake.accept(message(name, bytes, { retained, receivedAtMs: startMs + index }), sink);
        });
        intake.tick(startMs, sink);
        expect(intake.totals().rejected.filter(({ reason }) => reason === 'reader-failed')).toEqual([]);
        for (const reading of sink.readings) {
          expect(reading.atMs).toBeLessThanOrEqual(reading.receivedAtMs + 5_000);
          for (const figure of Object.values(reading)) expect(figure).not.toBeNaN();
        }
      }),
      { numRuns: 300 },
    );
  });
});

test('the root of a strip is its only meter until an outlet is metered, then the whole', () => {
  const intake = new Intake([zwave]);
  const sink = new KeepingSink();
  for (const endpoint of [0, 1, 0])
    intake.accept(message(`zwave/strip/50/${endpoint}/value/66049`, '5', { sequence: endpoint }), sink);
  expect(sink.readings.map(({ outlet }) => outlet)).toEqual(['strip/0', 'strip/1', 'strip/total']);
});

test('the output of a UPS whose outlets are metered is the whole, and its phases count no second time', () => {
  const intake = new Intake([nut]);
  const sink = new KeepingSink();
  for (const name of ['ups.realpower', 'outlet.1.realpower', 'ups.realpower', 'output.L1.realpower'])
    intake.accept(message(`nut/u/${name}`, '5'), sink);
  expect(sink.readings.map(({ outlet }) => outlet)).toEqual(['u/0', 'u/1', 'u/total']);
});
