import { z } from 'zod';
import { note } from './setting-note.ts';
import { duration, text, topicName } from './values.ts';

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
  topic: note(topicName.optional(), {
    sentence:
      'Topic on which the factor is published as time goes by: g/kWh, as a number or in JSON, with a time or without (docs/cost-and-carbon.md).',
    expected: 'a topic without + and #',
    example: 'grid/carbon',
  }),
  holds: note(duration(60_000).prefault('6h'), {
    sentence: 'How long a published factor holds when no other follows.',
    expected: 'a time of at least a minute, such as 6h',
    example: '6h',
  }),
  file: note(text(4_096).optional(), {
    sentence: 'CSV of factors: from,gramsPerKwh[,source]. Read at the start, and again when it changed.',
    expected: 'the path of a file',
    example: '/etc/rackwatt/carbon.csv',
  }),
});
