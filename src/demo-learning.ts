import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ServerObserver } from './model/server-observer.ts';
import { demoHistory, plantedFaults } from './sources/demo/demo-history.ts';
import type { SimulatedRoom } from './sources/demo/simulated-room.ts';

const learntMs = 2 * 86_400_000;
const minuteMs = 60_000;

/**
 * Lets the detectors see the last two days of the simulated room, minute by minute, so that its idle levels are
 * known from the first look on.
 */
export async function observeDemoPast(
  room: SimulatedRoom,
  observer: ServerObserver,
  untilMs: number,
): Promise<void> {
  const numbers = new Map<string, number>();
  for (const { name, inputs } of room.tree.servers) {
    const scope = `server:${name}`;
    numbers.set(scope, numbers.size);
    observer.opened(
      numbers.get(scope)!,
      scope,
      inputs.map(({ outlet }) => outlet),
    );
  }
  for (const { tier, rows } of demoHistory(room, untilMs - learntMs, untilMs, plantedFaults(untilMs))) {
    if (tier === 'minute') {
      for (const { scope, fromMs, wattsMean } of rows) {
        const number = numbers.get(scope);
        if (number !== undefined)
          observer.observe(number, fromMs + minuteMs / 2, wattsMean, Number.NaN, Number.NaN);
      }
    }
    await nextTurn();
  }
}
