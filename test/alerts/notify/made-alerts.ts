import fc from 'fast-check';
import type { Channel, Message, Place, Receipt, Thread } from '../../../src/alerts/notify/channel.ts';
import type { Alert, Notice } from '../../../src/model/alert.ts';

export const noonMs = Date.UTC(2026, 0, 15, 12);

export const place: Place = {
  room: 'Server room 1',
  timezone: 'Europe/London',
  pageUrl: 'http://127.0.0.1:8080',
};

export function madeAlert(over: Partial<Alert> = {}): Alert {
  return {
    id: 'redundancy-lost.hv-01.1',
    rule: 'redundancy-lost',
    scope: 'server:hv-01',
    severity: 'critical',
    state: 'firing',
    sinceMs: noonMs - 60_000,
    firedAtMs: noonMs,
    value: 0,
    limit: 10,
    unit: 'W',
    text: 'hv-01 draws all of its 310 W by pdu-b/7; pdu-a/7 gives nothing.',
    ...over,
  };
}

export function firing(over: Partial<Alert> = {}, atMs = noonMs): Notice {
  return { kind: 'firing', alert: madeAlert(over), atMs };
}

export function resolved(over: Partial<Alert> = {}, atMs = noonMs + 720_000): Notice {
  return {
    kind: 'resolved',
    alert: madeAlert({ state: 'resolved', resolvedAtMs: atMs, ...over }),
    atMs,
  };
}

/** `count` alerts of different servers. */
export function many(count: number, over: Partial<Alert> = {}): Notice[] {
  return Array.from({ length: count }, (_, i) =>
    firing({ id: `alert-${i}`, scope: `server:hv-${i}`, severity: 'warning', ...over }),
  );
}

export function messageOf(...notices: Notice[]): Message {
  const told = notices.map((notice) => ({ notice, passed: false }));
  const over = notices.filter(({ kind }) => kind === 'resolved').length;
  return {
    about: notices.length === 1 ? 'alert' : notices.length === 0 ? 'test' : 'digest',
    told,
    left: 0,
    counts: { firing: notices.length - over, resolved: over },
    atMs: noonMs,
  };
}

/** Remembers what it was given, and fails when told to. */
export class HandChannel implements Channel {
  readonly kind = 'hand';
  readonly target = 'the test';
  readonly toldMax = 50;
  readonly reader: Channel['reader'];
  readonly messages: Message[] = [];
  attempts = 0;
  failWith: Error | undefined;
  /** What a message waits for. */
  gate: Promise<void> | undefined;
  thread: Thread | undefined;
  problem: string | undefined;

  constructor(reader: Channel['reader'] = 'people') {
    this.reader = reader;
  }

  async send(message: Message, signal: AbortSignal): Promise<Receipt> {
    this.attempts += 1;
    if (this.gate !== undefined) {
      await Promise.race([
        this.gate,
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      ]);
    }
    if (this.failWith !== undefined) throw this.failWith;
    this.messages.push(message);
    return { thread: this.thread, problem: this.problem };
  }

  /** What was told, as `kind scope`, message by message. */
  get told(): string[][] {
    return this.messages.map(({ told }) => told.map(({ notice }) => `${notice.kind} ${notice.alert.scope}`));
  }
}

/** Any code points there are, lone halves of pairs too; signs that mean something to somebody more often. */
export function anyText(lengthMax: number): fc.Arbitrary<string> {
  const sign = fc.constantFrom(...'+#/%$\0\r\n<>&"\'*_`|:;=@ {}');
  const point = fc.integer({ min: 0, max: 0x10ffff }).map((code) => String.fromCodePoint(code));
  const plain = fc.constantFrom(...'abcXYZ019-.');
  return fc.array(fc.oneof(sign, point, plain), { maxLength: lengthMax }).map((parts) => parts.join(''));
}

/** Lets everything run that waits for nothing but its turn. */
export async function settled(): Promise<void> {
  for (let turns = 0; turns < 20; turns++) await Promise.resolve();
}
