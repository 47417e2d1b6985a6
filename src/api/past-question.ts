import type { Request } from 'express';
import type { Clock } from '../base/clock.ts';
import type { RoomView } from '../model/room-view.ts';
import {
  type AskedScopes,
  type RangeRules,
  rangeOf,
  refuseFuture,
  refuseMisspelt,
  scopeListOf,
  timezoneOf,
} from './question.ts';
import type { StoreGate } from './store-gate.ts';

/** What a question about the past is answered from, besides the store. */
export interface PastParts {
  readonly room: RoomView;
  readonly timezone: string;
  /** Of which history is known, though they are not in the room now. */
  pastScopes(): ReadonlySet<string>;
  nowMs(): number;
  /** Is everything that was measured in the store? */
  isCaughtUp(): boolean;
  /** Are sums of the scope within [fromMs, toMs) still to be made again, since the settings say otherwise than before? */
  isRemaking(scope: string, fromMs: number, toMs: number): boolean;
  readonly gate: StoreGate;
  readonly clock: Pick<Clock, 'after'>;
}

/** Of what and when is asked. */
export interface PastQuestion extends AskedScopes {
  readonly fromMs: number;
  readonly toMs: number;
  /** IANA zone of times without one, and of the answer. */
  readonly timezone: string;
  readonly nowMs: number;
}

const dayMs = 86_400_000;
/** Ten years and a bit. */
export const historyDaysMax = 3_700;
/** How long a time that is over is still likely to change: late readings. */
const settleMs = dayMs;

/** Reads it; `parameters` are all that the call knows, `defaults` the range where none is given. Throws a ProblemError. */
export function pastQuestionOf(
  parts: PastParts,
  request: Request,
  parameters: readonly string[],
  defaults: (nowMs: number, timezone: string) => Pick<RangeRules, 'defaultMs' | 'defaultToMs'>,
): PastQuestion {
  const nowMs = parts.nowMs();
  refuseMisspelt(request, parameters);
  const timezone = timezoneOf(request, parts.timezone);
  const asked = scopeListOf(request, parts.room, parts.pastScopes());
  const range = rangeOf(request, {
    nowMs,
    timezone,
    rangeMsMax: historyDaysMax * dayMs,
    ...defaults(nowMs, timezone),
  });
  refuseFuture(range.fromMs, nowMs);
  return { ...asked, ...range, timezone, nowMs };
}

/** The answer of a time that ended by `toMs` stays as it is, unless its sums are being made again. */
export function isClosed(parts: PastParts, toMs: number): boolean {
  return toMs + settleMs <= parts.nowMs() && parts.isCaughtUp();
}
