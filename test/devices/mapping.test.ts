import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Intake } from '../../src/devices/intake.ts';
import { type MappingSettings, readMapping } from '../../src/devices/mapping.ts';
import { mappingFamily } from '../../src/devices/mapping-family.ts';
import { familiesWith } from '../../src/families.ts';
import type { Reading } from '../../src/model/reading.ts';
import { asVariables, refused } from '../config/refused.ts';
import { KeepingSink, message, startMs } from './made-message.ts';

/** What came of one message: outlets and their figures. */
function read(rows: readonly MappingSettings[], topic: string, payload: unknown): unknown[] {
  const sink = new KeepingSink();
  new Intake([mappingFamily(rows)]).accept(message(topic, payload), sink);
  return sink.readings.map(shown);
}

function shown(reading: Reading): Record<string, unknown> {
  const { device, receivedAtMs, retained, atBasis, atMs, ...rest } = reading;
  const known = Object.entries(rest).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(known), ...(atBasis === 'device' && { atMs }) };
}

const back = { quantity: 'wattHoursReturnedTotal', unit: 'kWh', scale: 0.1 };

describe('a topic with named parts', () => {
  const rows = [
    {
      topic: '{site}/pdu-{device}/o{outlet}/{quantity}',
      figures: { w: 'W', ma: 'mA', sw: 'on', back: back },
    },
  ];

  test('tells device, outlet and quantity', () => {
    expect(read(rows, 'x/pdu-7/o3/w', '61.5')).toEqual([{ outlet: '7/3', watts: 61.5 }]);
    expect(read(rows, 'x/pdu-7/o3/ma', '412')).toEqual([{ outlet: '7/3', amps: 0.412 }]);
    expect(read(rows, 'x/pdu-7/o3/sw', 'OFF')).toEqual([{ outlet: '7/3', on: false }]);
    expect(read(rows, 'x/pdu-7/o3/back', '12')).toEqual([{ outlet: '7/3', wattHoursReturnedTotal: 1200 }]);
  });

  test.each([
    'x/pdu-/o3/w',
    'x/pdu-7/3/w',
    'x/pdu-7/o3/v',
    'x/pdu-7/o3/w/y',
    'pdu-7/o3/w',
    '/pdu-7/o3/constructor',
  ])('is not %s', (topic) => {
    const intake = new Intake([mappingFamily(rows)]);
    expect(intake.accept(message(topic, '5'), new KeepingSink())).toBe('unknown-topic');
  });

  test('may have several in one level, the first as short as can be', () => {
    const two = [{ topic: 's/{device}/o{outlet}_{quantity}', figures: { w: 'W', power_factor: 'pf' } }];
    expect(read(two, 's/p/o12_w', '5')).toEqual([{ outlet: 'p/12', watts: 5 }]);
    expect(read(two, 's/p/o12_power_factor', '0.9')).toEqual([{ outlet: 'p/12', powerFactor: 0.9 }]);
    expect(mappingFamily(two).topics).toEqual(['s/+/+']);
    expect(readMapping({ topic: 's/{device}{outlet}', unit: 'W' })).toMatchObject([{ path: ['topic'] }]);
    expect(readMapping({ topic: 's/{device}_{device}', unit: 'W' })).toMatchObject([{ path: ['topic'] }]);
  });

  test('becomes a filter for the broker, never for everything', () => {
    expect(mappingFamily(rows).topics).toEqual(['+/+/+/+']);
    expect(mappingFamily([{ topic: 'a/{device}/#', unit: 'W' }]).topics).toEqual(['a/+/#']);
    expect(readMapping({ topic: '#', device: 'd', unit: 'W' })).toMatchObject([{ path: ['topic'] }]);
  });
});

