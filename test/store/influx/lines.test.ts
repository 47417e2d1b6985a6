import fc from 'fast-check';
import { expect, it } from 'vitest';
import { quantities } from '../../../src/model/quantity.ts';
import { toGrid } from '../../../src/store/influx/binary-grid.ts';
import { ReadingLines, rollUpLines, SeriesKeys } from '../../../src/store/influx/lines.ts';
import { nameOfTagValue, tagLiteral, tagText, tagValue } from '../../../src/store/influx/names.ts';
import { anyCharacter } from '../../base/any-character.ts';
import { reading, rollUp } from '../made-readings.ts';

const atMs = 1_741_084_830_420;

it('a reading is one line with what it brought, on the binary grid, in nanoseconds', () => {
  expect(lineOf({ watts: 104.3, volts: 230, amps: 0.453, voltAmps: -107.26, on: true })).toBe(
    'reading,device=rack/pdu-a,outlet=7 watts=104.28125,volts=230,amps=0.45263671875,volt_amps=-107.26171875,on=true 1741084830420000000',
  );
  expect(lineOf({ on: false })).toBe('reading,device=rack/pdu-a,outlet=7 on=false 1741084830420000000');
});

it('all quantities have their field, by the names of the layout', () => {
  const all = Object.fromEntries(quantities.map((quantity, i) => [quantity, i + 1]));
  expect(lineOf(all)).toBe(
    'reading,device=rack/pdu-a,outlet=7 watts=1,volts=2,amps=3,volt_amps=4,volt_amps_reactive=5,power_factor=6,hertz=7,watt_hours_total=8,watt_hours_returned_total=9 1741084830420000000',
  );
});

it.each([
  [atMs + 0.001, '1741084830420001000'],
  [atMs + 0.999, '1741084830420999000'],
  [0, '0000000000'],
  [0.001, '0000001000'],
  [-5.5, '-5500000'],
  [999_999_999_999, '999999999999000000'],
  [9_999_999_999_999, '9999999999999000000'],
])('the time %d ms becomes %s', (at, text) => {
  expect(Number(lineOf({ watts: 1 }, at).split(' ')[2])).toBe(Number(text));
  expect(lineOf({ watts: 1 }, at)).toMatch(new RegExp(` ${text.replace(/^0+(?=0000000000)/, '')}$`));
});

it('neither NaN nor infinity is ever written, and nothing is left of a reading that has nothing else', () => {
  const batch = new ReadingLines(new SeriesKeys(), 0);
  batch.add(reading('a/1', atMs, { watts: Number.NaN, volts: Number.POSITIVE_INFINITY }));
  batch.add(reading('a/1', Number.NaN, { watts: 1 }));
  batch.add(reading('a/1', Number.POSITIVE_INFINITY, { watts: 1 }));
  expect(batch.count).toBe(0);
  batch.add(reading('a/1', atMs, { watts: Number.NaN, volts: 230 }));
  expect(text(batch)).toBe('reading,device=a,outlet=1 volts=230 1741084830420000000\n');
});

it('every number is written as it lies on its grid', () => {
  const numbers = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer({ min: -(2 ** 31), max: 2 ** 31 }).map((n) => n / 1000),
    fc.integer({ min: -(2 ** 31), max: 2 ** 31 }).map((n) => n / 10),
    fc.double({ min: -1e9, max: 1e9, noNaN: true }),
    fc.constantFrom(
      0,
      -0,
      0.001,
      0.01,
      0.1,
      999_999_999.999,
      1e9,
      1_000_000_000.001,
      2 ** 30 - 0.001,
      2 ** 30,
      5e-324,
      1e21,
      1e-7,
      0.0005,
    ),
  );
  fc.assert(
    fc.property(numbers, (watts) => {
      const written = /watts=(\S+) /.exec(lineOf({ watts }))![1]!;
      expect(Number(written) + 0).toBe(toGrid(watts, 1) + 0);
      expect(written).toMatch(/^-?\d+(\.\d+)?(e[+-]\d+)?$/);
    }),
    { numRuns: 5000 },
  );
});

