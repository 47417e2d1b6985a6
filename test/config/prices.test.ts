import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeCarbon } from '../../src/analysis/carbon.ts';
import { makeTariff } from '../../src/analysis/tariff.ts';
import { loadSettings } from '../../src/config/load.ts';
import { asVariables, refused } from './refused.ts';

const load = (yaml: string) => loadSettings({ env: asVariables(yaml), cwd: '/' }).settings;
const refusedTariff = (tariff: string) =>
  refused({ env: asVariables(`room: { timezone: Europe/London, tariff: ${tariff} }`) }).map(
    ({ setting, found }) => `${setting}: ${found}`,
  );

describe('room.tariff', () => {
  test('is one line for a flat price, also from the environment', () => {
    const flat = { currency: 'GBP', pricePerKwh: 0.28 };
    expect(load('room: { tariff: { currency: GBP, pricePerKwh: 0.28 } }').room.tariff).toEqual(flat);
    const env = { RACKWATT_ROOM_TARIFF: '{ currency: GBP, pricePerKwh: 0.28 }' };
    expect(loadSettings({ env, cwd: '/' }).settings.room.tariff).toEqual(flat);
    expect(load('room: {}').room.tariff).toBeUndefined();
  });

  test.each([
    ['an unknown currency', '{ currency: XQQ, pricePerKwh: 1 }', 'room.tariff.currency: "XQQ"'],
    ['no currency', '{ pricePerKwh: 1 }', 'room.tariff.currency: nothing'],
    ['no price', '{ currency: EUR }', 'room.tariff: no price'],
    [
      'a misspelt key',
      '{ currency: EUR, pricePerKWh: 1, pricePerKwh: 1 }',
      'room.tariff.pricePerKWh: the unknown setting "pricePerKWh"',
    ],
    [
      'overlapping versions',
      '{ currency: EUR, versions: [ { validFrom: 2025-01-01, validTo: 2025-07-01, pricePerKwh: 1 }, { validFrom: 2025-06-01, pricePerKwh: 2 } ] }',
      'room.tariff.versions[1].validFrom: a version that begins 2025-06-01, while versions[0] still holds (until 2025-07-01)',
    ],
    [
      'two versions from one day on',
      '{ currency: EUR, versions: [ { validFrom: 2025-01-01, pricePerKwh: 1 }, { validFrom: 2025-01-01, pricePerKwh: 2 } ] }',
      'room.tariff.versions[1].validFrom: a version that begins 2025-01-01, while versions[0] still holds',
    ],
    [
      'a version that never holds',
      '{ currency: EUR, versions: [ { validFrom: 2025-02-01, validTo: 2025-01-01, pricePerKwh: 1 } ] }',
      'room.tariff.versions[0].validTo: a version from 2025-02-01 to 2025-01-01: it never holds',
    ],
    [
      'a price beside versions',
      '{ currency: EUR, pricePerKwh: 1, versions: [ { pricePerKwh: 1 } ] }',
      'room.tariff.pricePerKwh: pricePerKwh beside versions',
    ],
    [
      'a day that is none',
      '{ currency: EUR, versions: [ { validFrom: 2025-02-30, pricePerKwh: 1 } ] }',
      'room.tariff.versions[0].validFrom: "2025-02-30"',
    ],
    [
      'a time that is none',
      "{ currency: EUR, pricePerKwh: 1, timeOfUse: [ { from: '7:77', pricePerKwh: 2 } ] }",
      'room.tariff.timeOfUse[0].from: "7:77"',
    ],
    [
      'hours without a price',
      "{ currency: EUR, timeOfUse: [ { from: '00:00', to: '23:00', pricePerKwh: 2 } ] }",
      'room.tariff.timeOfUse: no price on mon at 23:00 in month 1',
    ],
    [
      'a weekday without a price',
      '{ currency: EUR, timeOfUse: [ { days: [ mon, tue, wed, thu, fri, sat ], pricePerKwh: 2 } ] }',
      'room.tariff.timeOfUse: no price on sun at 00:00 in month 1',
    ],
    [
      'a month without a price',
      '{ currency: EUR, timeOfUse: [ { months: [ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12 ], pricePerKwh: 2 } ] }',
      'room.tariff.timeOfUse: no price on mon at 00:00 in month 11',
    ],
    [
      'two prices for one moment',
      "{ currency: EUR, pricePerKwh: 1, timeOfUse: [ { from: '22:00', to: '06:00', pricePerKwh: 2 }, { days: [ sat ], from: '05:00', to: '09:00', pricePerKwh: 3 } ] }",
      'room.tariff.timeOfUse[1]: 3 on sat at 05:00 in month 1, for which timeOfUse[0] says 2',
    ],
    [
      'a capacity without its price',
      '{ currency: EUR, pricePerKwh: 1, capacity: { kva: 25 } }',
      'room.tariff.capacity: an amount without its price, or the other way round',
    ],
    [
      'a demand over 20 minutes',
      '{ currency: EUR, pricePerKwh: 1, demand: { pricePerKw: 9, minutes: 20 } }',
      'room.tariff.demand.minutes: 20 (a number)',
    ],
    [
      'a correction that ends before it begins',
      '{ currency: EUR, pricePerKwh: 1, corrections: [ { from: 2025-02-01, to: 2025-01-01, pricePerKwh: 2, why: oops, at: 2025-03-01 } ] }',
      'room.tariff.corrections[0].to: a correction from 2025-02-01 to 2025-01-01',
    ],
    [
      'a correction without a reason',
      '{ currency: EUR, pricePerKwh: 1, corrections: [ { from: 2025-01-01, to: 2025-02-01, pricePerKwh: 2, at: 2025-03-01 } ] }',
      'room.tariff.corrections[0].why: nothing',
    ],
  ])('with %s is refused', (_name, tariff, message) => {
    expect(refusedTariff(tariff)).toEqual([message]);
  });

  test('tells all that is wrong at once', () => {
    expect(
      refusedTariff(
        '{ currency: EUR, versions: [ { validFrom: never, pricePerKwh: 1 }, { capacity: { amps: 3 } } ] }',
      ),
    ).toEqual([
      'room.tariff.versions[0].validFrom: "never"',
      'room.tariff.versions[1]: no price',
      'room.tariff.versions[1].capacity: an amount without its price, or the other way round',
    ]);
  });
});

