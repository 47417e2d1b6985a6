import type { Report } from './family.ts';

/** First wait before asking the same node again; doubled each time it does not answer with a birth. */
const firstWaitMs = 10_000;
const waitMsMax = 600_000;
/** All nodes together: a broker full of unknown nodes is asked gently. */
const perWindowMax = 20;
const windowMs = 10_000;

/** When one node was asked for its birth, and how long to wait before asking it again. */
export interface RebirthWait {
  askedAtMs: number;
  waitMs: number;
}

export function neverAsked(): RebirthWait {
  return { askedAtMs: Number.NEGATIVE_INFINITY, waitMs: firstWaitMs };
}

/** Asks edge nodes to introduce themselves again, seldom enough: births are not retained, and may be lost. */
export class RebirthRequests {
  #windowFromMs = Number.NEGATIVE_INFINITY;
  #inWindow = 0;

  ask(group: string, edge: string, wait: RebirthWait, nowMs: number, report: Report): void {
    // Our clock may have been set back: then the wait starts anew.
    const sinceMs = nowMs - wait.askedAtMs;
    if (sinceMs >= 0 && sinceMs < wait.waitMs) return;
    if (nowMs - this.#windowFromMs >= windowMs || nowMs < this.#windowFromMs) {
      this.#windowFromMs = nowMs;
      this.#inWindow = 0;
    }
    if (this.#inWindow >= perWindowMax) return;
    this.#inWindow += 1;
    wait.waitMs =
      sinceMs < 0 ? firstWaitMs : sinceMs === Infinity ? wait.waitMs : Math.min(wait.waitMs * 2, waitMsMax);
    wait.askedAtMs = nowMs;
    report.publish(`spBv1.0/${group}/NCMD/${edge}`, rebirthCommand(nowMs));
  }
}

/** A payload with the one metric `Node Control/Rebirth` = true (Sparkplug 3.0, Rebirth Request). */
export function rebirthCommand(nowMs: number): Uint8Array {
  const name = Buffer.from('Node Control/Rebirth');
  const at = [0x18, ...varint(nowMs)];
  // name, timestamp, datatype Boolean, boolean_value true
  const metric = [0x0a, name.length, ...name, ...at, 0x20, 11, 0x70, 1];
  return Uint8Array.from([0x08, ...varint(nowMs), 0x12, metric.length, ...metric]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let left = Math.max(0, Math.floor(value));
  while (left >= 128) {
    bytes.push((left % 128) | 128);
    left = Math.floor(left / 128);
  }
  return [...bytes, left];
}
