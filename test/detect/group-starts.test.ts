import { describe, expect, it } from 'vitest';
import { GroupStarts } from '../../src/detect/group-starts.ts';
import { LoadTable } from '../../src/detect/load-table.ts';
import { OpenStart } from '../../src/detect/open-start.ts';
import { Watch } from '../../src/detect/watch.ts';
import type { PowerEvent } from '../../src/model/event.ts';
import type { PowerTree } from '../../src/model/power-tree.ts';
import type { StartRecord } from '../../src/model/start.ts';
import { beginMs, boot, lastTold, minute, noTree, observe, type Part, wave } from './waves.ts';

interface Machine {
  /** By input: its outlet, and the part of the draw that flows there. */
  readonly inputs: readonly { readonly outlet: string; readonly breaker?: string; readonly share: number }[];
  readonly parts: readonly Part[];
}

const feeds = [
  { name: 'A', breakers: [{ name: 'A1' }, { name: 'A2' }] },
  { name: 'B', breakers: [{ name: 'B1' }] },
];
const offSeconds = 5 * minute;
const off: Part = [offSeconds, 0.5, 0.2];
const runSeconds = 20 * minute;

function treeOf(machines: readonly Machine[]): PowerTree {
  const servers = machines.map(({ inputs }, i) => ({ name: `s${i}`, inputs }));
  return { ...noTree, feeds, servers };
}

interface Told {
  readonly watch: Watch;
  readonly events: PowerEvent[];
  readonly starts: Map<string, StartRecord[]>;
  /** What flowed at each second in each outlet, W. */
  readonly truth: Map<string, number[]>;
}

/** Meters tell their outlets each second, one input of a server 5 ms after the other; the volts dip with the draw. */
function told(
  machines: readonly Machine[],
  from?: { watch: Watch; second: number },
  until?: number,
  isRead: (machine: number, second: number) => boolean = () => true,
): Told {
  const events: PowerEvent[] = [];
  const watch = from?.watch ?? new Watch({ tree: treeOf(machines), event: (event) => events.push(event) });
  const truth = new Map<string, number[]>();
  const waves = machines.map(({ parts }) => wave(parts));
  for (const [i, { inputs }] of machines.entries())
    watch.opened(
      i,
      `server:s${i}`,
      inputs.map(({ outlet }) => outlet),
    );
  const seconds = Math.min(until ?? Number.POSITIVE_INFINITY, ...waves.map(({ length }) => length));
  for (let second = from?.second ?? 0; second < seconds; second += 1) {
    watch.tick(beginMs + second * 1000);
    for (const [i, { inputs }] of machines.entries()) {
      if (!isRead(i, second)) continue;
      const { atMs, watts } = waves[i]![second]!;
      for (const [input, { outlet, share }] of inputs.entries()) {
        const own = { input, watts: watts * share };
        observe(watch, i, atMs + 5 * input, watts, 230 - own.watts / 100, Number.NaN, own);
        if (!truth.has(outlet)) truth.set(outlet, []);
        truth.get(outlet)![second] = own.watts;
      }
    }
  }
  watch.tick(beginMs + seconds * 1000);
  const starts = Map.groupBy(lastTold(events), ({ scope }) => scope);
  return { watch, events, starts, truth };
}

/** Servers of 200 W and more, off for five minutes, then started `gap` seconds apart. */
const alike = (
  count: number,
  gap: number,
  inputs: (i: number) => Machine['inputs'],
  then: readonly Part[] = [[runSeconds, 200, 3]],
): Machine[] =>
  Array.from({ length: count }, (_, i) => ({
    inputs: inputs(i),
    parts: [off, ...(i * gap === 0 ? [] : [[i * gap, 0.5, 0.2] as Part]), ...boot(200), ...then],
  }));

