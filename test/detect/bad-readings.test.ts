import { describe, expect, it } from 'vitest';
import { boot, chance, hour, onsets, onsetsOf, type Part, type Reading, seen, wave } from './waves.ts';

const off: Part = [hour, 2, 1];
const on: Part = [5 * hour, 250, 4];
const day = wave([off, ...boot(250), on, off, ...boot(250), on]);
const truth = [hour, 2 * hour + 145 + 5 * hour];
const some = (share: number, of: (one: Reading) => Reading[]) => {
  const next = chance(3);
  return day.flatMap((one) => (next() < share ? of(one) : [one]));
};
const told = (watts: (one: Reading) => number) => (one: Reading) => [{ ...one, watts: watts(one) }];

describe('bad readings are no start, no surge and no baseline', () => {
  it.each<[string, Reading[]]>([
    ['none', day],
    [
      'a 0 for a moment',
      some(
        0.001,
        told(() => 0),
      ),
    ],
    [
      '65,535 W for a moment',
      some(
        0.001,
        told(() => 65_535),
      ),
    ],
    [
      '25 kW, told twice',
      some(0.001, (one) => [
        { ...one, watts: 25_000 },
        { ...one, watts: 25_000 },
      ]),
    ],
    [
      'doubled samples',
      some(
        0.001,
        told(({ watts }) => 2 * watts),
      ),
    ],
    ['every reading twice', day.flatMap((one) => [one, one])],
    ['every reading again a moment later', day.flatMap((one) => [one, { ...one, atMs: one.atMs + 300 }])],
    ['lost readings', some(0.3, () => [])],
    ['times that tremble', some(1, (one) => [{ ...one, atMs: one.atMs + ((one.watts * 997) % 400) }])],
  ])('%s', (_, readings) => {
    const found = seen(readings);
    expect(onsetsOf(found).map((at, i) => Math.abs(at - truth[i]!) <= 2)).toEqual([true, true]);
    expect(Math.abs(found.idle.idleWatts! - 250)).toBeLessThan(5);
    for (const { peakWatts } of found.starts) expect(peakWatts).toBeLessThan(1_010);
  });

  it('readings in disorder, by up to three seconds', () => {
    const next = chance(5);
    const mixed = day
      .map((one) => ({ one, key: one.atMs + 3000 * next() }))
      .sort((a, b) => a.key - b.key)
      .map(({ one }) => one);
    const found = seen(mixed);
    expect(onsetsOf(found).map((at, i) => Math.abs(at - truth[i]!) <= 4)).toEqual([true, true]);
    expect(found.starts.map(({ peakWatts }) => peakWatts > 490)).toEqual([true, true]);
  });

  it('a wild reading within the surge is not its peak', () => {
    const wild = day.map((one, i) => (i === hour + 8 ? { ...one, watts: 25_550 } : one));
    expect(seen(wild).starts[0]!.peakWatts).toBeLessThan(520);
  });

  it('a great surge that does not vanish at once is one', () => {
    const great = wave([off, [4, 9_000, 50], [hour, 2_500, 20]]);
    expect(seen(great).starts[0]!.peakWatts).toBeGreaterThan(8_900);
  });
});

describe('holes', () => {
  const without = (fromSecond: number, toSecond: number) =>
    day.filter(({ atMs }) => {
      const second = (atMs - day[0]!.atMs) / 1000;
      return second < fromSecond || second >= toSecond;
    });

  it('a start within one was seen by nobody', () => {
    expect(onsets(without(hour - 600, hour + 1200))).toEqual([truth[1]]);
  });

  it('while it is on, or off, make no start', () => {
    expect(onsets(without(2 * hour, 4 * hour))).toEqual(truth);
    expect(onsets(without(600, 2400))).toEqual(truth);
  });
});

describe('a meter that is stuck', () => {
  const stuck = (fromSecond: number, seconds: number) =>
    day.map((one, i) =>
      i >= fromSecond && i < fromSecond + seconds ? { ...one, watts: day[fromSecond]!.watts } : one,
    );

  it('makes no start, and its old reading no baseline', () => {
    const busy = wave([
      off,
      ...boot(250),
      [3 * hour, 250, 4],
      [300, 400, 5],
      [3 * hour, 400],
      [hour, 250, 4],
    ]);
    const found = seen(busy);
    expect(onsetsOf(found)).toEqual([hour]);
    expect(Math.abs(found.idle.idleWatts! - 250)).toBeLessThan(5);
    expect(onsets(stuck(3 * hour, hour))).toEqual(truth);
  });
});

describe('a clock that jumps', () => {
  it.each([
    ['an hour forward', 3_600_000],
    ['an hour back', -3_600_000],
  ])('%s, in the middle of the day', (_, byMs) => {
    const middle = day[4 * hour]!.atMs;
    const moved = day.map((one) => (one.atMs < middle ? one : { ...one, atMs: one.atMs + byMs }));
    const found = seen(moved);
    expect(onsetsOf(found)).toEqual([truth[0], truth[1]! + byMs / 1000]);
    expect(Math.abs(found.idle.idleWatts! - 250)).toBeLessThan(5);
  });
});
