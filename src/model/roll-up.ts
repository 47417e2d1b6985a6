/** Raw readings and what is made of them. */
export const tiers = ['raw', 'minute', 'quarter'] as const;
export type Tier = (typeof tiers)[number];
/** The tiers that are roll-ups. */
export type RollUpTier = Exclude<Tier, 'raw'>;

/** Length of a bucket, in ms. */
export const tierStepMs: Record<RollUpTier, number> = { minute: 60_000, quarter: 900_000 };

/**
 * One scope over one bucket. The mean is time-weighted over the observed time, min and max are those of the
 * scope's own sum (a server's peak is the peak of its inputs' sum, not the sum of their peaks).
 */
export interface RollUp {
  readonly scope: string;
  /** Start of the bucket, epoch ms, a multiple of the tier's step. */
  readonly fromMs: number;
  readonly wattsMean: number;
  readonly wattsMin: number;
  readonly wattsMax: number;
  /** Drawn within the observed time: mean × observed, in Wh. */
  readonly wattHours: number;
  /** Time within the bucket for which the draw was known, in ms. */
  readonly observedMs: number;
}
