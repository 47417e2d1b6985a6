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
  /**
   * Wh. As the bucket closes: what the known watts came to. Of quarters whose energy has been booked since, all
   * that was booked: the sum of the parts.
   */
  readonly wattHours: number;
  /**
   * Time within the bucket for which the draw was known, in ms. Of a sum the mean over the outlets it ought to
   * have: with one of two inputs silent for a minute half of it was observed, and what the other drew is booked.
   */
  readonly observedMs: number;
  // How the energy of a quarter is known; absent while that is not booked yet, and in rows of earlier programs:
  // all of it integrated then.
  /** Wh that meters' own counters prove for times with readings. */
  readonly counterWattHours?: number | undefined;
  /** Wh integrated from watts, where there is no counter. */
  readonly integratedWattHours?: number | undefined;
  /** Wh that counters prove for times without readings, spread flat over them. */
  readonly spreadWattHours?: number | undefined;
  /** Time for which only the sum over a gap is known, in ms; of a sum the mean over its outlets. */
  readonly spreadMs?: number | undefined;
}

/** What a row is to say from now on; what is absent stays as it was. */
export type RollUpChange = Pick<RollUp, 'scope' | 'fromMs'> & {
  readonly [K in Exclude<keyof RollUp, 'scope' | 'fromMs'>]?: number | undefined;
};

/** The figures of a roll-up, those of the energy's parts last: the order of the columns wherever they are packed. */
export const rollUpFigures = [
  'wattsMean',
  'wattsMin',
  'wattsMax',
  'wattHours',
  'observedMs',
  'counterWattHours',
  'integratedWattHours',
  'spreadWattHours',
  'spreadMs',
] as const satisfies readonly (keyof RollUp)[];
export type RollUpFigure = (typeof rollUpFigures)[number];
/** How many of them every row has. */
export const plainFigures = 5;
/** Those of them that tell of energy. */
export const energyFigures = rollUpFigures.slice(3) as readonly Exclude<
  RollUpFigure,
  'wattsMean' | 'wattsMin' | 'wattsMax'
>[];
