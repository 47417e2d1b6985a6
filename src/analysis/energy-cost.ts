import { type Correction, type PriceSpan, priceSpanAt, type Tariff } from './tariff.ts';

/** Energy drawn within a time, oldest first. */
export interface EnergyInterval {
  readonly fromMs: number;
  readonly toMs: number;
  readonly wattHours: number;
}

/** What energy cost, without fixed, demand and capacity charges (standing-charges.ts). */
export interface EnergyCost {
  readonly currency: string;
  /** With taxes; undefined when none of the energy has a price. */
  readonly cost: number | undefined;
  readonly net: number;
  readonly tax: number;
  readonly pricedWattHours: number;
  /** Drawn while no version of the tariff held: part of no sum of money. */
  readonly unpricedWattHours: number;
  readonly byPrice: readonly PricedEnergy[];
  /** Those that changed something here. */
  readonly corrections: readonly Correction[];
}

export interface PricedEnergy {
  readonly name: string | undefined;
  readonly pricePerKwh: number;
  readonly wattHours: number;
  readonly net: number;
}

/**
 * Prices each interval by what held when it was drawn. An interval in which the price changes is shared out by
 * time: with quarters of an hour, and prices that change at those, that never happens.
 */
export function costOf(tariff: Tariff, intervals: Iterable<EnergyInterval>): EnergyCost {
  const byPrice = new Map<string, { -readonly [K in keyof PricedEnergy]: PricedEnergy[K] }>();
  const corrections = new Set<Correction>();
  let net = 0;
  let tax = 0;
  let pricedWattHours = 0;
  let unpricedWattHours = 0;
  eachPart(tariff, intervals, ({ price }, wattHours) => {
    if (price === undefined) {
      unpricedWattHours += wattHours;
      return;
    }
    const partNet = (wattHours / 1000) * price.pricePerKwh;
    net += partNet;
    tax += (partNet * price.taxPercent) / 100;
    pricedWattHours += wattHours;
    if (price.correction !== undefined) corrections.add(price.correction);
    const key = `${price.pricePerKwh} ${price.name ?? ''}`;
    let row = byPrice.get(key);
    if (row === undefined) {
      row = { name: price.name, pricePerKwh: price.pricePerKwh, wattHours: 0, net: 0 };
      byPrice.set(key, row);
    }
    row.wattHours += wattHours;
    row.net += partNet;
  });
  return {
    currency: tariff.currency,
    cost: pricedWattHours === 0 && unpricedWattHours > 0 ? undefined : net + tax,
    net,
    tax,
    pricedWattHours,
    unpricedWattHours,
    byPrice: [...byPrice.values()],
    corrections: [...corrections],
  };
}

function eachPart(
  tariff: Tariff,
  intervals: Iterable<EnergyInterval>,
  visit: (span: PriceSpan, wattHours: number) => void,
): void {
  let span: PriceSpan = { fromMs: 0, toMs: 0, price: undefined };
  for (const { fromMs, toMs, wattHours } of intervals) {
    for (let atMs = fromMs; atMs < toMs; ) {
      if (atMs < span.fromMs || atMs >= span.toMs) span = priceSpanAt(tariff, atMs);
      const endMs = Math.min(toMs, span.toMs);
      visit(span, (wattHours * (endMs - atMs)) / (toMs - fromMs));
      atMs = endMs;
    }
  }
}
