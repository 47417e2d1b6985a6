import type { Alert } from './alert.ts';
import type { StartRecord } from './start.ts';

/** Everything that can happen in a room, as one closed union; it grows with the detectors. */
export type PowerEvent = DeviceEvent | StartEvent | IdleEvent | AlertEvent;

/** A device announced itself, fell silent, or came back. */
export interface DeviceEvent {
  readonly kind: 'device';
  readonly scope: string;
  readonly atMs: number;
  readonly change: 'found' | 'silent' | 'back';
}

/** A load started: told when it is certain and again, with the same id, when it has settled. */
export interface StartEvent {
  readonly kind: 'start';
  readonly scope: string;
  /** Onset. */
  readonly atMs: number;
  readonly start: StartRecord;
}

/** The idle baseline of a load is known for the first time, or is another than it was. */
export interface IdleEvent {
  readonly kind: 'idle';
  readonly scope: string;
  /** When it was noticed. */
  readonly atMs: number;
  readonly change: 'learnt' | 'moved';
  readonly idleWatts: number;
  /** Of `moved`: the baseline before. */
  readonly fromWatts?: number;
  /** Since when the new level holds. */
  readonly sinceMs: number;
}

/** An alert fires, changed (acknowledged, silenced, another severity) or is over: the whole of it, as it is now. */
export interface AlertEvent {
  readonly kind: 'alert';
  readonly scope: string;
  readonly atMs: number;
  readonly alert: Alert;
}
