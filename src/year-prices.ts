import type { Carbon } from './analysis/carbon.ts';
import type { YearPrices } from './analysis/idle-limit.ts';
import { meanRates, quarterRates } from './analysis/quarter-rates.ts';
import type { Tariff } from './analysis/tariff.ts';

const dayMs = 86_400_000;
const yearMs = 365 * dayMs;
const yearHours = 8_760;

/**
 * What a steady draw costs and emits in the year ahead, by what is known today of prices and factors. Energy alone,
 * with taxes. Worked out once a day.
 */
export function makeYearPrices(
  tariff: Tariff | undefined,
  carbon: () => Carbon,
  nowMs: () => number,
): Required<YearPrices> {
  let day = Number.NaN;
  let rates: ReturnType<typeof meanRates> = { costPerWattHour: undefined, gramsPerWattHour: undefined };
  const today = () => {
    const now = Math.floor(nowMs() / dayMs);
    if (now !== day) {
      day = now;
      rates = meanRates(quarterRates(tariff, carbon(), now * dayMs, now * dayMs + yearMs));
    }
    return rates;
  };
  const ofYear = (watts: number, perWattHour: number | undefined) =>
    perWattHour === undefined ? undefined : Math.round(watts * yearHours * perWattHour * 100) / 100;
  return {
    yearCost: (watts) => ofYear(watts, today().costPerWattHour),
    yearGrams: (watts) => ofYear(watts, today().gramsPerWattHour),
  };
}
