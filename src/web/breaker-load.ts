import type { TreeAnswer } from '../api/shapes.ts';
import type { Figure } from '../model/figure.ts';

/**
 * Shares of a rating from which a load is called high and critical, and the planning limit for continuous loads
 * (NEC 210.20(A), inversely; operators elsewhere plan alike).
 */
export const highShare = 0.7;
export const criticalShare = 0.8;

export type LoadLevel = 'normal' | 'high' | 'critical' | 'over' | 'unknown';

/** What may be used for long of a rating. */
export const usableShare = criticalShare;

export interface BreakerLoad {
  readonly amps?: number;
  /** Of the rating; may exceed 1. */
  readonly share?: number;
  /** Of what is usable for continuous load. */
  readonly usedShare?: number;
  readonly level: LoadLevel;
}

/**
 * What a breaker carries against its rating. Amps are those metered, or apparent power over volts; never watts
 * over volts, which would take the power factor for 1.
 */
export function breakerLoad(figure: Figure | undefined, ratingAmps: number | undefined): BreakerLoad {
  const amps = ampsOf(figure);
  if (amps === undefined) return { level: 'unknown' };
  if (ratingAmps === undefined || ratingAmps <= 0) return { amps, level: 'unknown' };
  const share = amps / ratingAmps;
  return { amps, share, usedShare: share / usableShare, level: levelOf(share) };
}

type Feed = TreeAnswer['feeds'][number];

/** Something with a rating, and the scopes that together say what it carries. */
export interface Circuit {
  readonly name: string;
  readonly scopes: readonly string[];
  /** A; undefined: not known. */
  readonly ratingAmps: number | undefined;
}

/**
 * What of a feed is rated besides its breakers: the whole of it, or, where they are on several phases, each of
 * those. Without a rating of its own a feed is held against those of its breakers.
 */
export function feedCircuits({ name, amps, breakers }: Feed): Circuit[] {
  const phases = [...new Set(breakers.map(({ phase }) => phase))].sort();
  if (phases.length > 1)
    return phases.map((phase) => {
      const on = breakers.filter((breaker) => breaker.phase === phase);
      const scopes = on.map((breaker) => `breaker:${breaker.name}`);
      return { name: phase ?? 'other', scopes, ratingAmps: amps ?? sumOfRatings(on) };
    });
  if (breakers.length <= 1 && amps === undefined) return [];
  return [{ name: 'all', scopes: [`feed:${name}`], ratingAmps: amps ?? sumOfRatings(breakers) }];
}

/** Undefined when one of them is not known. */
function sumOfRatings(breakers: Feed['breakers']): number | undefined {
  return breakers.reduce<number | undefined>(
    (sum, { amps }) => (sum === undefined || amps === undefined ? undefined : sum + amps),
    0,
  );
}

/** What several scopes carry together, as old as the oldest of them; at least that while one is not known. */
export function summedFigure(figures: readonly (Figure | undefined)[]): Figure | undefined {
  if (figures.length === 1) return figures[0];
  const fresh = figures.flatMap((figure) => (figure && !figure.stale ? [figure] : []));
  if (fresh.length === 0) return undefined;
  const amps = fresh.map(ampsOf).filter((one) => one !== undefined);
  const isWhole = amps.length === figures.length && fresh.every(({ basis }) => basis !== 'partial');
  return {
    state: 'active',
    stale: false,
    basis: isWhole ? 'measured' : 'partial',
    atMs: Math.min(...fresh.map(({ atMs = 0 }) => atMs)),
    watts: fresh.reduce((sum, { watts = 0 }) => sum + watts, 0),
    ...(amps.length > 0 && { amps: amps.reduce((sum, one) => sum + one, 0) }),
  };
}

export function ampsOf(figure: Figure | undefined): number | undefined {
  if (!figure) return undefined;
  if (figure.amps !== undefined) return figure.amps;
  const { voltAmps, volts } = figure;
  return voltAmps !== undefined && volts !== undefined && volts > 0 ? voltAmps / volts : undefined;
}

function levelOf(share: number): LoadLevel {
  if (share > 1) return 'over';
  if (share >= criticalShare) return 'critical';
  return share >= highShare ? 'high' : 'normal';
}
