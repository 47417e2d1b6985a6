import { type Carbon, factorsWithin, gramsOf } from './carbon.ts';
import { costOf } from './energy-cost.ts';
import { ledgerStepMs } from './ledger-row.ts';
import { priceSpanAt, type Tariff } from './tariff.ts';

/**
 * What a Wh costs and emits in each quarter of an hour of a range, so that the energy of many scopes is priced by
 * multiplication alone. A quarter within which a price or factor changes has the mean of both, by time.
 */
export interface QuarterRates {
  /** Start of the first quarter, epoch ms. */
  readonly firstMs: number;
  /** Per Wh, with taxes; 0 for what has no price. Undefined: no tariff. */
  readonly cost: Float64Array | undefined;
  /** The share of each quarter without a price, 0…1. */
  readonly unpriced: Float64Array;
  /** Per Wh. Undefined: no factors. */
  readonly grams: Float64Array | undefined;
  /** The share of each quarter without a factor, 0…1. */
  readonly uncounted: Float64Array;
}

/** Rates of the quarters that cover [fromMs, toMs). */
export function quarterRates(
  tariff: Tariff | undefined,
  carbon: Carbon,
  fromMs: number,
  toMs: number,
): QuarterRates {
  const firstMs = Math.floor(fromMs / ledgerStepMs) * ledgerStepMs;
  const count = Math.max(0, Math.ceil((toMs - firstMs) / ledgerStepMs));
  const rates = {
    firstMs,
    cost: tariff && new Float64Array(count),
    unpriced: new Float64Array(count).fill(tariff === undefined ? 1 : 0),
    grams: carbon.factors.length === 0 ? undefined : new Float64Array(count),
    uncounted: new Float64Array(count).fill(carbon.factors.length === 0 ? 1 : 0),
  };
  if (tariff !== undefined) fillCost(rates, tariff);
  if (carbon.factors.length > 0) fillGrams(rates, carbon);
  return rates;
}

/** Mean cost and grams of a Wh that is drawn evenly through the range; undefined where none is known. */
export function meanRates({ cost, unpriced, grams, uncounted }: QuarterRates): {
  readonly costPerWattHour: number | undefined;
  readonly gramsPerWattHour: number | undefined;
} {
  return { costPerWattHour: mean(cost, unpriced), gramsPerWattHour: mean(grams, uncounted) };
}

/** Most quarters lie within a time of one price: that is asked for once. */
function fillCost({ firstMs, cost, unpriced }: QuarterRates, tariff: Tariff): void {
  let span = priceSpanAt(tariff, firstMs);
  for (let i = 0; i < unpriced.length; i += 1) {
    const fromMs = firstMs + i * ledgerStepMs;
    const toMs = fromMs + ledgerStepMs;
    if (fromMs < span.fromMs || fromMs >= span.toMs) span = priceSpanAt(tariff, fromMs);
    if (toMs > span.toMs) {
      const parts = costOf(tariff, [{ fromMs, toMs, wattHours: 1 }]);
      cost![i] = parts.net + parts.tax;
      unpriced[i] = parts.unpricedWattHours;
    } else if (span.price === undefined) unpriced[i] = 1;
    else cost![i] = (span.price.pricePerKwh / 1000) * (1 + span.price.taxPercent / 100);
  }
}

function fillGrams({ firstMs, grams, uncounted }: QuarterRates, carbon: Carbon): void {
  const { pue = 1 } = carbon;
  const factors = factorsWithin(carbon.factors, firstMs, firstMs + uncounted.length * ledgerStepMs);
  let n = 0;
  for (let i = 0; i < uncounted.length; i += 1) {
    const fromMs = firstMs + i * ledgerStepMs;
    const toMs = fromMs + ledgerStepMs;
    while (n < factors.length && factors[n]!.toMs <= fromMs) n += 1;
    const factor = factors[n];
    if (factor === undefined || factor.fromMs >= toMs) uncounted[i] = 1;
    else if (factor.fromMs <= fromMs && factor.toMs >= toMs) grams![i] = (factor.gramsPerKwh / 1000) * pue;
    else {
      // Factors that are not those of this quarter would only be looked through in vain.
      let end = n + 1;
      while (end < factors.length && factors[end]!.fromMs < toMs) end += 1;
      const near = { ...carbon, factors: factors.slice(n, end) };
      const parts = gramsOf(near, [{ fromMs, toMs, wattHours: 1 }]);
      grams![i] = parts.grams ?? 0;
      uncounted[i] = parts.uncountedWattHours;
    }
  }
}

function mean(rates: Float64Array | undefined, unknown: Float64Array): number | undefined {
  if (rates === undefined) return undefined;
  let sum = 0;
  let known = 0;
  for (let i = 0; i < rates.length; i += 1) {
    sum += rates[i]!;
    known += 1 - unknown[i]!;
  }
  return known === 0 ? undefined : sum / known;
}
