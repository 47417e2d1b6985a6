import { describe, expect, it } from 'vitest';
import { beginMs, boot, chance, day, hour, type Part, type Reading, seen, wave } from './waves.ts';

/** A server that works by day: at rest for most of the night, bursts else. */
function workingDays(days: number, idle: number, seed = 1): Part[] {
  const next = chance(seed);
  return Array.from({ length: days * 24 }, (_, i): Part[] => {
    const load = i % 24 < 8 ? 0.1 : 0.7;
    return next() < load
      ? [
          [hour / 2, idle * (1.3 + next()), 0.1 * idle],
          [hour / 2, idle, 0.015 * idle],
        ]
      : [[hour, idle, 0.015 * idle]];
  }).flat();
}

const moves = (readings: readonly Reading[]) =>
  seen(readings).events.flatMap((event) =>
    event.kind === 'idle' && event.change === 'moved' ? [event] : [],
  );
const near = (watts: number, wanted: number) => Math.abs(watts - wanted) <= Math.max(3, 0.03 * wanted);

describe('an idle baseline', () => {
  it('is learnt within hours, with confidence that grows', () => {
    const early = seen(wave(workingDays(1, 200).slice(0, 4), 10)).idle;
    expect(early).toMatchObject({ learning: false, basis: 'measured' });
    expect(near(early.idleWatts!, 200)).toBe(true);
    const late = seen(wave(workingDays(6, 200), 30)).idle;
    expect(near(late.idleWatts!, 200)).toBe(true);
    expect(late.confidence).toBeGreaterThan(early.confidence);
    expect(late.hoursObserved).toBeGreaterThan(100);
    expect(late.idleShare).toBeGreaterThan(0.4);
    expect(late.busyWatts).toBeGreaterThan(300);
  });

  it('has no beginning while the machine has not been seen on', () => {
    expect(seen(wave([[hour, 1, 0.3]])).idle).not.toHaveProperty('sinceMs');
    expect(seen(wave([[hour, 250, 3]])).idle.sinceMs).toBe(beginMs);
  });

  it('is not told before it is worth something', () => {
    expect(seen(wave([[0.25 * hour, 200, 3]])).idle).toMatchObject({
      learning: true,
      confidence: 0,
      basis: 'unknown',
    });
    expect(seen(wave([[1.5 * hour, 200, 3]])).idle.learning).toBe(true);
  });

  it('is told once when it is known', () => {
    const learnt = seen(wave(workingDays(3, 120), 30)).events.filter(({ kind }) => kind === 'idle');
    expect(learnt).toMatchObject([{ change: 'learnt', scope: 'server:a' }]);
  });

  it('is not measured where the machine never rests', () => {
    const { idle } = seen(wave([[2 * day, (s) => 300 + 200 * Math.sin(s / 997), 40]], 30));
    expect(idle.idleShare).toBeLessThan(0.5);
    expect(idle.confidence).toBeLessThan(0.9);
  });
});

describe('it moves when the machine changes, and says since when', () => {
  it('with a new disk: 8 W more, within two days', () => {
    const readings = wave([...workingDays(7, 120), ...workingDays(4, 128, 2)], 30);
    const [moved, ...others] = moves(readings);
    expect(others).toEqual([]);
    expect(near(moved!.idleWatts, 128)).toBe(true);
    expect(near(moved!.fromWatts!, 120)).toBe(true);
    expect(Math.abs(moved!.sinceMs - (beginMs + 7 * 86_400_000))).toBeLessThan(12 * 3_600_000);
    expect(moved!.atMs - (beginMs + 7 * 86_400_000)).toBeLessThan(2.5 * 86_400_000);
  });

  it('with new firmware: 30 W less, within hours', () => {
    const readings = wave([...workingDays(7, 150), ...workingDays(2, 120, 2)], 30);
    const [moved, ...others] = moves(readings);
    expect(others).toEqual([]);
    expect(near(moved!.idleWatts, 120)).toBe(true);
    expect(Math.abs(moved!.sinceMs - (beginMs + 7 * 86_400_000))).toBeLessThan(6 * 3_600_000);
    expect(moved!.atMs - (beginMs + 7 * 86_400_000)).toBeLessThan(86_400_000);
  });
});

describe('it is never dragged', () => {
  const week = workingDays(7, 200);
  it.each<[string, Part[]]>([
    ['by time off', [...week, [3 * day, 1, 0.5], ...boot(200), ...workingDays(1, 200)]],
    ['by time in standby', [...week, [3 * day, 14, 0.5], ...boot(200), ...workingDays(1, 200)]],
    [
      'by many starts',
      [
        ...week,
        ...Array.from({ length: 20 }, () => [
          [600, 1, 0.5] as Part,
          ...boot(200),
          [600, 200, 3] as Part,
        ]).flat(),
      ],
    ],
    ['by a stuck meter', [...week, [hour, 320], ...workingDays(1, 200)]],
    ['by a week of load', [...week, [7 * day, 420, 40], ...workingDays(1, 200)]],
    [
      'by single minutes below',
      [
        ...week,
        ...Array.from({ length: 30 }, (): Part[] => [
          [60, 120, 2],
          [hour, 200, 3],
        ]).flat(),
      ],
    ],
  ])('%s', (_, parts) => {
    const readings = wave(parts, 60);
    expect(near(seen(readings).idle.idleWatts!, 200)).toBe(true);
    expect(moves(readings)).toEqual([]);
  });
});

describe('off and standby', () => {
  it('are told beside it', () => {
    const { idle } = seen(wave([[8 * hour, 4, 0.5], ...boot(100), [6 * hour, 100, 1.5]], 5));
    expect(idle.offWatts).toBeCloseTo(4, 0);
    expect(near(idle.idleWatts!, 100)).toBe(true);
  });

  it('what never starts and draws a few watts idles at them', () => {
    const { idle } = seen(wave([[day, 11, 1]], 5));
    expect(near(idle.idleWatts!, 11)).toBe(true);
    expect(idle).not.toHaveProperty('offWatts');
  });
});
