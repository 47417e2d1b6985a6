import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseTrace, readTrace, TraceError } from '../../src/commands/trace-file.ts';

const noonMs = Date.UTC(2026, 0, 15, 12);
const row = (afterSeconds: number, watts: number, more: { volts?: number; amps?: number } = {}) => ({
  atMs: noonMs + afterSeconds * 1_000,
  watts,
  ...more,
});

describe('a trace', () => {
  it.each([
    [
      'ISO times with a zone',
      'time,watts\n2026-01-15T12:00:00Z,100\n2026-01-15T13:00:01.5+01:00,101.5\n',
      [row(0, 100), row(1.5, 101.5)],
    ],
    ['ISO times without one, read as UTC', 'Timestamp,Active (W)\n2026-01-15 12:00:00,100\n', [row(0, 100)]],
    [
      'epoch seconds',
      `ts,power\n${noonMs / 1_000},100\n${noonMs / 1_000}.25,1e2\n`,
      [row(0, 100), row(0.25, 100)],
    ],
    ['epoch ms', `time_ms,watts\n${noonMs},100\n`, [row(0, 100)]],
    ['epoch µs and ns', `time,watts\n${noonMs}000,1\n${noonMs}000000,2\n`, [row(0, 1), row(0, 2)]],
    ['a column of ms that are few', 'time_ms,watts\n1000,1\n', [{ atMs: 1_000, watts: 1 }]],
    [
      'columns in any order, others beside them',
      `note,volts,W,Time,amps\nx,230,100,${noonMs},0.5\n`,
      [row(0, 100, { volts: 230, amps: 0.5 })],
    ],
    [
      'semicolons and decimal commas',
      '"Time";"Power (W)";"Voltage (V)"\n"2026-01-15T12:00:00Z";"100,5";229,9\n',
      [row(0, 100.5, { volts: 229.9 })],
    ],
    ['kilowatts', 'time\tkW\n2026-01-15T12:00:00Z\t0.25\n', [row(0, 250)]],
    [
      'a byte order mark, comments, empty lines, CRLF',
      '\uFEFFtime,watts\r\n# from the lab\r\n\r\n2026-01-15T12:00:00Z,100\r\n',
      [row(0, 100)],
    ],
    ['the tracebase form', '15/01/2026 12:00:00;11;12\n15/01/2026 12:00:02; 9; 9\n', [row(0, 11), row(2, 9)]],
    [
      'mA under "current", told by the power',
      'timestamp,voltage,current,power\n2026-01-15 12:00:00,230,0,0\n2026-01-15 12:00:01,230,500,114.0\n',
      [row(0, 0, { volts: 230, amps: 0 }), row(1, 114, { volts: 230, amps: 0.5 })],
    ],
    [
      'A under "current", told by the power',
      'timestamp,voltage,current,power\n2026-01-15 12:00:01,230,0.5,114.0\n',
      [row(1, 114, { volts: 230, amps: 0.5 })],
    ],
    ['mA by name', 'time,watts,current_ma\n2026-01-15T12:00:00Z,0,500\n', [row(0, 0, { amps: 0.5 })]],
    ['volts missing in a row', 'time,watts,volts\n2026-01-15T12:00:00Z,100,\n', [row(0, 100)]],
    [
      'repeated and disordered rows, as they stand',
      'time,watts\n5,1\n3,2\n3,2\n',
      [
        { atMs: 5_000, watts: 1 },
        { atMs: 3_000, watts: 2 },
        { atMs: 3_000, watts: 2 },
      ],
    ],
  ])('with %s', (_, text, rows) => {
    const trace = parseTrace(text);
    expect(trace?.rows.map((one) => JSON.parse(JSON.stringify(one)))).toEqual(rows);
    expect(trace?.badRows).toBe(0);
  });

  it('counts what is no row and shows the first', () => {
    const text =
      'time,watts\n2026-01-15T12:00:00Z,100\nyesterday,100\n2026-06-31T12:00:00Z,1\n2026-01-15T12:00:01Z,\n2026-01-15T12:00:02Z,NaN\n';
    expect(parseTrace(text)).toMatchObject({ badRows: 4, firstBad: { line: 3, text: 'yesterday,100' } });
    expect(parseTrace(text)?.rows).toHaveLength(1);
  });

  it('says whether its times name a zone', () => {
    expect(parseTrace('time,watts\n2026-01-15T12:00:00Z,1\n')?.zoned).toBe(true);
    expect(parseTrace('time,watts\n1768478400,1\n')?.zoned).toBe(true);
    expect(parseTrace('time,watts\n2026-01-15T12:00:00Z,1\n2026-01-15 12:00:00,1\n')?.zoned).toBe(false);
    expect(parseTrace('15/01/2026 12:00:00;11;12\n')?.zoned).toBe(false);
  });

  it('may begin with a broken line when the form is the tracebase one', () => {
    expect(parseTrace('1/2012 00:00\n15/01/2026 12:00:00;11;12\n')).toMatchObject({
      badRows: 1,
      rows: [{ watts: 11 }],
    });
  });

  it.each([
    ['nothing', ''],
    ['prose', 'The meter was read every day.\nAlways at noon.\n'],
    ['a header without watts', 'time,volts\n1,230\n'],
    ['a header without time', 'name,watts\nx,230\n'],
  ])('is not %s', (_, text) => {
    expect(parseTrace(text)).toBeUndefined();
  });

  it('never makes the reader fail, and has only finite figures, whatever the text', () => {
    const header = fc.constantFrom(
      'time,watts',
      'time;W;volts;amps',
      '15/01/2026 12:00:00;11;12',
      'timestamp,voltage,current,power',
    );
    const field = fc.oneof(
      fc.string(),
      fc.double().map(String),
      fc.date({ noInvalidDate: true }).map((d) => d.toISOString()),
      fc.constantFrom('1e309', '-', '"', '99999999999999999999', '2026-99-99'),
    );
    const line = fc
      .tuple(fc.array(field, { maxLength: 5 }), fc.constantFrom(',', ';', '\t'))
      .map(([fields, by]) => fields.join(by));
    const text = fc.oneof(
      fc.string(),
      fc.tuple(header, fc.array(line)).map(([head, lines]) => [head, ...lines].join('\n')),
    );
    fc.assert(
      fc.property(text, (anything) => {
        for (const one of parseTrace(anything)?.rows ?? []) {
          for (const figure of [one.atMs, one.watts, one.volts ?? 0, one.amps ?? 0])
            expect(figure).toSatisfy(Number.isFinite);
          expect(() => new Date(one.atMs).toISOString()).not.toThrow();
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('a trace file', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'trace-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const file = (content: string | Buffer) => {
    const path = join(folder, `${Math.random()}.txt`);
    writeFileSync(path, content);
    return path;
  };

  it('may be packed, whatever its name', async () => {
    const text = `time,watts\n${Array.from({ length: 50_000 }, (_, i) => `${i},${i % 300}`).join('\n')}\n`;
    const packed = await readTrace(file(gzipSync(text)));
    expect(packed.rows).toHaveLength(50_000);
    expect(packed).toEqual(await readTrace(file(text)));
  });

  it.each([
    ['no such file', () => '/nowhere/trace.csv', /no such file/],
    ['a folder', () => tmpdir(), /is a folder/],
    ['cut off', () => file(gzipSync('time,watts\n1,2\n').subarray(0, 20)), /damaged or cut off/],
    ['no trace', () => file('hello'), /neither a CSV with a header/],
    ['without a usable row', () => file('time,watts\nx,y\n'), /not one usable row \(1 unusable ones\)/],
  ])('that is %s is refused in words', async (_, path, message) => {
    await expect(readTrace(path())).rejects.toThrow(TraceError);
    await expect(readTrace(path())).rejects.toThrow(message);
  });
});
