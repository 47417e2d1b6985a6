import { z } from 'zod';
import { weekdays } from '../analysis/tariff-settings.ts';
import { note, type SettingNote } from './setting-note.ts';
import { currency, text } from './values.ts';

const money = z.number().min(-1_000_000).max(1_000_000_000);
const charge = z.number().min(0).max(1_000_000_000);
const amountOf = (sentence: string, example: string): SettingNote => ({
  sentence,
  expected: 'an amount of money, as a number',
  example,
});
const timeText = (sentence: string, example: string): SettingNote => ({
  sentence,
  expected: 'a local date or time such as 2026-04-01 or 2026-04-01T07:00',
  example,
});
const timeOfDay = (sentence: string, example: string): SettingNote => ({
  sentence,
  expected: "a time of day from '00:00' to '24:00', in quotes",
  example,
});

const timeOfUse = z.strictObject({
  name: note(text(40).optional(), {
    sentence: 'Shown with the cost.',
    expected: 'text of 1 to 40 characters',
    example: 'peak',
  }),
  days: note(z.array(z.enum(weekdays)).min(1).max(7).optional(), {
    sentence: 'Only on these days.',
    expected: 'a list of mon, tue, wed, thu, fri, sat, sun',
    example: '[ mon, tue, wed, thu, fri ]',
  }),
  from: note(text(5).optional(), timeOfDay('From this time of the local clock.', "'07:00'")),
  to: note(text(5).optional(), timeOfDay('Until this time; before from: on the day after.', "'20:00'")),
  months: note(z.array(z.int().min(1).max(12)).min(1).max(12).optional(), {
    sentence: 'Only in these months.',
    expected: 'a list of whole numbers from 1 to 12',
    example: '[ 11, 12, 1, 2 ]',
  }),
  pricePerKwh: note(money, amountOf('Price of a kWh then.', '0.31')),
});

const terms = {
  pricePerKwh: note(
    money.optional(),
    amountOf('Price of a kWh, where timeOfUse does not say otherwise.', '0.28'),
  ),
  timeOfUse: note(z.array(timeOfUse).max(50).optional(), {
    sentence: 'Prices at certain hours.',
    expected: 'a list of rows with pricePerKwh and any of days, from, to, months, name',
    example: "[ { from: '07:00', to: '20:00', pricePerKwh: 0.31 } ]",
  }),
  fixedPerDay: note(charge.optional(), amountOf('Paid each day.', '0.55')),
  fixedPerMonth: note(charge.optional(), amountOf('Paid each month.', '40')),
  demand: note(
    z
      .strictObject({
        pricePerKw: note(charge, amountOf("For each kW of the month's highest mean.", '12.5')),
        minutes: note(z.union([z.literal(15), z.literal(30)]).prefault(15), {
          sentence: 'Over how long that mean is taken.',
          expected: '15 or 30',
          example: '30',
        }),
      })
      .optional(),
    {
      sentence: "Paid for the month's highest mean.",
      expected: 'pricePerKw, and minutes 15 or 30',
      example: '{ pricePerKw: 12.5, minutes: 30 }',
    },
  ),
  capacity: note(
    z
      .strictObject({
        kva: note(charge.optional(), amountOf('Allocated, kVA.', '25')),
        pricePerKva: note(charge.optional(), amountOf('For each kVA and month.', '4.2')),
        amps: note(charge.optional(), amountOf('Allocated, A.', '32')),
        pricePerAmp: note(charge.optional(), amountOf('For each A and month.', '3')),
      })
      .optional(),
    {
      sentence: 'Paid each month for what is allocated.',
      expected: 'kva with pricePerKva, or amps with pricePerAmp',
      example: '{ kva: 25, pricePerKva: 4.2 }',
    },
  ),
  taxPercent: note(z.number().min(0).max(1_000).optional(), {
    sentence: 'Taxes on all of it.',
    expected: 'a percentage, 0 or more',
    example: '20',
  }),
};

const version = z.strictObject({
  validFrom: note(text(40).optional(), timeText('From when it holds; absent: since ever.', '2026-04-01')),
  validTo: note(
    text(40).optional(),
    timeText('Until when; absent: until the next version, or for ever.', '2027-04-01'),
  ),
  ...terms,
});

const correction = z.strictObject({
  from: note(text(40), timeText('From when the price was wrong.', '2026-01-01')),
  to: note(text(40), timeText('Until when.', '2026-02-01')),
  pricePerKwh: note(money, amountOf('The right price.', '0.26')),
  why: note(text(500), { sentence: 'Why.', expected: 'a reason', example: "'the bill of March'" }),
  at: note(text(40), timeText('When this was entered.', '2026-03-03')),
  who: note(text(100).optional(), { sentence: 'Who entered it.', expected: 'a name', example: 'Ada' }),
});

/** What energy costs. One line is enough: `{ currency: GBP, pricePerKwh: 0.28 }`. */
export const tariff = z.strictObject({
  currency: note(currency, {
    sentence: 'Currency of all prices.',
    expected: 'a currency in three capitals (ISO 4217)',
    example: 'GBP',
  }),
  ...terms,
  versions: note(z.array(version).min(1).max(200).optional(), {
    sentence:
      'Prices that held for a time: a new price is a new version, so that the past stays what it was.',
    expected: 'a list of versions with validFrom and prices',
    example: '[ { validFrom: 2026-04-01, pricePerKwh: 0.28 } ]',
  }),
  corrections: note(z.array(correction).max(1_000).optional(), {
    sentence: 'Past prices that were wrong.',
    expected: 'a list of corrections with from, to, pricePerKwh, why and at',
    example:
      "[ { from: 2026-01-01, to: 2026-02-01, pricePerKwh: 0.26, why: 'the bill of March', at: 2026-03-03 } ]",
  }),
});
