import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import { type Line, linesOf } from '../base/lines.ts';
import type { IntakeSink } from '../devices/delivery.ts';
import type { Family, RejectReason } from '../devices/family.ts';
import { Intake } from '../devices/intake.ts';
import { quantities } from '../model/quantity.ts';
import type { RawMessage, Reading } from '../model/reading.ts';

/** Longer than any message we would read: twice its base64, and room for the rest. */
const lineLengthMax = 1_048_576;

/**
 * `rackwatt decode`: JSON lines `{"topic","payload","retained"?,"receivedAtMs"?}` in (or `payloadBase64`), as one
 * broker session; for each line one out: `{"readings":[…]}` or `{"ignored":"reason"}`. What was dropped besides
 * stands under `rejected`. What `mosquitto_sub -F %j` prints is read too (`retain`, `tst`). Resolves at the end of
 * the input.
 */
export async function decode(
  families: readonly Family[],
  input: Readable,
  output: Writable,
  clock: Clock,
): Promise<void> {
  const session = new DecodeSession(families, clock);
  for await (const line of linesOf(input, lineLengthMax)) {
    if (!output.write(`${JSON.stringify(session.answer(line))}\n`)) await once(output, 'drain');
  }
}

interface DecodeAnswer {
  readings?: Record<string, unknown>[];
  ignored?: string;
  rejected?: RejectReason[];
}

class DecodeSession {
  readonly #intake: Intake;
  readonly #clock: Clock;
  #sequence = 0;
  #readings: Record<string, unknown>[] = [];
  #rejected: RejectReason[] = [];
  readonly #sink: IntakeSink = {
    reading: (reading) => this.#readings.push(shown(reading)),
    rejected: (_, reason) => this.#rejected.push(reason),
    availability() {},
    describe() {},
    subscribe() {},
  };

  constructor(families: readonly Family[], clock: Clock) {
    this.#intake = new Intake(families);
    this.#clock = clock;
  }

  answer(line: Line): DecodeAnswer {
    if (line.tooLong) return { ignored: 'line too long' };
    const message = this.#messageOf(line.text);
    if (typeof message === 'string') return { ignored: message };
    this.#readings = [];
    this.#rejected = [];
    const ignored = this.#intake.accept(message, this.#sink);
    if (ignored !== undefined) return { ignored };
    const rejected = this.#rejected.length > 0 ? { rejected: this.#rejected } : {};
    return { readings: this.#readings, ...rejected };
  }

  /** The message in a line, or what is wrong with the line. */
  #messageOf(text: string): RawMessage | string {
    const line = parseLine(text);
    if (line === undefined) return 'line is not JSON';
    if (typeof line !== 'object' || line === null || Array.isArray(line)) return 'line is not a JSON object';
    const { topic, payload, payloadBase64, retained, retain, receivedAtMs, tst } = line as Record<
      string,
      unknown
    >;
    if (typeof topic !== 'string' || topic === '') return 'line has no topic';
    if (receivedAtMs !== undefined && !Number.isFinite(receivedAtMs)) return 'receivedAtMs is not a number';
    const bytes = bytesOf(payload, payloadBase64);
    if (bytes === undefined) return 'line has neither payload (text) nor payloadBase64';
    this.#sequence += 1;
    return {
      topic,
      payload: bytes,
      receivedAtMs: typeof receivedAtMs === 'number' ? receivedAtMs : (stampMs(tst) ?? this.#clock.nowMs()),
      retained: retained === true || retain === 1,
      qos: 0,
      sequence: this.#sequence,
    };
  }
}

function parseLine(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** mosquitto_sub writes `2025-03-04T10:20:30.123456Z+0100`. */
function stampMs(tst: unknown): number | undefined {
  if (typeof tst !== 'string') return undefined;
  const ms = Date.parse(tst.replace(/Z?([+-]\d\d):?(\d\d)$/, '$1:$2'));
  return Number.isNaN(ms) ? undefined : ms;
}

function bytesOf(payload: unknown, payloadBase64: unknown): Uint8Array | undefined {
  if (typeof payload === 'string') return Buffer.from(payload);
  return typeof payloadBase64 === 'string' ? Buffer.from(payloadBase64, 'base64') : undefined;
}

function shown(reading: Reading): Record<string, unknown> {
  const { device, outlet, on, atMs, receivedAtMs, atBasis, retained } = reading;
  const known = quantities.filter((quantity) => reading[quantity] !== undefined);
  return {
    device,
    outlet,
    ...Object.fromEntries(known.map((quantity) => [quantity, reading[quantity]])),
    ...(on !== undefined && { on }),
    // Inside, a fraction keeps readings of one ms apart; outside, times are whole ms.
    atMs: Math.floor(atMs),
    receivedAtMs,
    atBasis,
    ...(retained && { retained }),
  };
}
