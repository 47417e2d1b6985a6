import { describe, expect, it } from 'vitest';
import { type ServerObserver, told } from '../../src/model/server-observer.ts';
import { type GuardedWatch, WatchGate, waitingMax } from '../../src/watch-gate.ts';
import { observe } from '../detect/waves.ts';

function made(seenMs: Readonly<Record<string, number>> = {}) {
  const lines: unknown[][] = [];
  const inputs: unknown[][] = [];
  const changed: number[] = [];
  const ids: string[] = [];
  const watch: GuardedWatch = {
    opened: (scope, id) => {
      ids[scope] = id;
      lines.push(['opened', id]);
    },
    observe: (scope, row) => {
      lines.push([ids[scope], row[told.atMs], row[told.watts]]);
    },
    observeInput: (scope, row) => inputs.push([ids[scope], row[told.atMs]]),
    observedUntilMs: (scope) => seenMs[ids[scope]!] ?? 0,
    lost: (scope, atMs) => lines.push([ids[scope], atMs, 'lost']),
    stateOf: (scope) => (ids[scope] === 'server:b' ? 'idle' : undefined),
    idleWattsOf: (scope) => (ids[scope] === 'server:b' ? 7 : Number.NaN),
  };
  const gate = new WatchGate({ watch, changed: (scope) => changed.push(scope) });
  gate.live.opened(4, 'server:a', ['a/0']);
  gate.live.opened(9, 'server:b', ['b/0']);
  lines.length = 0;
  return { gate, lines, inputs, changed };
}
const observed = (observer: ServerObserver, scope: number, atMs: number, watts: number) =>
  observe(observer, scope, atMs, watts, 230, 1);

describe('the gate before the watch', () => {
  it('lets the past go first, whatever numbers its room has, and then what came live, in its order', () => {
    const { gate, lines } = made();
    observed(gate.live, 9, 100, 50);
    gate.live.lost(9, 110);
    observed(gate.live, 4, 120, 60);
    const past = gate.past();
    past.opened(1, 'server:b', ['b/0']);
    past.opened(2, 'server:gone', ['gone/0']);
    observed(past, 1, 10, 5);
    observed(past, 2, 20, 6);
    expect(lines).toEqual([
      ['opened', 'server:gone'],
      ['server:b', 10, 5],
      ['server:gone', 20, 6],
    ]);
    lines.length = 0;
    gate.open();
    observed(past, 1, 30, 5);
    observed(gate.live, 4, 130, 61);
    expect(lines).toEqual([
      ['server:b', 100, 50],
      ['server:b', 110, 'lost'],
      ['server:a', 120, 60],
      ['server:a', 130, 61],
    ]);
  });

  it('hears of the past what was not observed before, load by load, and of inputs what is newer than the checkpoint', () => {
    const { gate, lines, inputs } = made({ 'server:b': 90, 'server:a': 40 });
    const past = gate.past(80);
    past.opened(1, 'server:b', ['b/0']);
    past.opened(2, 'server:a', ['a/0']);
    for (const atMs of [30, 40, 50, 85, 90, 95]) for (const scope of [1, 2]) observed(past, scope, atMs, 5);
    expect(lines).toEqual([
      ['server:a', 50, 5],
      ['server:a', 85, 5],
      ['server:a', 90, 5],
      ['server:b', 95, 5],
      ['server:a', 95, 5],
    ]);
    expect(inputs.filter(([id]) => id === 'server:b')).toEqual([
      ['server:b', 85],
      ['server:b', 90],
      ['server:b', 95],
    ]);
  });

  it('knows no state before it is open, but idle levels; then it says what changed by the scopes of the room', () => {
    const { gate, changed } = made();
    expect([gate.live.stateOf(9), gate.live.idleWattsOf(9)]).toEqual([undefined, 7]);
    gate.changed(1);
    expect(changed).toEqual([]);
    gate.open();
    expect(changed).toEqual([4, 9]);
    expect(gate.live.stateOf(9)).toBe('idle');
    gate.changed(1);
    expect(changed).toEqual([4, 9, 9]);
  });

  it('gives the past up when too much waits', () => {
    const { gate, lines } = made();
    for (let i = 0; i < waitingMax - 1; i += 1) observed(gate.live, 4, i, 1);
    expect([gate.isOpen, lines.length]).toEqual([false, 0]);
    observed(gate.live, 4, waitingMax, 1);
    expect([gate.isOpen, lines.length]).toEqual([true, waitingMax]);
  });
});
