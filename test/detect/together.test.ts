import { describe, expect, it } from 'vitest';
import { Watch } from '../../src/detect/watch.ts';
import type { PowerEvent } from '../../src/model/event.ts';
import type { PowerTree } from '../../src/model/power-tree.ts';
import type { StartRecord } from '../../src/model/start.ts';
import {
  boot,
  hour,
  lastTold,
  minute,
  noTree,
  observe,
  type Part,
  type Reading,
  treeOf,
  wave,
} from './waves.ts';

interface Machine {
  readonly id: string;
  readonly outlets: string[];
  readonly readings: Reading[];
}

/** All machines at once, in the order of time. */
function seenTogether(tree: PowerTree, machines: readonly Machine[]) {
  const events: PowerEvent[] = [];
  const watch = new Watch({ tree, event: (event) => events.push(event) });
  for (const [scope, { id, outlets }] of machines.entries()) watch.opened(scope, id, outlets);
  const all = machines.flatMap(({ readings }, scope) => readings.map((reading) => ({ scope, ...reading })));
  for (const { scope, atMs, watts } of all.sort((a, b) => a.atMs - b.atMs)) {
    watch.tick(atMs);
    observe(watch, scope, atMs, watts, Number.NaN, Number.NaN);
  }
  watch.tick(all.at(-1)!.atMs + 1_000);
  const told = lastTold(events);
  const isLoad = ({ scope }: StartRecord) => scope.startsWith('server:');
  const groups = new Map(told.filter((start) => !isLoad(start)).map((start) => [start.scope, start]));
  return {
    watch,
    events,
    starts: told.filter(isLoad),
    groups,
    groupCount: told.length - told.filter(isLoad).length,
  };
}

const off: Part = [30 * minute, 1, 0.5];
const serverOn = (number: number, from: number): Machine => ({
  id: `server:s${number}`,
  outlets: [`pdu/${number}`],
  readings: wave([[from, 1, 0.5], off, ...boot(200 + number), [hour, 200 + number, 3]], 2),
});
const treeWith = (machines: number, breakerOf: (number: number) => string) =>
  treeOf(
    ...Array.from({ length: machines }, (_, i) => ({
      name: `s${i}`,
      inputs: [{ outlet: `pdu/${i}`, breaker: breakerOf(i) }],
    })),
  );

const feedOfFour = { feeds: [{ name: 'A', breakers: [0, 1, 2, 3].map((i) => ({ name: `A${i}` })) }] };

describe('servers that start together', () => {
  it('are found once each, and each names the eleven others on its breaker', () => {
    const machines = Array.from({ length: 12 }, (_, i) => serverOn(i, i));
    const { starts } = seenTogether(
      treeWith(12, () => 'A1'),
      machines,
    );
    expect(starts.map(({ scope }) => scope).sort()).toEqual(machines.map(({ id }) => id).sort());
    for (const { scope, concurrent } of starts) {
      expect([...concurrent, scope].sort()).toEqual(machines.map(({ id }) => id).sort());
    }
  });

  it('do not name those on another breaker, nor those minutes later', () => {
    const machines = [0, 1, 2].map((i) => serverOn(i, i === 2 ? 300 : 0));
    const { starts } = seenTogether(
      treeWith(3, (i) => (i === 1 ? 'B1' : 'A1')),
      machines,
    );
    expect(starts.map(({ concurrent }) => concurrent)).toEqual([[], [], []]);
  });

  it('where no breaker is named, name those on the same device', () => {
    const machines = [0, 1].map((i) => serverOn(i, 0));
    const { starts } = seenTogether(noTree, machines);
    expect(starts.map(({ concurrent }) => concurrent.length)).toEqual([1, 1]);
  });
});

describe('the return of a feed', () => {
  it('is one start for each of forty outlets, also of those whose machine stays in standby for a while', () => {
    const machines = Array.from({ length: 40 }, (_, i): Machine => {
      const before: Part[] = [
        [hour, 300, 4],
        [5 * minute, 0],
      ];
      const after: Part[] = [[20 + i, 12, 0.5], ...boot(300), [hour, 300, 4]];
      return { id: `server:pdu/${i}`, outlets: [`pdu/${i}`], readings: wave([...before, ...after], 5) };
    });
    const { starts, groups, groupCount } = seenTogether(
      { ...treeWith(40, (number) => `A${number % 4}`), ...feedOfFour },
      machines.map((machine, i) => ({ ...machine, id: `server:s${i}` })),
    );
    expect(starts).toHaveLength(40);
    expect(new Set(starts.map(({ scope }) => scope)).size).toBe(40);
    for (const { concurrent, peakWatts } of starts) {
      expect(concurrent).toHaveLength(9);
      expect(peakWatts).toBeGreaterThan(560);
    }
    // Four breakers, the feed and the device, each once, with what flowed there at one moment.
    expect(groupCount).toBe(6);
    for (const [scope, share] of [
      ['feed:A', 1],
      ['device:pdu', 1],
      ['breaker:A0', 1 / 4],
      ['breaker:A3', 1 / 4],
    ] as const) {
      const start = groups.get(scope)!;
      const ofIt = machines.filter((_, i) => share === 1 || scope === `breaker:A${i % 4}`);
      const sums = ofIt[0]!.readings.map((_, at) =>
        ofIt.reduce((sum, { readings }) => sum + readings[at]!.watts, 0),
      );
      const at = (ms: number) => ofIt[0]!.readings.findIndex(({ atMs }) => atMs >= ms);
      const peakWatts = Math.max(...sums.slice(at(start.atMs), at(start.peakAtMs) + 1));
      expect(start.concurrent).toHaveLength(40 * share);
      expect(start.outlets).toHaveLength(40 * share);
      expect(start.fromWatts).toBe(0);
      expect(start.complete).toBe(true);
      // As at that moment, and those of the first minute were no greater.
      expect(start.peakWatts).toBeCloseTo(sums[at(start.peakAtMs)]!, 1);
      expect(start.peakWatts).toBeCloseTo(peakWatts, 1);
      expect(start.peakAtMs - start.atMs).toBeGreaterThan(40_000);
      expect(Math.abs(start.settledWatts! - 12_000 * share)).toBeLessThan(300 * share);
    }
  });
});
