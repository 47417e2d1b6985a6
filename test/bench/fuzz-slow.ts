import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { IntakeSink } from '../../src/devices/delivery.ts';
import type { Family } from '../../src/devices/family.ts';
import { Intake } from '../../src/devices/intake.ts';
import type { RawMessage } from '../../src/model/reading.ts';

export const slowMillis = 5;

/** A message that took long, also when what led to it was done again. */
export interface SlowMessage {
  readonly origin: string;
  readonly topic: string;
  readonly payloadBytes: number;
  /** The first time. */
  readonly millis: number;
  /** The fastest of several times, each on a state of its own made from the messages before it. */
  readonly firstMillis: number;
  /** The fastest of those where it came once more on the same state. */
  readonly againMillis: number;
  /** `JSON.parse` of the same bytes, the fastest of several times. */
  readonly bareMillis: number;
}

const contextMax = 4_000;
/** Ended by the first quick one. The compiler needs some, and other programs may lengthen many in a row. */
const replaysMax = 40;

/** Tells a slow message from one that only met a pause (garbage, the compiler, other programs) by doing it again. */
export class SlowWatch {
  readonly slow: SlowMessage[] = [];
  /** Took long once, and never again. */
  pauses = 0;
  /** Took long, as merely parsing them does already: long lists, judged beside that (`isFair`). */
  readonly long: SlowMessage[] = [];
  readonly #families: readonly Family[];
  readonly #context: RawMessage[] = [];
  #at = 0;

  constructor(families: readonly Family[]) {
    this.#families = families;
  }

  /** To be told of every message, after it was taken. */
  passed(raw: RawMessage, origin: string, millis: number): void {
    if (millis > slowMillis) this.#doAgain(raw, origin, millis);
    this.#context[this.#at++ % contextMax] = raw;
  }

  /** What came before counts no more: a new intake. */
  forget(): void {
    this.#context.length = 0;
    this.#at = 0;
  }

  #doAgain(raw: RawMessage, origin: string, millis: number): void {
    // Of one topic and length three are proof enough.
    for (const verdict of [this.slow, this.long]) {
      const alike = verdict.filter((known) => isAlike(known, raw));
      if (alike.length < 3) continue;
      verdict.push({ ...(alike[0] as SlowMessage), payloadBytes: raw.payload.length, millis });
      return;
    }
    const start = this.#at % contextMax;
    const before =
      this.#context.length < contextMax
        ? this.#context
        : [...this.#context.slice(start), ...this.#context.slice(0, start)];
    let firstMillis = Number.POSITIVE_INFINITY;
    let againMillis = Number.POSITIVE_INFINITY;
    for (let replay = 0; replay < replaysMax; replay++) {
      const intake = new Intake(this.#families);
      for (const message of before) intake.accept(message, deafSink);
      // Each time alike much is left behind, and would be collected at the expense of the same message.
      collectGarbage();
      firstMillis = Math.min(firstMillis, millisOf(intake, raw));
      againMillis = Math.min(againMillis, millisOf(intake, raw), millisOf(intake, raw));
      if (firstMillis <= slowMillis && againMillis <= slowMillis) {
        this.pauses += 1;
        return;
      }
    }
    const { topic, payload } = raw;
    const bareMillis = Math.min(...Array.from({ length: 5 }, () => millisFor(() => parseBare(raw))));
    (isFair(Math.max(firstMillis, againMillis), bareMillis) ? this.long : this.slow).push({
      ...{ origin, topic: topic.slice(0, 60), payloadBytes: payload.length },
      ...{ millis, firstMillis, againMillis, bareMillis },
    });
  }
}

/** How the verdict is found, to be shown with the figures. */
export const slowRule =
  'slow: over 5 ms each time it is done again; where JSON.parse alone takes over 2.5 ms, over 3 times that';

/** Of a message that takes more than half of what is allowed to be merely parsed. */
function isFair(millis: number, bareMillis: number): boolean {
  return bareMillis > slowMillis / 2 && millis <= 3 * bareMillis;
}

/** Of one topic and about as long. */
function isAlike({ topic, payloadBytes }: SlowMessage, { topic: other, payload }: RawMessage): boolean {
  return (
    topic === other.slice(0, 60) &&
    payload.length * 1.25 > payloadBytes &&
    payload.length < payloadBytes * 1.25
  );
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as (options: { type: 'minor' }) => void)({ type: 'minor' });
}

function millisOf(intake: Intake, raw: RawMessage): number {
  return millisFor(() => intake.accept(raw, deafSink));
}

/** Of the clock: the CPU of a thread is told in steps too coarse for one message. */
export function millisFor(work: () => void): number {
  const before = performance.now();
  work();
  return performance.now() - before;
}

export function parseBare({ payload }: RawMessage): void {
  try {
    JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString());
  } catch {
    // No JSON: what finding that out costs is part of the comparison.
  }
}

const deafSink: IntakeSink = { reading() {}, availability() {}, describe() {}, subscribe() {} };
