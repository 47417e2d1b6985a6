import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import { type RollUp, type RollUpTier, tierStepMs } from './model/roll-up.ts';
import { demoHistory, demoPastDays, plantedFaults } from './sources/demo/demo-history.ts';
import type { SimulatedRoom } from './sources/demo/simulated-room.ts';
import type { Store } from './store/store.ts';

export interface DemoPast {
  readonly room: SimulatedRoom;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** How far back it goes, newest day first; 30 unless told otherwise. */
  readonly days?: number | undefined;
  /** Called when the newest day is there, or was there already. */
  readonly newestDayThere: () => Promise<void>;
  /** The service is stopping: leave off. */
  readonly stopping: () => boolean;
}

const dayMs = 86_400_000;
const rowsPerWrite = 20_000;

/**
 * Gives the simulated room a past on its first start, so that charts are not empty: 30 days of roll-ups, the
 * newest day first, in slices between which the service goes about its work.
 */
export async function fillDemoPast(demo: DemoPast): Promise<void> {
  const { room, store, clock, log, stopping, days: pastDays = demoPastDays } = demo;
  const nowMs = clock.nowMs();
  const known = await store.rollUps({
    tier: 'quarter',
    scope: 'room',
    fromMs: nowMs - pastDays * dayMs,
    toMs: nowMs,
  });
  if (known.fromMs.length > 0) return demo.newestDayThere();
  log.info(
    `demo: making up the last ${pastDays} days, so that charts are not empty; this takes some seconds`,
  );
  const faults = plantedFaults(nowMs, pastDays);
  const firstMs = Math.floor((nowMs - pastDays * dayMs) / tierStepMs.quarter) * tierStepMs.quarter;
  let toMs = nowMs;
  for (let day = 1; toMs > firstMs; day += 1) {
    const fromMs = Math.max(
      firstMs,
      Math.floor((nowMs - day * dayMs) / tierStepMs.quarter) * tierStepMs.quarter,
    );
    await fillDay(demoHistory(room, fromMs, toMs, faults), store, stopping);
    if (stopping()) return;
    if (day === 1) await demo.newestDayThere();
    toMs = fromMs;
    if (day % 10 === 0) log.info(`demo: ${day} of ${pastDays} days are there`);
  }
}

async function fillDay(
  chunks: ReturnType<typeof demoHistory>,
  store: Store,
  stopping: () => boolean,
): Promise<void> {
  const waiting: Record<RollUpTier, RollUp[]> = { minute: [], quarter: [] };
  const write = async (tier: RollUpTier) => {
    const rows = waiting[tier];
    if (rows.length === 0) return;
    waiting[tier] = [];
    await store.write(store.encodeRollUps(tier, rows));
  };
  for (const { tier, rows } of chunks) {
    if (stopping()) return;
    waiting[tier].push(...rows);
    if (waiting[tier].length >= rowsPerWrite) await write(tier);
    await nextTurn();
  }
  await write('minute');
  await write('quarter');
}
