import { Watch } from '../../src/detect/watch.ts';
import type { PowerEvent } from '../../src/model/event.ts';
import type { IdleBaseline } from '../../src/model/idle.ts';
import type { PowerTree, Server } from '../../src/model/power-tree.ts';
import { type ServerObserver, told, toldWidth } from '../../src/model/server-observer.ts';
import type { StartRecord } from '../../src/model/start.ts';

/** How long, in seconds, what it draws, and by how much that trembles. */
export type Part = readonly [seconds: number, watts: number | ((second: number) => number), tremble?: number];

export interface Reading {
  readonly atMs: number;
  readonly watts: number;
  readonly volts?: number;
  readonly amps?: number;
}

export const beginMs = Date.UTC(2025, 2, 4);
export const minute = 60;
export const hour = 3_600;
export const day = 86_400;

/** Numbers from 0 to 1 that are the same in every run. */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** What a meter that reports every `every` seconds says of these parts, one after the other. */
export function wave(parts: readonly Part[], every = 1, from = 0): Reading[] {
  const next = chance(7);
  const readings: Reading[] = [];
  let second = 0;
  let due = 0;
  for (const [seconds, watts, tremble = 0] of parts) {
    for (; due < second + seconds; due += every) {
      const draw = typeof watts === 'number' ? watts : watts(due - second);
      const told = Math.round((draw + tremble * (2 * next() - 1)) * 10) / 10;
      readings.push({ atMs: beginMs + Math.round((from + due) * 1000), watts: Math.max(0, told) });
    }
    second += seconds;
  }
  return readings;
}

/** A server of `watts`: fans and self-test for some seconds, boot for two minutes, then idle. */
export function boot(watts: number): Part[] {
  return [
    [15, 2 * watts, 0.01 * watts],
    [40, 1.3 * watts, 0.02 * watts],
    [90, 1.6 * watts, 0.02 * watts],
  ];
}

const row = new Float64Array(toldWidth);

/** One reading of a load's only input, or of one of several: then with what that input drew by itself. */
export function observe(
  observer: ServerObserver,
  scope: number,
  atMs: number,
  watts: number,
  volts: number,
  amps: number,
  own: { readonly input: number; readonly watts: number } = { input: 0, watts },
): void {
  row[told.atMs] = atMs;
  row[told.watts] = watts;
  row[told.volts] = volts;
  row[told.input] = own.input;
  row[told.inputWatts] = own.watts;
  row[told.inputVolts] = volts;
  row[told.inputAmps] = amps;
  observer.observe(scope, row);
  if (!Number.isNaN(volts) || !Number.isNaN(amps)) observer.observeInput(scope, row);
}

export const noTree: PowerTree = { name: '', timezone: 'UTC', feeds: [], racks: [], servers: [] };
export const treeOf = (...servers: Server[]): PowerTree => ({ ...noTree, servers });

export interface Seen {
  readonly watch: Watch;
  readonly events: PowerEvent[];
  /** As last told, in the order of their onsets. */
  readonly starts: StartRecord[];
  readonly idle: IdleBaseline;
}

/** Runs readings of one load through the detectors, with time passing as in a room. */
export function seen(readings: readonly Reading[], quietSeconds = 0): Seen {
  const events: PowerEvent[] = [];
  const watch = new Watch({ tree: noTree, event: (event) => events.push(event) });
  watch.opened(0, 'server:a', ['pdu/1']);
  for (const { atMs, watts, volts = Number.NaN, amps = Number.NaN } of readings) {
    watch.tick(atMs);
    observe(watch, 0, atMs, watts, volts, amps);
  }
  if (quietSeconds > 0) watch.tick(readings.at(-1)!.atMs + quietSeconds * 1000);
  return { watch, events, starts: lastTold(events), idle: watch.idleOf('server:a')! };
}

export function lastTold(events: readonly PowerEvent[]): StartRecord[] {
  const starts = new Map<string, StartRecord>();
  for (const event of events) if (event.kind === 'start') starts.set(event.start.id, event.start);
  return [...starts.values()].sort((a, b) => a.atMs - b.atMs);
}

/** Onsets in seconds from the beginning. */
export const onsetsOf = ({ starts }: Pick<Seen, 'starts'>): number[] =>
  starts.map(({ atMs }) => (atMs - beginMs) / 1000);

export const onsets = (readings: readonly Reading[]): number[] => onsetsOf(seen(readings));
