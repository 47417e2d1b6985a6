import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ServerObserver, told, toldWidth } from './model/server-observer.ts';
import { demoHistory, plantedFaults } from './sources/demo/demo-history.ts';
import type { SimulatedRoom } from './sources/demo/simulated-room.ts';

const learntMs = 2 * 86_400_000;
const minuteMs = 60_000;
/** Steps of load are looked for at this pace, and shown around the moment as its meters would tell them. */
const stepMs = 10_000;
const beforeMs = stepMs + 8_000;
const afterMs = 8_000;
const toldEveryMs = 2_000;
/** Smaller ones teach nothing of a supply. */
const ampsMin = 1;
const nominalVolts = 230;

/**
 * Lets the detectors see the last two days of the simulated room: minute by minute, so that its idle levels are known
 * from the first look on, and the great steps of load reading by reading, so that they know how far its supplies give
 * way.
 */
export async function observeDemoPast(
  room: SimulatedRoom,
  observer: ServerObserver,
  untilMs: number,
): Promise<void> {
  const numbers = new Map<string, number>();
  const row = new Float64Array(toldWidth).fill(Number.NaN);
  for (const { name, inputs } of room.tree.servers) {
    const scope = `server:${name}`;
    numbers.set(scope, numbers.size);
    observer.opened(
      numbers.get(scope)!,
      scope,
      inputs.map(({ outlet }) => outlet),
    );
  }
  await showSteps(room, observer, numbers, untilMs);
  for (const { tier, rows } of demoHistory(room, untilMs - learntMs, untilMs, plantedFaults(untilMs))) {
    if (tier === 'minute') {
      for (const { scope, fromMs, wattsMean } of rows) {
        const number = numbers.get(scope);
        if (number === undefined) continue;
        row[told.atMs] = fromMs + minuteMs / 2;
        row[told.watts] = wattsMean;
        observer.observe(number, row);
      }
    }
    await nextTurn();
  }
}

/** Volts and amps of everything on a breaker, around each step of a machine on it. */
async function showSteps(
  room: SimulatedRoom,
  observer: ServerObserver,
  numbers: ReadonlyMap<string, number>,
  untilMs: number,
): Promise<void> {
  const row = new Float64Array(toldWidth).fill(Number.NaN);
  const places = new Map(
    room.tree.servers.flatMap(({ name, inputs }) =>
      inputs.map(({ outlet }, place) => [outlet, { number: numbers.get(`server:${name}`)!, place }] as const),
    ),
  );
  for (const { atMs, breaker } of stepsIn(room, untilMs)) {
    for (let ms = atMs - beforeMs; ms <= atMs + afterMs; ms += toldEveryMs) {
      const { volts, amps } = room.breakerAt(breaker, ms);
      for (const [outlet, ampere] of amps) {
        const input = places.get(outlet);
        if (input === undefined) continue;
        row[told.atMs] = ms;
        row[told.input] = input.place;
        row[told.inputVolts] = Math.round(volts * 10) / 10;
        row[told.inputAmps] = Math.round(ampere * 1000) / 1000;
        observer.observeInput(input.number, row);
      }
    }
    await nextTurn();
  }
}

/** Moments of the last days at which an outlet's current stepped, oldest first, with its breaker. */
function stepsIn(room: SimulatedRoom, untilMs: number): { atMs: number; breaker: string }[] {
  const steps: { atMs: number; breaker: string }[] = [];
  for (const { machine, meter, share } of room.outlets) {
    if (machine === undefined || share === 0) continue;
    const wattsMin = (ampsMin * nominalVolts) / share;
    if (machine.machine.busyWatts < wattsMin) continue;
    let before = machine.watts(untilMs - learntMs);
    for (let atMs = untilMs - learntMs + stepMs; atMs < untilMs - afterMs; atMs += stepMs) {
      const watts = machine.watts(atMs);
      if (Math.abs(watts - before) >= wattsMin) steps.push({ atMs, breaker: meter.breaker });
      before = watts;
    }
  }
  return steps.sort((a, b) => a.atMs - b.atMs);
}
