import { describe, expect, it } from 'vitest';
import { boot, hour, minute, onsets, type Part, type Reading, seen, wave } from './waves.ts';

const parts: Part[] = [
  [8 * hour, 3, 1],
  ...boot(250),
  [6 * hour, 250, 3],
  [hour, 3, 1],
  ...boot(250),
  [hour, 250, 3],
];
const truth = [8 * hour, 8 * hour + 145 + 6 * hour + hour];

describe('a meter that reports seldom', () => {
  it.each([2, 5, 10, 30, 60, 300])(
    'every %i s: each start once, no other, and the same idle level',
    (every) => {
      const readings = wave(parts, every);
      const found = onsets(readings);
      expect(found.map((at, i) => at - truth[i]! >= 0 && at - truth[i]! <= every)).toEqual([true, true]);
      expect(seen(readings).idle.idleWatts).toBeGreaterThan(245);
      expect(seen(readings).idle.idleWatts).toBeLessThan(255);
      expect(seen(readings).starts[0]).toMatchObject({ peakIs: 'lower-bound', sampleMs: every * 1000 });
    },
  );
});

describe('a meter that reports on change', () => {
  const onChange = (readings: readonly Reading[], beatSeconds: number) => {
    const told: Reading[] = [readings[0]!];
    for (const one of readings) {
      const last = told.at(-1)!;
      const moved = Math.abs(one.watts - last.watts) > Math.max(5, 0.02 * last.watts);
      if (moved || one.atMs - last.atMs >= beatSeconds * 1000) told.push(one);
    }
    return told;
  };

  it.each([minute, 5 * minute, Number.POSITIVE_INFINITY])('and otherwise every %d s', (beat) => {
    expect(onsets(onChange(wave(parts), beat))).toEqual(truth);
  });

  it('holds a level that it told once', () => {
    const at = (second: number, watts: number): Reading => ({ atMs: 1e12 + second * 1000, watts });
    const { starts } = seen([at(0, 0), at(100, 90), at(4000, 0), at(9000, 90)], hour);
    expect(starts.map(({ atMs }) => (atMs - 1e12) / 1000)).toEqual([100, 9000]);
    expect(starts[0]).toMatchObject({ settledWatts: 90, peakWatts: 90 });
  });

  it('tells the end of a start, and the next one, from a single word between them', () => {
    const at = (second: number, watts: number): Reading => ({ atMs: 1e12 + second * 1000, watts });
    const { events, starts } = seen([at(0, 0), at(100, 90), at(400, 0), at(900, 90)], hour);
    expect(starts.map(({ atMs }) => (atMs - 1e12) / 1000)).toEqual([100, 900]);
    expect(starts[0]).toMatchObject({ complete: true, settledWatts: 90 });
    const completed = events.filter((event) => event.kind === 'start' && event.start.complete);
    expect(completed).toHaveLength(2);
  });
});
