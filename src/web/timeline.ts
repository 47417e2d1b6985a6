import type { HistoryAnswer } from '../api/shapes.ts';
import type { Steps } from './series.ts';

/** Aligned columns as the chart wants them: epoch seconds, rising; `null`: a gap. */
export interface Timeline {
  readonly atS: number[];
  readonly mean: (number | null)[];
  readonly min: (number | null)[];
  readonly max: (number | null)[];
}

export type HistoryColumns = Pick<HistoryAnswer, 'stepMs' | 'atMs' | 'mean' | 'min' | 'max' | 'remaking'>;

/** The store closes a bucket a while after its end; until then nothing in it says nothing. */
export const settleMs = 90_000;

/** Without the empty buckets at the end that were too young to be closed when they were asked for. */
export function settledOnly(columns: HistoryColumns, askedAtMs: number): HistoryColumns {
  let length = columns.atMs.length;
  const youngFromMs = askedAtMs - settleMs - columns.stepMs;
  while (length > 0 && columns.mean[length - 1] === null && columns.atMs[length - 1]! >= youngFromMs)
    length -= 1;
  if (length === columns.atMs.length) return columns;
  return {
    ...columns,
    atMs: columns.atMs.slice(0, length),
    mean: columns.mean.slice(0, length),
    min: columns.min.slice(0, length),
    max: columns.max.slice(0, length),
  };
}

/**
 * One line out of two sources: what was seen live, and history wherever live saw nothing for longer than
 * `gapMs`. A piece of history that live partly covers stands in the middle of what is left of it, so that the line
 * runs on. Where neither knows, the line is broken.
 */
export function joinTimeline(
  live: Steps,
  history: HistoryColumns | undefined,
  fromMs: number,
  toMs: number,
  gapMs: number,
): Timeline {
  const out: Timeline = { atS: [], mean: [], min: [], max: [] };
  let drawnToMs = fromMs;
  for (let i = 0; i < live.length; i += 1) {
    const startMs = live.startMs(i);
    const endMs = startMs + live.stepMs;
    if (endMs <= fromMs || startMs > toMs) continue;
    if (startMs - drawnToMs > gapMs) fillHole(out, history, drawnToMs, startMs);
    push(out, (startMs + endMs) / 2, known(live.mean(i)), known(live.min(i)), known(live.max(i)));
    drawnToMs = endMs;
  }
  if (toMs - drawnToMs > gapMs) fillHole(out, history, drawnToMs, toMs);
  return out;
}

function fillHole(out: Timeline, history: HistoryColumns | undefined, fromMs: number, toMs: number): void {
  let drawnToMs = fromMs;
  if (history) {
    for (let i = firstEndingAfter(history, fromMs); i < history.atMs.length; i += 1) {
      const startMs = Math.max(history.atMs[i]!, fromMs);
      const endMs = Math.min(history.atMs[i]! + history.stepMs, toMs);
      if (startMs >= toMs) break;
      if (startMs - drawnToMs > history.stepMs / 2) push(out, (drawnToMs + startMs) / 2, null, null, null);
      push(out, (startMs + endMs) / 2, history.mean[i], history.min[i], history.max[i]);
      drawnToMs = endMs;
    }
  }
  const toleratedMs = history && drawnToMs > fromMs ? settleMs + 1.5 * history.stepMs : 0;
  if (toMs - drawnToMs > toleratedMs) push(out, (drawnToMs + toMs) / 2, null, null, null);
}

function firstEndingAfter(history: HistoryColumns, fromMs: number): number {
  const found = history.atMs.findIndex((atMs) => atMs + history.stepMs > fromMs);
  return found === -1 ? history.atMs.length : found;
}

function push(
  out: Timeline,
  atMs: number,
  mean: number | null | undefined,
  min: number | null | undefined,
  max: number | null | undefined,
): void {
  const atS = atMs / 1000;
  if (out.atS.length > 0 && atS <= out.atS.at(-1)!) return;
  out.atS.push(atS);
  out.mean.push(mean ?? null);
  out.min.push(min ?? mean ?? null);
  out.max.push(max ?? mean ?? null);
}

function known(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
