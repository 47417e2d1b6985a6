import { describe, expect, it } from 'vitest';
import { beginMs, boot, hour, minute, observe, onsets, type Part, seen, wave } from './waves.ts';

const running: Part = [2 * hour, 250, 4];
const off: Part = [hour, 1, 0.5];
const standby: Part = [hour, 12, 0.5];

describe('a start is found once, at its onset', () => {
  it.each<[string, Part[], number[]]>([
    ['of a server that was off', [off, ...boot(250), running], [hour]],
    ['of one whose BMC was up', [standby, ...boot(250), running], [hour]],
    ['again after it was off', [off, ...boot(250), running, off, ...boot(250), running], [3600, 14545]],
    ['of one that is switched off and on within 15 s', [running, [15, 0], ...boot(250), running], [7215]],
    ['though it boots in circles', [off, ...boot(250), ...boot(250), ...boot(250), running], [hour]],
    ['where the BMC comes up first', [off, [50, 12, 0.5], ...boot(250), running], [hour]],
    ['of a blade that tests itself for minutes', [off, [20, 60, 2], [180, 110, 3], running], [hour]],
    ['of a GPU server, from a standby of 60 W', [[hour, 60, 0.5], ...boot(2400), [hour, 2400, 20]], [hour]],
    ['of a heater', [off, [600, 1800, 8], [600, 1, 0.5], [600, 1800, 8]], [3600, 4800]],
    ['of a small NAS', [off, [20, 45, 2], [40, 30, 2], [hour, 26, 1]], [hour]],
    ['of a compressor', [off, [1, 900], [600, 85, 2], [900, 1, 0.5], [1, 880], [600, 85, 2]], [3600, 5101]],
  ])('%s', (_, parts, at) => {
    expect(onsets(wave(parts))).toEqual(at);
  });

  it.each<[string, Part[]]>([
    ['that was never off and works at times', [running, [hour, 480, 10], running]],
    ['in a brown-out of some seconds', [running, [3, 60, 5], [10, 290, 5], running]],
    ['that restarts without losing its power', [running, [10, 180, 4], ...boot(250), running]],
    ['whose second supply wakes up, in the sum', [running, [20, 258, 4], running]],
    ['whose cord is plugged over, in the sum', [running, [5, 243, 4], running]],
    ['that draws more by and by', [[hour, (s) => 40 + s / 60, 0.5]]],
    ['that is a switch', [[2 * hour, (s) => 7 + 3 * Math.sin(s / 50), 0.5]]],
  ])('and there is none of a machine %s', (_, parts) => {
    expect(onsets(wave(parts))).toEqual([]);
  });

  it('also at ten readings a second, and of a meter put on backwards', () => {
    const parts: Part[] = [[600, 1, 0.5], ...boot(250), [600, 250, 4]];
    expect(onsets(wave(parts, 0.1))).toEqual([600]);
    expect(onsets(wave(parts).map((one) => ({ ...one, watts: -one.watts })))).toEqual([600]);
  });
});

describe('idling is told from standby', () => {
  const jobs = (idle: number, job: number, seconds: number, of = 10): Part[] =>
    Array.from({ length: of }, (): Part[] => [
      [40 * minute, idle, 0.4],
      [seconds, job, 0.03 * job],
    ]).flat();

  it.each<[string, Part[]]>([
    ['12 W with jobs of 40 W', jobs(12, 40, 200)],
    ['9 W with bursts of 40 W', jobs(9, 40, 30)],
    ['25 W with jobs of 150 W', jobs(25, 150, 900)],
    ['40 W with jobs of 200 W', jobs(40, 200, 900)],
  ])('a machine that idles at %s starts at none of them', (_, parts) => {
    const { starts, idle } = seen(wave(parts, 2));
    expect(starts).toEqual([]);
    expect(idle.idleWatts).toBeCloseTo(parts[0]![1] as number, 0);
  });

  it('a machine seen off starts once, whatever jobs it gets', () => {
    expect(onsets(wave([off, ...boot(40), ...jobs(40, 200, 900)], 2))).toEqual([hour]);
  });

  it('what boots from 38 W with a surge was in standby', () => {
    const day: Part[] = [[2 * hour, 38, 0.5], [20, 230, 5], [80, 190, 6], running];
    expect(onsets(wave([...day, ...day]))).toEqual([7200, 7200 + 7300 + 7200]);
  });

  it('what boots without a surge is told when it has lasted, with its onset', () => {
    const { starts } = seen(
      wave([
        [2 * hour, 38, 0.5],
        [2 * hour, 150, 3],
      ]),
    );
    expect(starts).toMatchObject([{ atMs: beginMs + 7_200_000, detectedAtMs: beginMs + 9_000_000 }]);
  });

  it('long jobs are taken for starts a few times at most', () => {
    expect(seen(wave(jobs(40, 200, 2 * hour, 12), 5)).starts.length).toBeLessThanOrEqual(4);
  });

  it('so are jobs that begin with a burst', () => {
    const bursts = Array.from({ length: 60 }, (): Part[] => [
      [40 * minute, 40, 0.4],
      [30, 260, 6],
      [870, 200, 6],
    ]).flat();
    const { starts, idle } = seen(wave(bursts, 5));
    expect(starts.length).toBeLessThanOrEqual(15);
    expect(idle.idleWatts).toBeCloseTo(40, 0);
  });

  it('a machine that boots from standby some times a day stays one that does', () => {
    const boots = Array.from({ length: 12 }, (): Part[] => [
      [4 * hour, 38, 0.5],
      [20, 230, 5],
      [80, 190, 6],
      [hour, 150, 3],
    ]).flat();
    expect(onsets(wave(boots, 5))).toHaveLength(12);
  });

  it.each([
    [12, 30],
    [12, 120],
    [20, 300],
  ])(
    'a machine whose baseline is known is off at %i W for %i s, though that standby was never seen',
    (watts, seconds) => {
      const parts: Part[] = [[8 * hour, 200, 3], [seconds, watts, 1], ...boot(200), [20 * minute, 200, 3]];
      expect(onsets(wave(parts))).toEqual([8 * hour + seconds]);
    },
  );

  it('a BMC that a coarse meter shows as 0, 10 and 20 W is off', () => {
    const flicker: Part = [3 * hour, (s) => 10 * (Math.floor(s / 7) % 3)];
    const { starts } = seen(wave([flicker, ...boot(250), running]));
    expect(starts.filter(({ peakWatts }) => peakWatts > 100)).toHaveLength(1);
    expect(starts.length).toBeLessThanOrEqual(4);
  });
});

describe('the state of a load', () => {
  it('goes from off over starting to active and idle, and back to standby', () => {
    const parts: Part[] = [off, ...boot(250), [30 * minute, 400, 5], [4 * hour, 250, 4], standby];
    const states: string[] = [];
    const readings = wave(parts);
    const { watch } = seen([]);
    for (const { atMs, watts } of readings) {
      observe(watch, 0, atMs, watts, Number.NaN, Number.NaN);
      const state = watch.stateOf(0) ?? 'unknown';
      if (states.at(-1) !== state) states.push(state);
    }
    expect(states.slice(0, 4)).toEqual(['unknown', 'off', 'starting', 'active']);
    expect(states).toContain('idle');
  });

  it('is standby where it rests above what a machine draws that is off', () => {
    const { watch } = seen(wave([standby, ...boot(250), running, standby]));
    expect(watch.stateOf(0)).toBe('standby');
  });

  it('is unknown while an input is silent', () => {
    const { watch } = seen(wave([off]));
    watch.lost(0);
    expect(watch.stateOf(0)).toBeUndefined();
  });
});
