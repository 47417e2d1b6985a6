import type { PowerTree } from './model/power-tree.ts';
import { emptyReading, splitOutlet } from './model/reading.ts';
import { Room } from './model/room.ts';
import type { ServerObserver } from './model/server-observer.ts';
import type { Store } from './store/store.ts';

export interface WatchReplay {
  readonly tree: PowerTree;
  readonly store: Store;
  readonly fromMs: number;
  readonly toMs: number;
  readonly observer: ServerObserver;
  /** Lets the watch's time pass. */
  readonly tick: (nowMs: number) => void;
  /** Leave off? */
  readonly stopped: () => boolean;
}

/** So many readings are observed again at most: some seconds' work. */
export const replayReadingsMax = 2_000_000;
/** The slowest usual meter; while it replays, an input may be silent for three times as long. */
const expectedIntervalMs = 300_000;
const tickMs = 10_000;

class Enough extends Error {}

/**
 * Lets the watch observe what the store has of a stretch of the past, through a room of its own, so that servers
 * are summed up by the same rules as live. Resolves with the number of readings; `cut` when there were more than
 * are worked off. Rejects with a StoreError.
 */
export async function replayReadings(replay: WatchReplay): Promise<{ readings: number; cut: boolean }> {
  const { tree, store, fromMs, toMs, observer, tick, stopped } = replay;
  const room = new Room({ tree, rollUp: () => {}, observer });
  room.tick(fromMs);
  let readings = 0;
  let tickedMs = fromMs;
  try {
    await store.rawReadings(
      { fromMs, toMs, quantities: ['watts', 'volts', 'amps', 'on'] },
      (outlet, atMs, values) => {
        if (readings >= replayReadingsMax || stopped()) throw new Enough();
        readings += 1;
        if (atMs - tickedMs >= tickMs) {
          tickedMs = atMs;
          tick(atMs);
        }
        room.apply(storedReading(outlet, atMs, values), expectedIntervalMs);
      },
    );
  } catch (error) {
    if (!(error instanceof Enough)) throw error;
    return { readings, cut: true };
  }
  return { readings, cut: false };
}

function storedReading(outlet: string, atMs: number, values: Float64Array) {
  const reading = emptyReading(splitOutlet(outlet).device, outlet, {
    topic: '',
    payload: noBytes,
    receivedAtMs: atMs,
    retained: false,
    qos: 0,
    sequence: 0,
  });
  reading.watts = told(values[0]!);
  reading.volts = told(values[1]!);
  reading.amps = told(values[2]!);
  const on = told(values[3]!);
  if (on !== undefined) reading.on = on !== 0;
  return reading;
}

const noBytes = new Uint8Array();

function told(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : value;
}
