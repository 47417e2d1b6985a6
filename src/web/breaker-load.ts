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