describe('room.carbon', () => {
  const refusedCarbon = (carbon: string) =>
    refused({ env: asVariables(`room: { carbon: ${carbon} }`) }).map(
      ({ setting, found }) => `${setting}: ${found}`,
    );

  test('of a country without a figure is refused, unless there are factors', () => {
    expect(refusedCarbon('{ country: AQ }')).toEqual([
      'room.carbon.country: "AQ", a country whose factor is not known here',
    ]);
    const own = '{ country: AQ, factors: [ { from: 2026-01-01, gramsPerKwh: 700, source: diesel } ] }';
    expect(load(`room: { carbon: ${own} }`).room.carbon.factors).toHaveLength(1);
  });

  test.each([
    ['a country in small letters', '{ country: gb }', 'room.carbon.country: "gb"'],
    ['a pue below 1', '{ pue: 0.4 }', 'room.carbon.pue: 0.4 (a number)'],
    [
      'a time that is none',
      '{ factors: [ { from: soon, gramsPerKwh: 1, source: me } ] }',
      'room.carbon.factors[0].from: "soon"',
    ],
    [
      'two factors for one time',
      '{ factors: [ { from: 2026-01-01, gramsPerKwh: 1, source: me }, { from: 2026-01-01, gramsPerKwh: 2, source: me } ] }',
      'room.carbon.factors[1].from: "2026-01-01", when another factor begins already',
    ],
  ])('with %s is refused', (_name, carbon, message) => {
    expect(refusedCarbon(carbon)).toEqual([message]);
  });
});

test('the file of carbon factors has a variable of its own', () => {
  const { settings } = loadSettings({
    env: { RACKWATT_ROOM_CARBON_FILE: '/nowhere/carbon.csv', RACKWATT_ROOM_CARBON_TOPIC: 'grid/carbon' },
    cwd: '/',
  });
  expect(settings.room.carbon).toMatchObject({
    file: '/nowhere/carbon.csv',
    topic: 'grid/carbon',
    holds: 21_600_000,
  });
});

test('every example in docs/cost-and-carbon.md is accepted and can be worked with', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/cost-and-carbon.md'), 'utf8');
  const examples = [...page.matchAll(/```yaml\n([^`]*)```/g)].map((match) => match[1]!);
  expect(examples).toHaveLength(5);
  for (const example of examples) {
    const { tariff, carbon } = load(example).room;
    if (tariff !== undefined) expect(makeTariff(tariff, 'Europe/London').versions.length).toBeGreaterThan(0);
    else expect(makeCarbon(carbon, 'Europe/London').factors.length).toBeGreaterThan(0);
  }
});