describe('a payload in JSON', () => {
  test('with a list of outlets gives a reading of each, at its own time when that can be believed', () => {
    const rows = [
      {
        topic: 'p/{device}',
        outlet: '{o[*].id}',
        figures: { 'o[*].w': 'W', 'o[*].s': { quantity: 'on', on: 1, off: 2 }, v: 'V' },
        time: 'at',
        timeUnit: 'ms' as const,
      },
    ];
    const o = [{ id: 'A/1', w: 5, s: 2 }, { id: 2, w: '7.5', s: 1 }, { w: 9 }, null, { id: '', w: 1 }];
    expect(read(rows, 'p/d', { at: startMs - 500, v: 230, o })).toEqual([
      { outlet: 'd/A-1', watts: 5, volts: 230, on: false, atMs: startMs - 500 },
      { outlet: 'd/2', watts: 7.5, volts: 230, on: true, atMs: startMs - 500 },
    ]);
    expect(read(rows, 'p/d', { at: startMs + 1e9, o: [{ id: 3, w: 1 }] })).toEqual([
      { outlet: 'd/3', watts: 1 },
    ]);
  });

  test('may be a list at the top, or an object by outlet; members can be counted', () => {
    expect(read([{ topic: 'p/{device}', outlet: '{*+1}', path: '[*]', unit: 'W' }], 'p/d', [4, 5])).toEqual([
      { outlet: 'd/1', watts: 4 },
      { outlet: 'd/2', watts: 5 },
    ]);
    expect(
      read([{ topic: 'p/{device}', outlet: '{*}', path: 'out[*].w', unit: 'W' }], 'p/d', {
        out: { nas: { w: 4 } },
      }),
    ).toEqual([{ outlet: 'd/nas', watts: 4 }]);
  });

  test('may have the outlet in its keys', () => {
    const flat = [
      {
        topic: 'f/{device}',
        figures: { 'o{outlet}_w': 'W', 'o{outlet}_ma': 'mA', 'relays.{outlet}': 'on', v: 'V' },
      },
    ];
    const body = { o1_w: 4, o1_ma: 20, oB2_w: '5', o_w: 9, v: 230, relays: { 1: true }, o1_w_max: 99 };
    expect(read(flat, 'f/d', body)).toEqual([
      { outlet: 'd/1', watts: 4, amps: 0.02, volts: 230, on: true },
      { outlet: 'd/B2', watts: 5, volts: 230 },
    ]);
    expect(read(flat, 'f/d', ['x'])).toEqual([]);
  });

  test('may have lists side by side', () => {
    const rows = [{ topic: 'f/{device}', outlet: '{names[*]}', figures: { 'w[*]': 'W', 'ma[*]': 'mA' } }];
    expect(read(rows, 'f/d', { names: ['a', 'b'], w: [4, 5], ma: [20] })).toEqual([
      { outlet: 'd/a', watts: 4, amps: 0.02 },
      { outlet: 'd/b', watts: 5 },
    ]);
  });

  test('must say which outlet each member of a list is', () => {
    expect(readMapping({ topic: 'f/{device}', figures: { 'w[*]': 'W' } })).toMatchObject([
      { path: ['outlet'] },
    ]);
    expect(readMapping({ topic: 'f/{device}', figures: { 'o{outlet}[*]': 'W' } })).toMatchObject([
      { path: ['figures', 'o{outlet}[*]'] },
    ]);
  });

  test('is taken only where it says what it must say', () => {
    const rows = [
      {
        topic: 't/+',
        device: '{tags.host}',
        outlet: '{tags.o}',
        where: { name: 'rpdu' },
        figures: { 'fields.a': '0.1 A' },
      },
    ];
    const metric = (name: string) => ({ name, tags: { host: 'h', o: '7' }, fields: { a: 4 } });
    expect(read(rows, 't/x', metric('rpdu'))).toEqual([{ outlet: 'h/7', amps: 0.4 }]);
    expect(read(rows, 't/x', metric('cpu'))).toEqual([]);
  });

  test('keeps the marks for "invalid" and the limits of a plausible figure', () => {
    const sink = new KeepingSink();
    const intake = new Intake([mappingFamily([{ topic: 'p/{device}', figures: { a: '0.1 A', w: 'W' } }])]);
    intake.accept(message('p/d', { a: 4294967295, w: 99999 }), sink);
    expect(sink.drops.map(({ reason }) => reason)).toEqual(['sentinel', 'watts-out-of-range']);
    expect(sink.readings).toEqual([]);
  });
});

test('lines as Telegraf writes them are read with their own time', () => {
  const rows = [
    {
      topic: 'poll/+',
      format: 'influx' as const,
      device: '{tags.agent_host}',
      outlet: '{tags.outlet}',
      figures: { 'fields.da': '0.1 A' },
    },
  ];
  const line = (outlet: number) => `rpdu,agent_host=10.0.0.9,outlet=${outlet} da=${outlet}i ${startMs}000000`;
  expect(read(rows, 'poll/x', [line(7), 'broken', line(8)].join('\n'))).toEqual([
    { outlet: '10.0.0.9/7', amps: 0.7, atMs: startMs },
    { outlet: '10.0.0.9/8', amps: 0.8, atMs: startMs },
  ]);
});

test('what the settings describe goes before every family', async () => {
  const families = await familiesWith([
    { topic: 'tele/{device}/SENSOR', path: 'ENERGY.Power', unit: 'W', scale: 10 },
  ]);
  const sink = new KeepingSink();
  new Intake(families).accept(message('tele/plug/SENSOR', { ENERGY: { Power: 5 } }), sink);
  expect(sink.readings.map(shown)).toEqual([{ outlet: 'plug/0', watts: 50 }]);
});

test('says whether a device is there', () => {
  const sink = new KeepingSink();
  const intake = new Intake([
    mappingFamily([
      { topic: 'p/{device}/lwt', figures: { '': { quantity: 'online', on: 'up', off: 'down' } } },
    ]),
  ]);
  for (const word of ['up', 'down', 'sideways']) intake.accept(message('p/d/lwt', word), sink);
  expect(sink.heard.map(({ online }) => online)).toEqual([true, false]);
  expect(sink.drops).toEqual([{ device: 'd', reason: 'wrong-shape' }]);
});

