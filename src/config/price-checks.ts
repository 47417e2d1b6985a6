import type { z } from 'zod';
import { carbonProblems } from '../analysis/carbon-problems.ts';
import { type TariffProblem, tariffProblems } from '../analysis/tariff-problems.ts';
import { carbon } from './carbon-settings.ts';
import { tariff } from './tariff-settings.ts';
import { at } from './tree.ts';
import { machineTimezone, timezone } from './values.ts';

/** What in `room.tariff` and `room.carbon` contradicts itself, as far as their shape is right. */
export function checkPrices(tree: unknown): TariffProblem[] {
  if (at(tree, 'room', 'tariff') === undefined && at(tree, 'room', 'carbon') === undefined) return [];
  const zone = timezone.safeParse(at(tree, 'room', 'timezone') ?? machineTimezone());
  if (!zone.success) return [];
  return [
    ...checkPart(tree, 'tariff', tariff, (settings) => tariffProblems(settings, zone.data)),
    ...checkPart(tree, 'carbon', carbon, (settings) => carbonProblems(settings, zone.data)),
  ];
}

function checkPart<T extends z.ZodType>(
  tree: unknown,
  key: string,
  schema: T,
  problemsOf: (settings: z.output<T>) => TariffProblem[],
): TariffProblem[] {
  const given = schema.safeParse(at(tree, 'room', key));
  if (!given.success) return [];
  return problemsOf(given.data).map((problem) => ({ ...problem, path: ['room', key, ...problem.path] }));
}
