import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headerLine, readingColumns, readingLine } from '../../src/exchange/export-rows.ts';
import { ImportReader } from '../../src/exchange/import-reader.ts';
import type { ImportedReading, ImportOptions } from '../../src/exchange/import-rows.ts';
import { measuredAs } from '../../src/exchange/quantity-words.ts';
import { quantities } from '../../src/model/quantity.ts';

const nowMs = Date.UTC(2026, 10, 1);
const atMs = Date.UTC(2026, 0, 15, 12);

function read(lines: string | readonly string[], options: Partial<ImportOptions> = {}) {
  const reader = new ImportReader({ timezone: 'Europe/London', nowMs, ...options });
  const rows = (typeof lines === 'string' ? lines.split('\n') : lines).flatMap(
    (line) => reader.take(line) ?? [],
  );
  const readings: ImportedReading[] = rows.flatMap((row) => (row.kind === 'readings' ? row.readings : []));
  const rollUps = rows.flatMap((row) => (row.kind === 'rollUps' ? row.rows : []));
  const left = Object.fromEntries(
    reader.leftOut.map(({ reason, count, lines: at }) => [reason, [count, ...at]]),
  );
  return { form: reader.form, readings, rollUps, left, columns: reader.leftOutColumns };
}

const mapped = (mappings: Record<string, string>, unit?: string) =>
  new Map(
    Object.entries(mappings).map(([name, outlet]) => [
      name,
      { outlet, ...(unit !== undefined && { measured: measuredAs(unit)! }) },
    ]),
  );

describe('a table of readings', () => {
  const one = { outlet: 'pdu-a/7', atMs, values: { watts: 42.5, volts: 230.1 } };
  it.each([
    ['commas, ISO 8601', 'time,outlet,watts,volts\n2026-01-15T12:00:00Z,pdu-a/7,42.5,230.1'],
    [
      'semicolons and decimal commas',
      'Zeit;x\n',
      'time;outlet;power (W);voltage\n2026-01-15 12:00;pdu-a/7;42,5;230,1',
    ],
    ['a byte order mark and tabs', '\uFEFFatMs\toutlet\twatts\tvolts\n1768478400000\tpdu-a/7\t42.5\t230.1'],
    ['seconds since 1970 and kilowatts', 'timestamp,outlet,kW,V\n1768478400,pdu-a/7,0.0425,230.1'],
    [
      'nanoseconds, device and outlet apart',
      'time,device,outlet,watts,volts\n1768478400000000000,pdu-a,7,42.5,230.1',
    ],
    ['quotes', '"time","outlet","watts","volts"\r\n"2026-01-15T13:00:00+01:00","pdu-a/7","42.5","230.1"\r'],
  ])('is read with %s', (_, ...texts) => {
    expect(read(texts.at(-1)!).readings).toEqual([one]);
  });

  it('takes times without a zone as local ones, also in summer', () => {
    expect(read('time,outlet,watts\n2026-07-15 12:00,a/0,5').readings[0]!.atMs).toBe(
      Date.UTC(2026, 6, 15, 11),
    );
    expect(
      read('time,outlet,watts\n2026-07-15 12:00,a/0,5', { timezone: 'Asia/Kathmandu' }).readings[0]!.atMs,
    ).toBe(Date.UTC(2026, 6, 15, 6, 15));
  });

  it('gives a device without a label its sole meter, and reads thousands with a decimal comma', () => {
    expect(read('time;outlet;kWh\n2026-01-15T12:00Z;plug;1.234,5').readings).toEqual([
      { outlet: 'plug/0', atMs, values: { wattHoursTotal: 1_234_500 } },
    ]);
  });

  it('leaves out what is wrong, by reason and line', () => {
    const { readings, left } = read(
      [
        'time,outlet,watts,volts',
        'yesterday,a/0,5,230',
        '2026-01-15T12:00Z,,5,230',
        '2026-01-15T12:00Z,a/0,five,230',
        '2026-01-15T12:00Z,a/0,,',
        '2030-01-15T12:00Z,a/0,5,230',
        '1970-01-15T12:00Z,a/0,5,230',
        '2026-02-31T12:00Z,a/0,5,230',
        '2026-01-15T12:00Z,a/0,1e99,',
        '',
        '# a remark',
        '2026-01-15T12:00Z,a/0,unavailable,231',
      ].join('\n'),
    );
    expect(left).toEqual({
      'bad-time': [2, 2, 8],
      'no-outlet': [1, 3],
      future: [1, 6],
      'too-early': [1, 7],
      'no-value': [1, 5],
      impossible: [1, 9],
    });
    expect(readings.map(({ values }) => values)).toEqual([{ volts: 230 }, { volts: 231 }]);
  });

  it('comes back as it was exported, to the last digit', () => {
    const row = fc.record({
      at: fc.integer({ min: Date.UTC(2001, 0) * 1000, max: nowMs * 1000 }),
      outlet: fc.constantFrom('a/0', 'rack "1", left/3', '=cmd/1', 'träger/ä', 'pdu/a/7'),
      values: fc.oneof(
        fc.dictionary(fc.constantFrom(...quantities), fc.double({ min: -1e9, max: 1e9, noNaN: true }), {
          minKeys: 1,
        }),
        fc.record({ watts: fc.nat(), on: fc.constantFrom(0, 1) }, { requiredKeys: ['on'] }),
      ),
    });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 20 }), (rows) => {
        const lines = rows.map(({ at, outlet, values }) => readingLine(at / 1000, outlet, values).trimEnd());
        const { readings, left } = read([headerLine(readingColumns).trimEnd(), ...lines]);
        expect(left).toEqual({});
        expect(readings).toEqual(
          rows.map(({ at, outlet, values }) => ({
            outlet,
            atMs: at / 1000,
            values: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value + 0])),
          })),
        );
      }),
    );
  });

  it('reads whether a relay was closed, in words or as a digit', () => {
    const { readings, left } = read(
      'time,device,outlet,on\n1768478400,a,1,true\n1768478401,a,1,OFF\n1768478402,a,1,maybe',
    );
    expect(readings.map(({ outlet, values }) => [outlet, values])).toEqual([
      ['a/1', { on: 1 }],
      ['a/1', { on: 0 }],
    ]);
    expect(left).toEqual({ 'bad-number': [1, 4] });
  });

  it('answers or refuses anything, and never takes what is no number', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 6 }), fc.array(fc.string()), (header, fields) => {
        let told: ReturnType<typeof read>;
        try {
          told = read([header.join(','), fields.join(','), `2026-01-15T12:00Z,${fields.join(',')}`]);
        } catch (error) {
          expect((error as Error).message).toContain('no form of file');
          return;
        }
        for (const { values, atMs: at } of told.readings)
          for (const value of [at, ...Object.values(values)]) expect(Number.isFinite(value)).toBe(true);
      }),
    );
  });

  it('says what is expected where nothing is recognised', () => {
    expect(() => read('hello world\n1,2')).toThrow(/header with a time column/);
  });
});

