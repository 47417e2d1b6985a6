import type { PowerEvent } from '../model/event.ts';
import type { Figure } from '../model/figure.ts';

/**
 * The live stream, message by message (docs/live-protocol.md says the same in prose). Shared by server and
 * page. Every server message carries `seq`: 0 for the first of a connection, then one more each.
 */
export const subprotocol = 'rackwatt.live.v1';
export const livePath = '/api/v1/live';

export const intervalMsMin = 100;
export const intervalMsMax = 60_000;
export const intervalMsDefault = 1_000;

/** Of one subscription, and of each scope in it, in characters. */
export const scopesMax = 1_000;
export const scopeLengthMax = 256;

/** Client → server, again at any time; each is answered by a snapshot. */
export interface Subscribe {
  readonly type: 'subscribe';
  /** `*`, `room`, `server:*`, `server:hv-01`, … */
  readonly scopes: readonly string[];
  /** Between frames, 100…60000. */
  readonly intervalMs?: number;
}

export type ClientMessage = Subscribe;

/** Everything subscribed, as it is now. */
export interface Snapshot {
  readonly type: 'snapshot';
  readonly seq: number;
  readonly atMs: number;
  readonly figures: Readonly<Record<string, Figure>>;
}

/** What changed since the last one; `null`: no longer known. At least every 5 s, empty if need be. */
export interface Frame {
  readonly type: 'frame';
  readonly seq: number;
  readonly atMs: number;
  readonly figures: Readonly<Record<string, FigureChange>>;
}

export type FigureChange = { readonly [K in keyof Figure]?: Figure[K] | null };

/** Something happened, told at once. A start comes without its trace: that is in `GET /starts/:id`. */
export interface LiveEvent {
  readonly type: 'event';
  readonly seq: number;
  readonly event: PowerEvent;
}

/** The last message before the server closes. */
export interface Goodbye {
  readonly type: 'goodbye';
  readonly seq: number;
  readonly reason: GoodbyeReason;
}

export type GoodbyeReason =
  | 'shutdown'
  | 'too-slow'
  | 'silent'
  | 'not-allowed'
  | 'bad-request'
  | 'too-many-clients';

export type ServerMessage = Snapshot | Frame | LiveEvent | Goodbye;

/** WebSocket close codes (RFC 6455 §7.4; 4000–4999 are ours). */
export const closeCodes: Record<GoodbyeReason, number> = {
  shutdown: 1001,
  'too-slow': 4008,
  silent: 4009,
  'not-allowed': 4003,
  'bad-request': 4000,
  'too-many-clients': 1013,
};

export const heartbeatMs = 15_000;
export const frameSilenceMsMax = 5_000;
export const clientsMax = 10_000;
