import type { IdleVerdict } from '../model/idle.ts';
import { type Format, joined } from './format.ts';

/** What idling costs in a year, summed over the servers of which it is known. */
export interface IdleTotals {
  /** Servers with a verdict. */
  readonly judged: number;
  readonly learning: number;
  readonly high: number;
  readonly highWattHours?: number;
  readonly wattHours?: number;
  readonly cost?: number;
  readonly grams?: number;
}

export function idleTotals(rows: readonly IdleVerdict[]): IdleTotals {
  const judged = rows.filter(({ verdict }) => verdict !== 'learning');
  const high = judged.filter(({ verdict }) => verdict === 'high');
  const wattHours = sumOf(judged, 'yearWattHours');
  const highWattHours = sumOf(high, 'yearWattHours');
  const cost = sumOf(judged, 'yearCost');
  const grams = sumOf(judged, 'yearGrams');
  return {
    judged: judged.length,
    learning: rows.length - judged.length,
    high: high.length,
    ...(wattHours !== undefined && { wattHours }),
    ...(highWattHours !== undefined && { highWattHours }),
    ...(cost !== undefined && { cost }),
    ...(grams !== undefined && { grams }),
  };
}

/** Undefined when it is known of none of them. */
function sumOf(
  rows: readonly IdleVerdict[],
  key: 'yearWattHours' | 'yearCost' | 'yearGrams',
): number | undefined {
  const known = rows.map((row) => row[key]).filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0);
}

export const verdictWord: Record<IdleVerdict['verdict'], string> = {
  high: 'high',
  ok: 'ok',
  learning: 'learning',
};

/** The detectors judge no baseline that rests on less (`detect`, idle baseline). */
const learningHours = 2;

/** What a baseline that cannot be judged yet still lacks. */
export function missingText(row: IdleVerdict, format: Format): string {
  const { basis, hoursObserved, idleShare, idleWatts } = row;
  if (hoursObserved === 0) return 'no time on observed yet';
  const seen = `on for ${format.age(hoursObserved * 3_600_000)} so far`;
  if (hoursObserved < learningHours || basis === 'unknown' || idleWatts === undefined)
    return `${seen}; judged from about ${format.hours(learningHours)} on, with some time at rest`;
  const low = joined(format.watts(idleWatts));
  if (basis === 'estimated')
    return `never at rest in ${format.hours(hoursObserved)}; it idles at ${low} or below, seen for ${format.percent(idleShare)} of the time`;
  return `${seen}, at rest for ${format.percent(idleShare)} of it; needs more time at rest`;
}

/** What a baseline rests on: `45 h watched, sure`, with a word where it is not measured. */
export function restsOn({ basis, hoursObserved, confidence }: IdleVerdict, format: Format): string {
  const word = basis === 'measured' ? '' : `, ${basis}`;
  return `${format.hours(hoursObserved)} watched, ${confidenceWord(confidence)}${word}`;
}

/** How sure it is, in a word; the share behind it goes into a title. */
export function confidenceWord(confidence: number): string {
  if (confidence >= 0.8) return 'sure';
  return confidence >= 0.4 ? 'fairly sure' : 'rough';
}