it('every time is written to the microsecond', () => {
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 52), max: 2 ** 52 }), (micros) => {
      const written = lineOf({ watts: 1 }, micros / 1000).split(' ')[2]!;
      expect(BigInt(written)).toBe(BigInt(Math.round((micros / 1000) * 1000)) * 1000n);
    }),
    { numRuns: 1000 },
  );
});

it('lines of any length and number fit', () => {
  const batch = new ReadingLines(new SeriesKeys(), 0);
  const device = 'd'.repeat(3000);
  for (let i = 0; i < 1000; i += 1)
    batch.add(reading(`${device}/${i}`, atMs + i, { watts: i, volts: 1 / 3 }));
  const lines = text(batch).split('\n');
  expect(lines).toHaveLength(1001);
  for (let i = 0; i < 1000; i += 1)
    expect(lines[i]).toBe(
      `reading,device=${device},outlet=${i} watts=${i},volts=0.3333333333333333 ${atMs + i}000000`,
    );
});

it('names are escaped, and nothing in them ends a tag or a line', () => {
  const name = fc.string({ unit: anyCharacter, maxLength: 40 });
  fc.assert(
    fc.property(name, name, (device, label) => {
      const outlet = `${device}/${label.replaceAll('/', '')}`;
      const batch = new ReadingLines(new SeriesKeys(), 0);
      batch.add(reading(outlet, atMs, { watts: 1 }));
      const line = text(batch);
      expect(line.endsWith(' watts=1 1741084830420000000\n')).toBe(true);
      const key = line.slice(0, -' watts=1 1741084830420000000\n'.length);
      expect(key).not.toMatch(/[\p{Cc}]/u);
      // As a reader of line protocol splits it: at commas that no backslash escapes.
      const tags = key.split(/(?<!\\),/).slice(1);
      expect(tags.length).toBeLessThanOrEqual(2);
      for (const tag of tags) expect(tag).toMatch(/^(device|outlet)=.+[^\\]$|^(device|outlet)=[^\\]$/s);
      for (const tag of tags) expect(tag.replace(/\\[ ,=]/g, '')).toMatch(/^(device|outlet)=[^ ,=]*$/);
    }),
    { numRuns: 300 },
  );
});

it('every name has a tag value of its own and comes back from it', () => {
  const nasty = fc.string({
    unit: fc.constantFrom('\\', ',', ' ', '=', '"', "'", '␛', '0', '5', 'c', '\n', '\0', '\ud800', 'a'),
  });
  fc.assert(
    fc.property(fc.oneof(nasty, fc.string({ unit: anyCharacter })), (name) => {
      expect(nameOfTagValue(tagValue(name))).toBe(name);
    }),
    { numRuns: 2000 },
  );
  expect(tagText('device', '')).toBe('');
  expect(tagLiteral('')).toBe("''");
  expect(tagLiteral("it's \\ so")).toBe("'it\\'s ␛005c so'");
});

it('the remembered keys are bounded and stay right', () => {
  const keys = new SeriesKeys(10);
  for (let round = 0; round < 3; round += 1)
    for (let i = 0; i < 25; i += 1) expect(keys.of(`pdu/${i}`)).toBe(`reading,device=pdu,outlet=${i}`);
});

it('roll-ups are lines of their tier', () => {
  const write = rollUpLines('minute', [rollUp('server:hv 1', atMs, 60_000, 100, 90.5, 120.25)]);
  expect(write).toMatchObject({ tier: 'minute', count: 1 });
  expect(Buffer.from(write.bytes).toString()).toBe(
    'minute,scope=server:hv\\ 1 watts_mean=100,watts_min=90.5,watts_max=120.25,watt_hours=1.6666669845581055,observed_ms=60000 1741084830420000000\n',
  );
});

function lineOf(values: Parameters<typeof reading>[2], at = atMs): string {
  const batch = new ReadingLines(new SeriesKeys(), 0);
  batch.add(reading('rack/pdu-a/7', at, values));
  expect(batch.count).toBe(1);
  return text(batch).slice(0, -1);
}

function text(batch: ReadingLines): string {
  return Buffer.from(batch.encode().bytes).toString('utf8');
}
