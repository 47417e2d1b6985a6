import { type Batch, maskSpan, rowSlots } from './batch.ts';

/** In the year 2243: the last whole microseconds a number holds are not much later. */
const latestMs = 8.64e12;

/** Each row not older than that (and of a possible time): its name's index, its mask, where it begins. */
export function forEachRow(
  batch: Batch,
  oldestMs: number,
  work: (name: number, mask: number, from: number) => void,
): void {
  const { slots } = batch;
  for (let at = 0; at < slots.length; ) {
    const head = slots[at]!;
    const name = Math.floor(head / maskSpan);
    const mask = head - name * maskSpan;
    const atMs = slots[at + 1]!;
    if (atMs >= oldestMs && atMs <= latestMs) work(name, mask, at);
    at += rowSlots(mask);
  }
}

export function countOlder(batch: Batch, oldestMs: number): number {
  let kept = 0;
  forEachRow(batch, oldestMs, () => {
    kept += 1;
  });
  return batch.count - kept;
}

/** Does each name bring at least so many? Names are few then. */
export function isLongRuns(batch: Batch, runMin: number): boolean {
  if (batch.count < batch.names.length * runMin) return false;
  const counts = new Uint32Array(batch.names.length);
  forEachRow(batch, Number.NEGATIVE_INFINITY, (name) => {
    counts[name]! += 1;
  });
  return counts.every((count) => count >= runMin);
}
