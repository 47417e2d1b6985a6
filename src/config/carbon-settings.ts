import { z } from 'zod';
import { note } from './setting-note.ts';
import { text } from './values.ts';

const factor = z.strictObject({
  from: note(text(40), {
    sentence: 'From when it holds, until the next.',
    expected: 'a local date or time such as 2026-01-01',
    example: '2026-01-01',
  }),
  gramsPerKwh: note(z.number().min(0).max(10_000), {
    sentence: 'What a kWh emits, g CO₂e.',
    expected: 'a number of grams, 0 or more',
    example: '216',
  }),
  source: note(text(200), {
    sentence: 'Where that figure is from; shown with the emissions.',
    expected: 'text',
    example: 'the grid operator',
  }),
});

/** Emissions of what is drawn. */
export const carbon = z.strictObject({
  country: note(
    z
      .string()
      .regex(/^([A-Z]{2}|WORLD)$/)
      .optional(),
    {
      sentence:
        'Whose electricity it is, for the emissions: yearly means by Ember (CC BY 4.0). EU and WORLD are known too.',
      expected: 'a country in two capitals (ISO 3166), EU or WORLD',
      example: 'GB',
    },
  ),
  pue: note(z.number().min(1).max(10).optional(), {
    sentence:
      'Power usage effectiveness: emissions are multiplied by it, to count what cooling and the rest draw.',
    expected: 'a number from 1 to 10',
    example: '1.4',
  }),
  factors: note(z.array(factor).max(100_000).prefault([]), {
    sentence: 'Factors of your own, in place of those of the country.',
    expected: 'a list of factors, each with from, gramsPerKwh and source',
    example: '[ { from: 2026-01-01, gramsPerKwh: 150, source: the supplier } ]',
  }),
});
