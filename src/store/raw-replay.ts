import { setImmediate } from 'node:timers/promises';
import { type RawSlice, sliceMsMax } from './raw-slice.ts';
import type { RawQuery, TakeRaw } from './store.ts';

/** Answers undefined when there are too many readings in that time, unless it is the shortest there is. */
export type AskSlice = (fromMs: number, toMs: number, stepMs: number) => Promise<RawSlice | undefined>;

/** The first question is for so long: even a very large room says little more in it than it has outlets. */
const firstStepMs = 1000;
export const shortestStepMs = 1;
/** Handed over before other work gets its turn: a few ms at most. */
const takenAtOnce = 2048;

/**
 * Asks for slice after slice, each as long as brings about `readings`, and hands on what is in it while the next
 * is under way. Rejects with what the store or `take` throws.
 */
export async function replayRaw(
  ask: AskSlice,
  query: RawQuery,
  readings: number,
  take: TakeRaw,
): Promise<void> {
  if (query.quantities.length === 0) return;
  let stepMs = firstStepMs;
  const askFrom = async (fromMs: number): Promise<RawSlice | undefined> => {
    while (fromMs < query.toMs) {
      const slice = await ask(fromMs, Math.min(query.toMs, fromMs + stepMs), stepMs);
      if (slice === undefined) stepMs = Math.max(shortestStepMs, stepMs / 4);
      else {
        stepMs = nextStepMs(stepMs, slice.atMs.length, readings);
        return slice;
      }
    }
    return undefined;
  };
  let slice = await askFrom(query.fromMs);
  while (slice !== undefined) {
    const next = askFrom(slice.toMs);
    // Its failure is met below, unless `take` throws before.
    next.catch(() => undefined);
    await handOver(slice, take);
    slice = await next;
  }
}

function nextStepMs(stepMs: number, count: number, readings: number): number {
  const factor = Math.min(4, Math.max(0.25, readings / Math.max(1, count)));
  return Math.min(sliceMsMax, Math.max(shortestStepMs, stepMs * factor));
}

/** A turn of the event loop, not a time: nothing is waited for. */
async function handOver(slice: RawSlice, take: TakeRaw): Promise<void> {
  const { outlets, outletOf, atMs, columns } = slice;
  const values = new Float64Array(columns.length);
  for (let i = 0; i < atMs.length; i += 1) {
    for (let c = 0; c < values.length; c += 1) values[c] = columns[c]![i]!;
    take(outlets[outletOf[i]!]!, atMs[i]!, values);
    if (i % takenAtOnce === takenAtOnce - 1) await setImmediate();
  }
}
