import { describe, expect, it } from 'vitest';
import { boot, minute, onsets, type Part, wave } from './waves.ts';

const on: Part = [10 * minute, 200, 2];
const boots = [...boot(200), [20 * minute, 200, 2] as Part];

describe('a power cycle of seconds', () => {
  it.each([
    ['5 s', 5, 1],
    ['3 s', 3, 0.1],
    ['4 s', 4, 2],
    ['2 s', 2, 1],
  ])('of %s is a start for a meter that sees it', (_, seconds, every) => {
    const found = onsets(wave([on, [seconds, 0.4, 0.2], ...boots], every));
    expect(found).toHaveLength(1);
    expect(Math.abs(found[0]! - (10 * minute + seconds))).toBeLessThanOrEqual(every);
  });

  it('is none where the meter told 0 W once, or twice and the load is as it was', () => {
    expect(onsets(wave([on, [1, 0], ...boots]))).toEqual([]);
    expect(onsets(wave([on, [2, 0], on, [2, 0], on]))).toEqual([]);
    expect(onsets(wave([on, [1, 0], on], 0.1))).toEqual([]);
  });

  it('is none for a load that had not run for minutes: what switches every few seconds is at work', () => {
    const plate: Part[] = Array.from({ length: 100 }, (_, i) =>
      i % 2 === 0 ? [6, 1_200, 5] : [6, 0.3, 0.1],
    );
    expect(onsets(wave([[minute, 0.3, 0.1], ...plate]))).toHaveLength(1);
  });
});

describe('pulses of seconds', () => {
  const pulses = (count: number): Part[] =>
    Array.from({ length: 2 * count }, (_, i) => (i % 2 === 0 ? [100, 7, 0.3] : [8, 850, 5]));

  it('that come again and again are no starts after the first few', () => {
    expect(onsets(wave(pulses(80))).length).toBeLessThanOrEqual(3);
  });

  it('hide no start that lasts', () => {
    const found = onsets(wave([...pulses(10), [100, 7, 0.3], ...boots]));
    expect(found.at(-1)).toBe(10 * 108 + 100);
  });
});
