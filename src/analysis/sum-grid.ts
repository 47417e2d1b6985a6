import { tierStepMs } from '../model/roll-up.ts';
import type { SumGrid } from '../model/sum-grid.ts';
import { ledgerStepMs } from './ledger-row.ts';
import type { QuarterRates } from './quarter-rates.ts';

const dayMs = 86_400_000;

/**
 * The longest cells that neither an edge between two buckets nor a change of price or factor cuts: energy may be added
 * up over them before it is priced, and the answer is the same. Undefined: quarters must be taken one by one.
 */
export function sumGridOf(edges: Float64Array, rates: QuarterRates): SumGrid | undefined {
  let firstMs: number | undefined;
  let stepMs = dayMs;
  const cut = (atMs: number) => {
    firstMs ??= atMs;
    stepMs = greatestCommonDivisor(stepMs, atMs - firstMs);
  };
  for (let i = 1; i < edges.length - 1; i += 1) cut(edges[i]!);
  const { cost, unpriced, grams, uncounted } = rates;
  for (let i = 1; i < unpriced.length && stepMs > tierStepMs.quarter; i += 1) {
    const isSame =
      unpriced[i] === unpriced[i - 1] &&
      uncounted[i] === uncounted[i - 1] &&
      cost?.[i] === cost?.[i - 1] &&
      grams?.[i] === grams?.[i - 1];
    if (!isSame) cut(rates.firstMs + i * ledgerStepMs);
  }
  // An edge that cuts a quarter (no zone of today has one) leaves no step of whole quarters.
  const offsetMs = (firstMs ?? 0) % stepMs;
  if (stepMs <= tierStepMs.quarter || offsetMs % tierStepMs.quarter !== 0) return undefined;
  return { stepMs, offsetMs };
}

function greatestCommonDivisor(a: number, b: number): number {
  let [greater, lesser] = [a, Math.abs(b)];
  while (lesser > 0) [greater, lesser] = [lesser, greater % lesser];
  return greater;
}