describe('several that start together', () => {
  it('are one start of their breaker, feed and device, with what they drew at the same moment', () => {
    const machines = alike(12, 1, (i) => [{ outlet: `pdu/${i}`, breaker: 'A1', share: 1 }]);
    const { starts, truth } = told(machines);
    const sums = [...truth.values()].reduce(
      (sum, one) => one.map((watts, at) => watts + (sum[at] ?? 0)),
      [] as number[],
    );
    const peakWatts = Math.max(...sums.slice(0, offSeconds + 120));
    for (const scope of ['breaker:A1', 'feed:A', 'device:pdu']) {
      const [start, ...others] = starts.get(scope)!;
      expect(others).toEqual([]);
      expect(start!.atMs).toBe(beginMs + offSeconds * 1000);
      expect(Math.abs(start!.peakWatts - peakWatts)).toBeLessThan(0.01 * peakWatts);
      expect(Math.abs(start!.settledWatts! - 2_400)).toBeLessThan(48);
      expect(start!.fromWatts).toBeCloseTo(6, 0);
      expect(start!.concurrent).toHaveLength(12);
      expect(start!.outlets).toHaveLength(12);
      expect(start!.inrushEstimate!.supplies).toBe(12);
      expect(start!.voltsMin).toBeLessThan(226.2);
      expect(start!.complete).toBe(true);
      expect(start!.sampleMs).toBe(1_000);
    }
    expect([...starts.keys()].filter((scope) => scope.startsWith('server:'))).toHaveLength(12);
  });

  it('count for each feed only with what they draw from it', () => {
    const machines = alike(4, 2, (i) => [
      { outlet: `a/${i}`, breaker: i < 2 ? 'A1' : 'A2', share: 0.7 },
      { outlet: `b/${i}`, breaker: 'B1', share: 0.3 },
    ]);
    const { starts } = told(machines);
    const peak = (scope: string) => starts.get(scope)![0]!.peakWatts;
    const watts = (scope: string) => starts.get(scope)![0]!.settledWatts!;
    expect(watts('feed:A') / 560).toBeCloseTo(1, 1);
    expect(watts('feed:B') / 240).toBeCloseTo(1, 1);
    expect(peak('feed:A') / 1_120).toBeCloseTo(1, 1);
    expect(peak('breaker:A1') / 560).toBeCloseTo(1, 1);
    expect(starts.get('breaker:A1')![0]!.outlets).toEqual(['a/0', 'a/1']);
    expect(starts.get('feed:B')![0]!.outlets).toEqual(['b/0', 'b/1', 'b/2', 'b/3']);
  });

  it('are told when the second one is certain, and each scope under one id', () => {
    const { events } = told(alike(5, 3, (i) => [{ outlet: `pdu/${i}`, share: 1 }]));
    const ofDevice = events.flatMap((event) =>
      event.kind === 'start' && event.scope === 'device:pdu' ? [event.start] : [],
    );
    expect(new Set(ofDevice.map(({ id }) => id)).size).toBe(1);
    expect(ofDevice[0]!.detectedAtMs - ofDevice[0]!.atMs).toBeLessThan(6_000);
    expect(ofDevice.map(({ complete }) => complete).lastIndexOf(false)).toBeLessThan(ofDevice.length - 1);
    expect(ofDevice.length).toBeLessThan(10);
  });

  it('are none when each starts minutes after the other, nor when only one does', () => {
    const { starts } = told(alike(3, 200, (i) => [{ outlet: `pdu/${i}`, share: 1 }]));
    expect([...starts.keys()].sort()).toEqual(['server:s0', 'server:s1', 'server:s2']);
  });

  it('are found also when one has a meter so slow that it tells when the other is long over', () => {
    const machines = alike(2, 10, (i) => [{ outlet: `pdu/${i}`, share: 1 }], [[40 * minute, 200, 3]]);
    const isRead = (i: number, second: number) =>
      i === 0 || second === 0 || (second - offSeconds - 30) % (20 * minute) === 0;
    const { starts, truth } = told(machines, undefined, undefined, isRead);
    const [start, ...others] = starts.get('device:pdu')!;
    expect(others).toEqual([]);
    expect(start!.atMs).toBe(beginMs + offSeconds * 1000);
    expect(start!.concurrent).toEqual(['server:s0', 'server:s1']);
    // The second one's draw is known from the next reading of its meter on.
    const knownFrom = offSeconds + 30;
    const seen = truth
      .get('pdu/0')!
      .map((watts, at) => watts + (at < knownFrom ? 0 : truth.get('pdu/1')![knownFrom]!));
    expect(start!.peakWatts).toBeCloseTo(Math.max(...seen.slice(0, knownFrom + 30)), -1);
    expect(start!.settledWatts).toBeCloseTo(200 + truth.get('pdu/1')![knownFrom]!, -1);
  });

  it('are found once over a restart in the middle of it', () => {
    const machines = alike(4, 2, (i) => [{ outlet: `pdu/${i}`, breaker: 'A1', share: 1 }]);
    const whole = told(machines).starts.get('breaker:A1')!;
    const first = told(machines, undefined, offSeconds + 60);
    const events: PowerEvent[] = [];
    const next = new Watch({ tree: treeOf(machines), event: (event) => events.push(event) });
    next.load(Buffer.concat([...first.watch.save(beginMs + (offSeconds + 60) * 1000)]));
    told(machines, { watch: next, second: offSeconds + 60 });
    const later = lastTold(events).filter(({ scope }) => scope === 'breaker:A1');
    expect(later).toHaveLength(1);
    expect({ ...later[0]!, detectedAtMs: 0 }).toEqual({ ...whole[0]!, detectedAtMs: 0 });
  });
});

