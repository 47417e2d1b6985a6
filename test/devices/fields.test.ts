import { describe, expect, test } from 'vitest';
import type { RejectReason, Report } from '../../src/devices/family.ts';
import * as fields from '../../src/devices/fields.ts';
import { feedCeilings, outletCeilings } from '../../src/devices/fields.ts';
import { quantities } from '../../src/model/quantity.ts';

class Rejects implements Report {
  readonly reasons: RejectReason[] = [];
  rejectField(_: string, reason: RejectReason): void {
    this.reasons.push(reason);
  }
  reading(): void {}
  rejectMessage(): void {}
  ignore(): void {}
  availability(): void {}
  describe(): void {}
  subscribe(): void {}
  publish(): void {}
  reconsider(): void {}
  reconsiderUnread(): void {}
  announce(): void {}
  isReadBefore(): boolean {
    return false;
  }
  isKnownByHardware(): boolean {
    return false;
  }
}

/** What a field becomes: its number, or the reason it was dropped for. */
function read(
  field: (report: Report) => number | boolean | undefined,
): number | boolean | string | undefined {
  const report = new Rejects();
  const value = field(report);
  return value === undefined ? report.reasons.join() || undefined : value;
}

const watts = (value: unknown) => read((report) => fields.watts(value, outletCeilings, 'd', report));
const amps = (value: unknown) => read((report) => fields.amps(value, outletCeilings, 'd', report));
const volts = (value: unknown) => read((report) => fields.volts(value, 'd', report));
const hertz = (value: unknown) => read((report) => fields.hertz(value, 'd', report));
const powerFactor = (value: unknown) => read((report) => fields.powerFactor(value, 'd', report));
const wattHours = (value: unknown, scale: number) =>
  read((report) => fields.wattHours(value, scale, 'd', report));

describe('a number', () => {
  test.each([
    [12.5, 12.5],
    [0, 0],
    [-3.25, -3.25],
    [-1, -1],
    ['12.5', 12.5],
    ['-0.4', -0.4],
    ['.5', 0.5],
    ['7.', 7],
    ['+8', 8],
    [undefined, undefined],
  ])('%j is taken as %j', (value, expected) => {
    expect(watts(value)).toBe(expected);
  });

  test.each([
    null,
    '',
    ' 5',
    '5 ',
    'nan',
    'NaN',
    'None',
    'unknown',
    'unavailable',
    '1e3',
    '0x1f',
    '12,5',
    '12 W',
    '1'.repeat(25),
    true,
    false,
    [],
    [5],
    {},
    Number.NaN,
    Number.POSITIVE_INFINITY,
  ])('%j is none', (value) => {
    expect(watts(value)).toBe('not-a-number');
  });
});

test.each([-2147483648, 2147483647, 4294967295, -8388608, 8388607, '2147483647'])(
  'the mark %j for "invalid" is dropped in every field',
  (value) => {
    for (const field of [watts, amps, volts, hertz, powerFactor]) expect(field(value)).toBe('sentinel');
    expect(wattHours(value, 1)).toBe('sentinel');
    expect(wattHours(value, 1000)).toBe('sentinel');
  },
);

test('a mark for "invalid" that the device divided is still known', () => {
  expect(wattHours(4294967.295, 1000)).toBe('sentinel');
  expect(wattHours(2147483.647, 1000)).toBe('sentinel');
  const measured = (value: unknown, scale: number) =>
    read((report) => fields.measured('amps', value, scale, outletCeilings, 'd', report));
  expect(measured(2147483647, 0.001)).toBe('sentinel');
  expect(measured('412', 0.001)).toBe(0.412);
  expect(measured('mA', 0.001)).toBe('not-a-number');
});

describe('a plausible range', () => {
  test.each([
    ['watts', watts(25_000), 25_000],
    ['watts', watts(-25_000), -25_000],
    ['watts', watts(25_000.1), 'watts-out-of-range'],
    ['watts', watts('-25000.1'), 'watts-out-of-range'],
    ['amps', amps(-100), -100],
    ['amps', amps(100.01), 'amps-out-of-range'],
    ['volts', volts(500), 500],
    ['volts', volts(0), 0],
    ['volts', volts(-0.1), 'volts-out-of-range'],
    ['volts', volts(500.1), 'volts-out-of-range'],
    ['hertz', hertz(0), 0],
    ['hertz', hertz(40), 40],
    ['hertz', hertz(70), 70],
    ['hertz', hertz('50.02'), 50.02],
    ['hertz', hertz(39.9), 'hertz-out-of-range'],
    ['hertz', hertz(70.1), 'hertz-out-of-range'],
    ['hertz', hertz(-50), 'hertz-out-of-range'],
    ['power factor', powerFactor(-1), -1],
    ['power factor', powerFactor(1.05), 1],
    ['power factor', powerFactor(-1.04), -1],
    ['power factor', powerFactor(1.06), 'power-factor-out-of-range'],
    ['energy', wattHours(1e12 + 1, 1), 'energy-out-of-range'],
    ['energy', wattHours(-0.25, 1), -0.25],
    ['energy', wattHours(9e11, 1), 9e11],
    ['energy', wattHours(1e9, 1e6), 'energy-out-of-range'],
  ])('of %s: %j', (_, found, expected) => {
    expect(found).toBe(expected);
  });

  test('is wider for what sums outlets or clamps round a feed', () => {
    expect(read((report) => fields.watts(31_000, feedCeilings, 'd', report))).toBe(31_000);
    expect(read((report) => fields.amps(131, feedCeilings, 'd', report))).toBe(131);
    expect(read((report) => fields.voltAmps(31_000, outletCeilings, 'd', report))).toBe(
      'volt-amps-out-of-range',
    );
  });
});

test('energy comes in Wh to the mWh, without the noise of the scale', () => {
  expect(wattHours(8.12, 1000)).toBe(8120);
  expect(wattHours(904.11731, 1000)).toBe(904117.31);
  expect(wattHours('0.001', 1000)).toBe(1);
  expect(wattHours(72600, 1 / 60)).toBe(1210);
  expect(wattHours(9981234.7514, 1)).toBe(9981234.751);
});

test('a relay says true or false, nothing else', () => {
  const switched = (value: unknown) => read((report) => fields.switched(value, 'd', report));
  expect([true, false, undefined, null, 1, 'on'].map(switched)).toEqual([
    true,
    false,
    undefined,
    'wrong-shape',
    'wrong-shape',
    'wrong-shape',
  ]);
});

test('every quantity can be read by its name', () => {
  for (const quantity of quantities) {
    const value = quantity === 'powerFactor' ? 1 : 50;
    expect(read((report) => fields.measured(quantity, value, 1, outletCeilings, 'd', report))).toBe(value);
    expect(read((report) => fields.measured(quantity, 'x', 1, outletCeilings, 'd', report))).toBe(
      'not-a-number',
    );
    expect(read((report) => fields.measured(quantity, undefined, 10, outletCeilings, 'd', report))).toBe(
      undefined,
    );
  }
});
