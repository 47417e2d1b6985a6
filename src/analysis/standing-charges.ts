import { localEdges } from './local-time.ts';
import type { Tariff, TariffVersion } from './tariff.ts';
import type { CapacityTerms } from './tariff-settings.ts';

/** What is paid whatever is drawn: fixed charges, and the price of what is allocated. */
export interface StandingCharges {
  readonly currency: string;
  readonly fixed: number;
  readonly capacity: number;
  readonly tax: number;
}

/**
 * Fixed and capacity charges of [fromMs, toMs), without taxes, and the taxes on them. Part of a local day or month
 * costs its part; a day of 23 hours is a day. They are the room's, not a server's.
 */
export function standingCharges(tariff: Tariff, fromMs: number, toMs: number): StandingCharges {
  let fixed = 0;
  let capacity = 0;
  let tax = 0;
  const charge = (amount: number, { terms }: TariffVersion) => {
    tax += (amount * (terms.taxPercent ?? 0)) / 100;
    return amount;
  };
  const parts = (by: 'day' | 'month') => versionParts(tariff, by, fromMs, toMs);
  for (const { version, share } of parts('day')) {
    fixed += charge(share * (version.terms.fixedPerDay ?? 0), version);
  }
  for (const { version, share } of parts('month')) {
    fixed += charge(share * (version.terms.fixedPerMonth ?? 0), version);
    capacity += charge(share * capacityPerMonth(version.terms.capacity), version);
  }
  return { currency: tariff.currency, fixed, capacity, tax };
}

/** The demand charge of the part of a month through which one version held. */
export interface DemandCharge {
  readonly fromMs: number;
  readonly toMs: number;
  readonly minutes: 15 | 30;
  readonly peakWatts: number;
  /** Without taxes. */
  readonly net: number;
  readonly tax: number;
}

/**
 * Demand charges of the months that [fromMs, toMs) covers, by the highest mean of 15 or 30 minutes, which
 * `peakWatts` tells (demand.ts; undefined: not known). A version that holds for part of a month costs that part.
 * Of a month under way it is what it has come to so far: for the whole month, not for the days gone by.
 */
export function demandCharges(
  tariff: Tariff,
  fromMs: number,
  toMs: number,
  peakWatts: (fromMs: number, toMs: number, minutes: 15 | 30) => number | undefined,
): DemandCharge[] {
  const edges = localEdges('month', fromMs, toMs, tariff.timezone);
  return versionParts(tariff, 'month', edges[0]!, edges.at(-1)!).flatMap((part) => {
    const { demand, taxPercent = 0 } = part.version.terms;
    const peak = demand && peakWatts(part.fromMs, part.toMs, demand.minutes);
    if (demand === undefined || peak === undefined) return [];
    const net = (peak / 1000) * demand.pricePerKw * part.share;
    const { minutes } = demand;
    return [
      { fromMs: part.fromMs, toMs: part.toMs, minutes, peakWatts: peak, net, tax: (net * taxPercent) / 100 },
    ];
  });
}

interface VersionPart {
  readonly version: TariffVersion;
  readonly fromMs: number;
  readonly toMs: number;
  /** Of its whole day or month. */
  readonly share: number;
}

function versionParts(tariff: Tariff, by: 'day' | 'month', fromMs: number, toMs: number): VersionPart[] {
  const edges = localEdges(by, fromMs, toMs, tariff.timezone);
  return [...edges.subarray(1)].flatMap((edgeMs, i) =>
    tariff.versions.flatMap((version) => {
      const partFromMs = Math.max(fromMs, edges[i]!, version.fromMs);
      const partToMs = Math.min(toMs, edgeMs, version.toMs);
      const share = (partToMs - partFromMs) / (edgeMs - edges[i]!);
      return share > 0 ? [{ version, fromMs: partFromMs, toMs: partToMs, share }] : [];
    }),
  );
}

function capacityPerMonth(capacity: CapacityTerms | undefined): number {
  if (capacity === undefined) return 0;
  const { kva = 0, pricePerKva = 0, amps = 0, pricePerAmp = 0 } = capacity;
  return kva * pricePerKva + amps * pricePerAmp;
}
