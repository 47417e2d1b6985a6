import { expect, it } from 'vitest';
import { CatchUp } from '../../src/catch-up.ts';
import { Watch } from '../../src/detect/watch.ts';
import type { StartEvent } from '../../src/model/event.ts';
import type { PowerTree } from '../../src/model/power-tree.ts';
import { Room } from '../../src/model/room.ts';
import { WatchGate } from '../../src/watch-gate.ts';
import { reading } from '../store/made-readings.ts';

const tree: PowerTree = {
  name: 'test',
  timezone: 'UTC',
  feeds: [],
  racks: [],
  servers: [{ name: 'two', inputs: [{ outlet: 'a/0' }, { outlet: 'b/0' }] }],
};
const beganMs = Date.UTC(2026, 0, 1);

type Take = (outlet: string, second: number, watts: number, receivedSecond?: number) => void;

/** The watch behind its gate, and what comes late, as the service joins them. */
function joined() {
  const starts: StartEvent[] = [];
  const watch = new Watch({
    tree,
    event: (event) => {
      if (event.kind === 'start') starts.push(event);
    },
  });
  const gate = new WatchGate({ watch, changed: () => {} });
  const catchUp = new CatchUp(tree, gate.late());
  const takeInto =
    (room: Room): Take =>
    (outlet, second, watts, receivedSecond = second) =>
      room.apply(
        {
          ...reading(outlet, beganMs + second * 1000, { watts }),
          receivedAtMs: beganMs + receivedSecond * 1000,
          atBasis: 'device',
        },
        1_000,
      );
  const live = new Room({
    tree,
    rollUp: () => {},
    observer: gate.live,
    late: (late, intervalMs) => catchUp.take(late, intervalMs),
  });
  const past = new Room({ tree, rollUp: () => {}, observer: gate.past() });
  return { starts, gate, live, take: takeInto(live), takePast: takeInto(past) };
}

/** Off until second 13, then a surge, then running. */
const draw = (second: number) => (second < 13 ? 0 : second < 16 ? 300 : 180);

const outlets = ['a/0', 'b/0', 'c/0'];

it.each([
  ['before', 60],
  ['after', 60],
  ['before', 250],
])(
  'a start while the service was away is found once, at its onset, with the past taken up %s it, away for %i s',
  (past, awaySeconds) => {
    const { starts, gate, live, take, takePast } = joined();
    const takeUpPast = () => {
      for (let second = 0; second < 3; second += 1)
        for (const outlet of outlets) takePast(outlet, second, draw(second));
      gate.open();
    };
    live.tick(beganMs + awaySeconds * 1000);
    if (past === 'before') takeUpPast();
    // The broker brings at once what it kept.
    for (let second = 3; second < awaySeconds; second += 1)
      for (const outlet of outlets) take(outlet, second, draw(second), awaySeconds + 0.5);
    if (past === 'after') takeUpPast();
    for (let second = awaySeconds + 1; second < awaySeconds + 10; second += 1)
      for (const outlet of outlets) take(outlet, second, draw(second));
    expect([...new Set(starts.map(({ start }) => start.id))]).toHaveLength(2);
    expect([...new Set(starts.map(({ scope }) => scope))].sort()).toEqual(['server:c/0', 'server:two']);
    for (const { start } of starts) {
      expect(start.atMs).toBe(beganMs + 13_000);
      expect(start.peakWatts).toBe(start.scope === 'server:two' ? 600 : 300);
    }
  },
);

it('a start is found at its onset when the store has what came before and after it, and the rest is still on its way there', () => {
  const { starts, gate, live, take, takePast } = joined();
  live.tick(beganMs + 40_000);
  // The broker brings at once what it kept; half of that reaches the store only by way of the backlog.
  for (let second = 3; second < 40; second += 1)
    for (const outlet of outlets) take(outlet, second, draw(second), 40.5);
  for (let second = 0; second < 35; second += 1)
    if (second < 5 || second > 20) for (const outlet of outlets) takePast(outlet, second, draw(second));
  gate.open();
  for (let second = 41; second < 50; second += 1)
    for (const outlet of outlets) take(outlet, second, draw(second));
  expect([...new Set(starts.map(({ scope }) => scope))].sort()).toEqual(['server:c/0', 'server:two']);
  expect([...new Set(starts.map(({ start }) => start.id))]).toHaveLength(2);
  for (const { start } of starts) {
    expect(start.atMs).toBe(beganMs + 13_000);
    expect(start.peakWatts).toBe(start.scope === 'server:two' ? 600 : 300);
  }
});

it('what is older than what was observed is history, and no start is found in it', () => {
  const { starts, gate, live, take, takePast } = joined();
  for (let second = 200; second < 230; second += 1) takePast('c/0', second, 180);
  gate.open();
  live.tick(beganMs + 231_000);
  for (let second = 0; second < 100; second += 1) take('c/0', second, draw(second), 231);
  for (let second = 232; second < 260; second += 1) take('c/0', second, 180);
  expect(starts).toEqual([]);
});
