import type { LiveStatus } from '../live/live-hub.ts';
import type { GuardCounts } from './guard.ts';
import type { NotifierRow } from './shapes.ts';
import type { StoreGateCounts } from './store-gate.ts';

/** What the parts have counted so far, as plain numbers; asked for once a scrape, so the road pays nothing. */
export interface RoadCounts {
  /** Messages taken from the broker. */
  readonly messages: number;
  readonly readings: number;
  /** Messages and fields dropped. */
  readonly rejected: readonly { readonly family: string; readonly reason: string; readonly count: number }[];
  /** Between socket and road. */
  readonly ring: {
    readonly waiting: number;
    readonly dropped: { readonly repeats: number; readonly newest: number };
  };
  readonly broker: { readonly ready: boolean; readonly droppedByBroker?: number | undefined };
  readonly store: StoreCounts;
  readonly energy: EnergyCounts;
  readonly factors: CarbonFactorCounts;
  /** Rises in draw that were not followed. */
  readonly startsDropped: number;
  readonly live: LiveStatus;
  readonly notifiers: readonly NotifierRow[];
  readonly alerts: {
    readonly pending: number;
    readonly firing: number;
    readonly suppressed: number;
    readonly silences: number;
    readonly dropped: number;
  };
  /** Scopes the room knows. */
  readonly scopes: number;
  /** What they draw now, W; those that are not known are absent. */
  readonly watts: Iterable<readonly [watts: number, scope: string]>;
}

/** Series of carbon factors. */
export interface CarbonFactorCounts {
  /** Published ones, by what became of them. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly published: number;
  readonly inFile: number;
  readonly forgotten: number;
  readonly lost: number;
}

/** What the booking of energy has counted. */
export interface EnergyCounts {
  readonly lateReadings: number;
  readonly waiting: number;
  readonly quartersRemade: number;
  readonly notRemade: number;
}

/** The recorder's status is one. */
export interface StoreCounts {
  readonly storeOk: boolean;
  readonly written: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly refusedFiles: { readonly bytes: number; readonly notKept: number };
  readonly dropped: number;
  readonly queuedReadings: number;
  readonly inFlight: number;
  readonly backlog: {
    readonly readings: number;
    readonly bytes: number;
    readonly oldestAtMs?: number;
    readonly dropped: number;
    readonly damaged: number;
    readonly setAside: number;
  };
  readonly setAside: readonly string[];
}

/** What the HTTP door itself has counted. */
export interface DoorCounts {
  guard(): GuardCounts;
  /** Rows of the audit log that could not be written to the disk. */
  auditLost(): number;
  gate(): StoreGateCounts;
}

/** All of it at one moment. */
export interface AllCounts extends RoadCounts {
  readonly guard: GuardCounts;
  readonly auditLost: number;
  readonly gate: StoreGateCounts;
}
