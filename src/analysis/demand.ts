import { zoneOf } from '../model/zone.ts';
import { type LedgerRow, ledgerStepMs } from './ledger-row.ts';

/** The energy of one quarter of an hour and how much of it was observed. */
export interface DemandBucket {
  readonly fromMs: number;
  readonly wattHours: number;
  /** 0…1. */
  readonly coverage: number;
}

/** What was observed of each quarter. What a counter proves for a gap tells of no peak: it is spread flat. */
export function demandBuckets(rows: readonly LedgerRow[]): DemandBucket[] {
  return rows.map(({ fromMs, counterWattHours, integratedWattHours, observedMs }) => ({
    fromMs,
    wattHours: counterWattHours + integratedWattHours,
    coverage: Math.min(1, observedMs / ledgerStepMs),
  }));
}

/** The highest mean draw of a range, as a supplier bills it. */
export interface PeakDemand {
  readonly fromMs: number;
  readonly toMs: number;
  /** Mean over that time. */
  readonly watts: number;
}

const wattHoursPerWattQuarter = 0.25;
/** A mean of which less is known is no demand: a few minutes would stand for all. */
const coverageMin = 0.9;

/**
 * The highest mean of 15 or 30 minutes, of quarters that are known for nine tenths at least; undefined where there is
 * none. Half hours are those of the local clock. Where part of a quarter is unknown the mean is of the rest.
 */
export function peakDemand(
  buckets: readonly DemandBucket[],
  minutes: 15 | 30,
  timezone: string,
): PeakDemand | undefined {
  let peak: PeakDemand | undefined;
  for (const mean of minutes === 15 ? quarters(buckets) : halfHours(buckets, timezone)) {
    if (peak === undefined || mean.watts > peak.watts) peak = mean;
  }
  return peak;
}

/** Mean draw ÷ peak draw of the same time, 0…1; undefined without a peak, or where nothing was drawn. */
export function loadFactor(
  buckets: readonly DemandBucket[],
  minutes: 15 | 30,
  timezone: string,
): number | undefined {
  const peak = peakDemand(buckets, minutes, timezone);
  if (peak === undefined || peak.watts <= 0) return undefined;
  let wattHours = 0;
  let knownMs = 0;
  for (const bucket of buckets) {
    wattHours += bucket.wattHours;
    knownMs += bucket.coverage * ledgerStepMs;
  }
  return Math.min(1, wattHours / (knownMs / 3_600_000) / peak.watts);
}

function* quarters(buckets: readonly DemandBucket[]): Generator<PeakDemand> {
  for (const { fromMs, wattHours, coverage } of buckets) {
    if (coverage < coverageMin) continue;
    yield {
      fromMs,
      toMs: fromMs + ledgerStepMs,
      watts: wattHours / wattHoursPerWattQuarter / Math.min(1, coverage),
    };
  }
}

function* halfHours(buckets: readonly DemandBucket[], timezone: string): Generator<PeakDemand> {
  const zone = zoneOf(timezone);
  let first: PeakDemand | undefined;
  for (const second of quarters(buckets)) {
    if (zone.localMs(second.fromMs) % (2 * ledgerStepMs) === 0) first = second;
    else if (first?.toMs === second.fromMs) {
      yield { fromMs: first.fromMs, toMs: second.toMs, watts: (first.watts + second.watts) / 2 };
      first = undefined;
    }
  }
}