describe('Home Assistant', () => {
  it('history is taken by name, with the unit that a name or a mapping says', () => {
    const { form, readings, left } = read(
      [
        'entity_id,state,last_changed',
        'sensor.rack_power,42.5,2026-01-15T12:00:00.000Z',
        'sensor.rack_energy,1.234,2026-01-15T12:00:00.000Z',
        'sensor.rack_power,unavailable,2026-01-15T12:01:00.000Z',
        'sensor.kitchen_power,7,2026-01-15T12:00:00.000Z',
      ].join('\n'),
      { mappings: mapped({ 'sensor.rack_power': 'pdu-a/7', 'sensor.rack_energy': 'pdu-a/7' }) },
    );
    expect(form).toBe('Home Assistant history');
    expect(readings).toEqual([
      { outlet: 'pdu-a/7', atMs, values: { watts: 42.5 } },
      { outlet: 'pdu-a/7', atMs, values: { wattHoursTotal: 1234 } },
    ]);
    expect(left).toEqual({ 'no-value': [1, 4], 'not-mapped': [1, 5] });
  });

  it("statistics: an hour's mean becomes its quarters, a counter is read at the end of its hour", () => {
    const options = { mappings: mapped({ 'sensor.rack_power': 'pdu-a/7', 'sensor.rack_energy': 'pdu-a/7' }) };
    const { rollUps, readings } = read(
      [
        'statistic_id,unit,start,min,max,mean,sum',
        'sensor.rack_power,kW,2026-01-15T12:00:00+00:00,0.04,0.09,0.05,',
        'sensor.rack_energy,kWh,15.01.2026 12:00,,,,10.5',
      ].join('\n'),
      options,
    );
    expect(readings).toEqual([
      { outlet: 'pdu-a/7', atMs: atMs + 3_600_000, values: { wattHoursTotal: 10_500 } },
    ]);
    expect(rollUps.map(({ fromMs }) => fromMs)).toEqual([0, 1, 2, 3].map((i) => atMs + i * 900_000));
    expect(rollUps[0]).toMatchObject({
      scope: 'outlet:pdu-a/7',
      wattsMean: 50,
      wattsMin: 40,
      wattsMax: 90,
      wattHours: 12.5,
      observedMs: 900_000,
    });
  });
});

describe('emoncms', () => {
  it('a feed has no header, and needs an outlet', () => {
    const feed = '1768478400,42.5\n1768478410,43';
    expect(read(feed, { outlet: 'heater/0' }).readings.map(({ values }) => values.watts)).toEqual([42.5, 43]);
    expect(read(feed, { outlet: 'heater/0', measured: measuredAs('kWh')! }).readings[1]).toEqual({
      outlet: 'heater/0',
      atMs: atMs + 10_000,
      values: { wattHoursTotal: 43_000 },
    });
    expect(read(feed).left).toEqual({ 'no-outlet': [2, 1, 2] });
  });

  it('a column for each feed is taken by the names of the columns', () => {
    const { readings, columns } = read(
      'Timestamp,Date-time string,use,rack_kwh,solar\n1768478400,2026-01-15 12:00:00,42.5,1.5,99',
      { mappings: mapped({ use: 'main/0', rack_kwh: 'pdu-a/total' }) },
    );
    expect(readings).toEqual([
      { outlet: 'main/0', atMs, values: { watts: 42.5 } },
      { outlet: 'pdu-a/total', atMs, values: { wattHoursTotal: 1500 } },
    ]);
    expect(columns).toEqual(['solar']);
  });
});

it('a field of very many digits that is no number is left in one look', () => {
  const line = `${atMs},plug/0,${'9'.repeat(60_000)}x`;
  const { readings } = read([
    headerLine(['atMs', 'outlet', 'watts']),
    ...Array.from({ length: 200 }, () => line),
  ]);
  expect(readings).toEqual([]);
});
