/** What is known of the supply behind a breaker, a feed or (where no breaker is named) a device. */
export interface SupplyImpedance {
  readonly scope: string;
  /** Volts lost for each ampere, as seen from the outlets. */
  readonly ohms: number;
  /** It was learnt from so many. */
  readonly steps: number;
  /** 0…1. */
  readonly confidence: number;
  /** What a usual start on it takes more than before, A. */
  readonly ampsPerStart?: number;
}

export interface SagRow extends SupplyImpedance {
  /** Empty while no start was seen on it. */
  readonly predicted: readonly PredictedSag[];
}

export interface PredictedSag {
  /** So many at the same moment. */
  readonly starts: number;
  readonly voltsDrop: number;
  /** Of the supply's volts; absent where those are not known. */
  readonly percent?: number;
}

/** Who hangs on a supply. */
export interface SupplyFacts {
  /** Volts when nothing starts; undefined: not known. */
  readonly volts: number | undefined;
  readonly servers: number;
}

/**
 * How far the voltage drops when several loads start at once: starts × amps of a usual start × impedance
 * (power-domain rule ΔV = n·ΔI·Z). For 1, 2, 4, … of the supply's servers and for all of them.
 */
export function sagRows(
  impedances: readonly SupplyImpedance[],
  factsOf: (scope: string) => SupplyFacts,
): SagRow[] {
  return impedances
    .map((impedance) => ({ ...impedance, predicted: predictions(impedance, factsOf(impedance.scope)) }))
    .sort((a, b) => b.ohms - a.ohms || (a.scope < b.scope ? -1 : 1));
}

function predictions(
  { ohms, ampsPerStart }: SupplyImpedance,
  { volts, servers }: SupplyFacts,
): PredictedSag[] {
  if (ampsPerStart === undefined) return [];
  return countsUpTo(servers).map((starts) => {
    const voltsDrop = starts * ampsPerStart * ohms;
    return {
      starts,
      voltsDrop: rounded(voltsDrop),
      ...(volts === undefined || volts <= 0 ? {} : { percent: rounded((100 * voltsDrop) / volts) }),
    };
  });
}

/** 5 → 1, 2, 4, 5 */
function countsUpTo(servers: number): number[] {
  const counts: number[] = [];
  for (let count = 1; count < servers; count *= 2) counts.push(count);
  return [...counts, Math.max(1, servers)];
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
