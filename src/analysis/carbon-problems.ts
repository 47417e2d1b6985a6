import type { CarbonSettings } from './carbon.ts';
import { gridFactorCountries } from './grid-factors.ts';
import { instantOfText } from './settings-time.ts';
import type { TariffProblem } from './tariff-problems.ts';

/** What in the settings of emissions cannot be used; the path is that within `room.carbon`. */
export function carbonProblems({ country, factors = [] }: CarbonSettings, timezone: string): TariffProblem[] {
  const problems: TariffProblem[] = [];
  if (country !== undefined && factors.length === 0 && !gridFactorCountries.includes(country)) {
    problems.push({
      path: ['country'],
      found: `"${country}", a country whose factor is not known here`,
      expected: `one of ${gridFactorCountries.join(', ')}; or factors of your own`,
      example: `room: { carbon: { country: ${country}, factors: [ { from: 2025-01-01, gramsPerKwh: 300, source: the grid operator } ] } }`,
    });
  }
  const seen = new Set<number>();
  for (const [i, { from }] of factors.entries()) {
    const fromMs = instantOfText(from, timezone);
    if (fromMs !== undefined && !seen.has(fromMs)) {
      seen.add(fromMs);
      continue;
    }
    problems.push({
      path: ['factors', i, 'from'],
      found: fromMs === undefined ? `"${from}"` : `"${from}", when another factor begins already`,
      expected: 'a local date or time of its own, such as 2026-01-01 or 2026-01-01T07:00',
      example:
        'room: { carbon: { factors: [ { from: 2025-01-01, gramsPerKwh: 216, source: the grid operator }, { from: 2026-01-01, gramsPerKwh: 200, source: the grid operator } ] } }',
    });
  }
  return problems;
}