test('mistakes are said all at once, each with its place and an example that works', () => {
  const yaml = `mqtt:
  mappings:
    - { topic: 'a/{device}/#/x', unit: W }
    - { topic: 'a/{outlet}', figures: { x: 3 lightyears } }
    - { topic: 'a/{device}', path: 'x[', quantity: volts, unit: W }
    - { topic: 'a/{device}/{device}', unit: W }
    - { topic: 'a/{device}' }
    - { topic: 'b/{device}', path: x, unit: W, scale: 0, format: plain }
    - { topik: x }`;
  const problems = refused({ env: asVariables(yaml) });
  expect(problems.map(({ setting }) => setting)).toEqual(
    expect.arrayContaining([
      'mqtt.mappings[0].topic',
      'mqtt.mappings[1].topic',
      'mqtt.mappings[1].figures.x',
      'mqtt.mappings[2].path',
      'mqtt.mappings[2].quantity',
      'mqtt.mappings[3].topic',
      'mqtt.mappings[4].topic',
      'mqtt.mappings[5].format',
      'mqtt.mappings[6].topik',
    ]),
  );
});

test('whatever stands in the table, it is refused or it reads whatever comes', () => {
  const word = fc.oneof(
    fc.constantFrom(
      'a',
      '{device}',
      '{outlet}',
      '{quantity}',
      'a[*].b',
      '[*]',
      '{*}',
      '{a.b}',
      'W',
      '0.1 A',
      'on',
      '__proto__',
    ),
    fc.string({ maxLength: 12 }),
  );
  const optional = fc.option(word, { nil: undefined });
  const row = fc.record({
    topic: fc.array(word, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/')),
    device: optional,
    outlet: optional,
    format: fc.constantFrom(undefined, 'plain' as const, 'json' as const, 'csv' as const, 'influx' as const),
    figures: fc.option(fc.dictionary(word, fc.oneof(word, fc.jsonValue({ maxDepth: 1 }))), {
      nil: undefined,
    }),
    path: optional,
    quantity: optional,
    unit: optional,
    scale: fc.option(fc.double(), { nil: undefined }),
    time: optional,
  });
  fc.assert(
    fc.property(
      row,
      fc.array(word, { maxLength: 4 }),
      fc.oneof(fc.json(), fc.string()),
      (one, levels, payload) => {
        if (Array.isArray(readMapping(one))) return;
        const sink = new KeepingSink();
        const intake = new Intake([mappingFamily([one])]);
        const topics = [levels.join('/'), one.topic.replaceAll(/[{}+#]/g, 'x')].filter(
          (topic) => topic !== '',
        );
        for (const topic of topics) intake.accept(message(topic, payload), sink);
        expect(intake.totals().rejected.filter(({ reason }) => reason === 'reader-failed')).toEqual([]);
        for (const reading of sink.readings) expect(Object.values(reading)).not.toContain(Number.NaN);
      },
    ),
    { numRuns: 1_500 },
  );
});

test('a text may tell the unit behind the number', () => {
  const rows = [{ topic: 'b/{device}', unit: 'W' }];
  expect(read(rows, 'b/d', '126 Watts')).toEqual([{ outlet: 'd/0', watts: 126 }]);
  expect(read(rows, 'b/d', '0.126kW')).toEqual([{ outlet: 'd/0', watts: 126 }]);
  expect(read(rows, 'b/d', '31 C')).toEqual([]);
  expect(read(rows, 'b/d', '230 V')).toEqual([]);
});

test('values without names are told by their place', () => {
  const rows = [
    { topic: 'rx/{device}/values', format: 'csv' as const, figures: { '[0]': 'W', '[2]': '0.01 V' } },
  ];
  expect(read(rows, 'rx/10/values', '118,0, 23112,-45')).toEqual([
    { outlet: '10/0', watts: 118, volts: 231.12 },
  ]);
  expect(read(rows, 'rx/10/values', '118;n')).toEqual([{ outlet: '10/0', watts: 118 }]);
});

test('an object where a word is expected is no such word, whatever it holds', () => {
  const odd = { toString: 1, valueOf: 1 };
  const rows: MappingSettings[] = [
    { topic: 'w/{device}', where: { kind: 'plug' }, figures: { w: 'W' } },
    { topic: 'm/{device}', figures: { w: { unit: 'W', missing: 'none' } } },
  ];
  const intake = new Intake([mappingFamily(rows)]);
  const sink = new KeepingSink();
  for (const value of [odd, [odd], 'plug']) intake.accept(message('w/a', { kind: value, w: 5 }), sink);
  for (const value of [odd, [odd], 'none']) intake.accept(message('m/a', { w: value }), sink);
  expect(sink.readings.map(shown)).toEqual([{ outlet: 'a/0', watts: 5 }]);
  expect(sink.drops.map(({ reason }) => reason)).toEqual(['not-a-number', 'not-a-number', 'sentinel']);
});
