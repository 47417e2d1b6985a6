import { describe, expect, it } from 'vitest';
import { ExpectedIntervals } from '../../src/model/expected-interval.ts';

const second = 1000;

function watch(expectedMs: number, gapsMs: number[]): number {
  const intervals = new ExpectedIntervals();
  intervals.open(0, expectedMs);
  let atMs = 1_000_000;
  intervals.seen(0, atMs);
  for (const gapMs of gapsMs) {
    atMs += gapMs;
    intervals.seen(0, atMs);
  }
  return intervals.staleAfterMs(0);
}
const times = (n: number, gapMs: number) => new Array<number>(n).fill(gapMs);

describe('the interval to expect', () => {
  it.each([
    ['is the family’s own at first', 300 * second, [], 900 * second],
    ['is learnt from a few even gaps', 300 * second, times(6, 5 * second), 15 * second],
    ['is never so short that a stumble counts as silence', 300 * second, times(100, second), 5 * second],
    [
      'is the longest gap of a device that reports on change',
      60 * second,
      [...times(30, second), 60 * second, ...times(30, second), 60 * second],
      180 * second,
    ],
    [
      'is not shortened by a burst',
      300 * second,
      [...times(3, 300 * second), ...times(20, second)],
      900 * second,
    ],
    [
      'waits no more than four hours for a very slow one',
      300 * second,
      times(10, 7200 * second),
      4 * 3600 * second,
    ],
    ['ignores several messages of one instant', 60 * second, times(50, 0), 180 * second],
  ])('%s', (_name, expectedMs, gapsMs, staleMs) => {
    expect(watch(expectedMs, gapsMs)).toBe(staleMs);
  });

  it('forgets a former pace after a few minutes of a new one', () => {
    expect(watch(300 * second, [...times(10, 300 * second), ...times(6000, second)])).toBe(5 * second);
  });
});