it('several of which one does not come back after a restart are forgotten in time', () => {
  const groups = new GroupStarts(() => {});
  groups.load([
    { scope: 'breaker:A1', atMs: beginMs, loads: ['server:a', 'server:gone'], told: false, toldAgain: false },
  ]);
  for (const [scope, name] of ['a', 'b'].entries()) {
    const load = new LoadTable().open(scope, `server:${name}`);
    groups.join(load, new OpenStart(load.id, beginMs, 0, 1_000, 1), new Map([['breaker:A1', [0]]]));
  }
  groups.tick(beginMs + 30 * minute * 1000);
  expect(groups.save()).toHaveLength(1);
  groups.tick(beginMs + 41 * minute * 1000);
  expect(groups.save()).toEqual([]);
});

describe('cabling that changes while several start', () => {
  const cabledTo = (breaker: string): PowerTree => ({
    ...noTree,
    feeds,
    servers: [0, 1].map((i) => ({
      name: `s${i}`,
      inputs: [
        { outlet: `a/${i}`, breaker },
        { outlet: `b/${i}`, breaker: 'B1' },
      ],
    })),
  });
  const machines = alike(2, 1, (i) => [
    { outlet: `a/${i}`, breaker: 'A1', share: 0.5 },
    { outlet: `b/${i}`, breaker: 'B1', share: 0.5 },
  ]);

  it('does not change what they drew until then', () => {
    const { watch, events } = told(machines, undefined, offSeconds + 60);
    for (const i of [0, 1]) watch.opened(i, `server:s${i}`, [`a/${i}`]);
    watch.tick(beginMs + (offSeconds + 20 * minute) * 1000);
    const ofB = lastTold(events).find(({ scope }) => scope === 'breaker:B1')!;
    expect(ofB).toMatchObject({ outlets: ['b/0', 'b/1'], complete: true });
    expect(ofB.peakWatts / 400).toBeCloseTo(1, 1);
  });

  it('leaves nobody behind on the breaker they were on', () => {
    const { watch, events } = told(machines, undefined, offSeconds + 60);
    const third: Machine = alike(1, 0, () => [{ outlet: 'c/0', breaker: 'A1', share: 1 }])[0]!;
    watch.recable({
      ...cabledTo('A2'),
      servers: [...cabledTo('A2').servers, { name: 's2', inputs: third.inputs }],
    });
    watch.opened(2, 'server:s2', ['c/0']);
    for (const { atMs, watts } of wave(third.parts).slice(0, offSeconds + 60))
      observe(watch, 2, atMs, watts, Number.NaN, Number.NaN);
    expect(lastTold(events).find(({ scope }) => scope === 'server:s2')!.concurrent).toEqual([]);
  });
});

describe('a brown-out', () => {
  it('that machines ride through is no start; of those it takes down the breaker tells', () => {
    const dip: Part[] = [
      [runSeconds, 300, 3],
      [4, 210, 3],
      [runSeconds, 300, 3],
    ];
    const down: Part[] = [[runSeconds, 300, 3], [25, 0.5, 0.2], ...boot(300), [runSeconds, 300, 3]];
    const machines: Machine[] = Array.from({ length: 10 }, (_, i) => ({
      inputs: [{ outlet: `pdu/${i}`, breaker: 'A1', share: 1 }],
      parts: i < 7 ? dip : down,
    }));
    const { starts } = told(machines);
    expect(starts.get('breaker:A1')![0]!.concurrent).toHaveLength(3);
    expect([...starts.keys()].sort()).toEqual([
      'breaker:A1',
      'device:pdu',
      'feed:A',
      'server:s7',
      'server:s8',
      'server:s9',
    ]);
  });
});
