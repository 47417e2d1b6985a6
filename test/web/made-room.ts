import type { HistoryAnswer, TreeAnswer } from '../../src/api/shapes.ts';
import type { FigureChange } from '../../src/live/protocol.ts';
import type { Figure, PowerState } from '../../src/model/figure.ts';
import { AlertDesk } from './alert-desk.ts';
import { makeEnergy } from './made-energy.ts';
import type { RoomScript } from './room-server.ts';

const minuteMs = 60_000;

/**
 * A room of so many two-supply servers in three racks on feeds A and B, every figure a plain function of its
 * number and the time, so that a test can say beforehand what must be seen.
 */
export function makeRoom(serverCount: number, nowMs = Date.now()): RoomScript {
  const numbers = Array.from({ length: serverCount }, (_, i) => i);
  const script: RoomScript = {
    tree: makeTree(numbers),
    devices: { rows: [] },
    ready: {
      ready: true,
      broker: { ok: true, state: 'subscribed', url: 'mqtt://127.0.0.1:1883' },
      store: { ok: true, kind: 'embedded' },
      backlog: { ok: true, readings: 0, bytes: 0 },
      intake: { waiting: 0, dropped: { repeats: 0, newest: 0 } },
    },
    figures: new Map(),
    starts: [],
    idle: { rows: [] },
    energy: (asked) => makeEnergy(script, asked),
    alerts: new AlertDesk(),
    session: { name: 'anyone', role: 'operate', basis: 'open' },
    tokens: new Map(),
    history: (scope, fromMs, toMs) => makeHistory(scope, fromMs, toMs, script.figures.get(scope)?.watts ?? 0),
    failing: new Set(),
    silent: new Set(),
  };
  for (const [scope, figure] of Object.entries(makeFigures(numbers, nowMs))) {
    script.figures.set(scope, figure as Figure);
  }
  return script;
}

export function serverName(number: number): string {
  return `srv-${String(number).padStart(3, '0')}`;
}

/** W of server `number` at that time. */
export function wattsOf(number: number, atMs: number): number {
  const base = 90 + ((number * 37) % 300);
  return Math.round((base + base * 0.05 * Math.sin(atMs / 20_000 + number)) * 10) / 10;
}

/** Every figure of the room at that time. */
export function makeFigures(numbers: readonly number[], atMs: number): Record<string, FigureChange> {
  const figures: Record<string, FigureChange> = {};
  const racks = [0, 0, 0];
  let roomWatts = 0;
  for (const number of numbers) {
    const watts = wattsOf(number, atMs);
    roomWatts += watts;
    racks[number % 3]! += watts;
    figures[`server:${serverName(number)}`] = figureOf(watts, atMs - (number % 5) * 400, stateOf(number));
    figures[`outlet:pdu-a/${number}`] = figureOf(watts * 0.5, atMs - 400, stateOf(number));
    figures[`outlet:pdu-b/${number}`] = figureOf(watts * 0.5, atMs - 400, stateOf(number));
  }
  figures.room = figureOf(roomWatts, atMs, 'active');
  racks.forEach((watts, i) => {
    figures[`rack:r${i + 1}`] = figureOf(watts, atMs, 'active');
  });
  for (const feed of ['A', 'B']) {
    figures[`feed:${feed}`] = figureOf(roomWatts / 2, atMs, 'active');
    figures[`breaker:${feed}1`] = figureOf(roomWatts / 4, atMs, 'active');
    figures[`breaker:${feed}2`] = figureOf(roomWatts / 4, atMs, 'active');
  }
  return figures;
}

function figureOf(watts: number, atMs: number, state: PowerState): Figure {
  return {
    watts: Math.round(watts * 100) / 100,
    voltAmps: Math.round(watts * 105) / 100,
    amps: Math.round((watts * 105) / 231) / 100,
    volts: 231,
    powerFactor: 0.95,
    state,
    atMs,
    stale: false,
    todayWattHours: watts * 9.5,
    basis: 'measured',
  };
}

function stateOf(number: number): PowerState {
  return number % 4 === 1 ? 'idle' : 'active';
}

function makeTree(numbers: readonly number[]): TreeAnswer {
  return {
    name: 'Test room',
    timezone: 'Europe/London',
    demo: false,
    feeds: ['A', 'B'].map((name) => ({
      name,
      volts: 230,
      breakers: [
        { name: `${name}1`, amps: 16, curve: 'C' },
        { name: `${name}2`, amps: 16, curve: 'C' },
      ],
    })),
    racks: [{ name: 'r1' }, { name: 'r2' }, { name: 'r3' }],
    servers: numbers.map((number) => ({
      name: serverName(number),
      scope: `server:${serverName(number)}`,
      rack: `r${(number % 3) + 1}`,
      inputs: [
        { outlet: `pdu-a/${number}`, breaker: `A${(number % 2) + 1}`, feed: 'A' },
        { outlet: `pdu-b/${number}`, breaker: `B${(number % 2) + 1}`, feed: 'B' },
      ],
    })),
    unclaimed: [],
  };
}

/** Minutes, or longer steps when the span is long, around the present draw; nothing known for one stretch of it. */
function makeHistory(scope: string, fromMs: number, toMs: number, watts: number): HistoryAnswer {
  const stepMs = Math.max(minuteMs, Math.ceil((toMs - fromMs) / 600 / minuteMs) * minuteMs);
  const answer: HistoryAnswer = {
    scope,
    quantity: 'watts',
    tier: 'minute',
    tiers: [{ tier: 'minute', fromMs, toMs }],
    stepMs,
    atMs: [],
    mean: [],
    min: [],
    max: [],
  };
  for (let atMs = Math.floor(fromMs / stepMs) * stepMs; atMs + stepMs <= toMs; atMs += stepMs) {
    const gone = Math.floor(atMs / minuteMs) % 60 === 17;
    const mean = watts * (1 + 0.04 * Math.sin(atMs / 400_000) + 0.01 * Math.sin(atMs / 70_000));
    answer.atMs.push(atMs);
    answer.mean.push(gone ? null : mean);
    answer.min.push(gone ? null : mean * 0.97);
    answer.max.push(gone ? null : mean * 1.035);
  }
  return answer;
}
