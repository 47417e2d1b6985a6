import {
  type ClientMessage,
  type Frame,
  frameSilenceMsMax,
  type GoodbyeReason,
  type LiveEvent,
  type ServerMessage,
  type Snapshot,
} from '../live/protocol.ts';

/** What the link needs of a `WebSocket`; the browser's own fits as it is. */
export interface LinkSocket {
  onopen: ((event: never) => unknown) | null;
  onmessage: ((event: never) => unknown) | null;
  onclose: ((event: never) => unknown) | null;
  send(text: string): void;
  close(): void;
}

/** Time as the link sees it, so that a test can hold it. */
export interface LinkClock {
  /** Epoch ms of this machine; only differences are used. */
  nowMs(): number;
  /** Runs `work` once; the answer calls it off. */
  after(delayMs: number, work: () => void): () => void;
}

export type LossReason = GoodbyeReason | 'closed' | 'no-answer' | 'garbled';

export type LinkState =
  | { readonly phase: 'connecting' }
  | { readonly phase: 'live' }
  | { readonly phase: 'lost'; readonly reason: LossReason; readonly attempts: number };

export interface LinkListener {
  /** Replaces everything known. */
  snapshot(message: Snapshot): void;
  frame(message: Frame): void;
  event(message: LiveEvent): void;
  state(state: LinkState): void;
}

export interface LinkOptions {
  readonly openSocket: () => LinkSocket;
  readonly clock: LinkClock;
  readonly listener: LinkListener;
  readonly scopes: readonly string[];
  readonly intervalMs: number;
  /** 0 … 1, spreads the waits of many pages. */
  readonly random?: () => number;
}

export const retryMsMin = 500;
export const retryMsMax = 15_000;
const checkEveryMs = 1_000;

/**
 * The page's end of the live stream: subscribes, hands on snapshots and frames in order, asks for a new snapshot
 * when a number is missing, and comes back with growing waits when the stream is lost. A stream that says nothing
 * for twice the longest silence the protocol allows counts as lost, whatever the socket believes.
 */
export class LiveLink {
  readonly #options: LinkOptions;
  readonly #silenceMsMax: number;
  #scopes: readonly string[];
  #socket: LinkSocket | undefined;
  #open = false;
  #expectedSeq: number | undefined;
  #needsSnapshot = true;
  #heardAtMs = 0;
  #snapshotDueMs = 0;
  #attempts = 0;
  #goodbye: GoodbyeReason | undefined;
  #callOff: () => void = () => {};
  #gaps = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#scopes = options.scopes;
    this.#silenceMsMax = 2 * Math.max(frameSilenceMsMax, options.intervalMs);
  }

  /** How often a sequence number was missing. */
  get gaps(): number {
    return this.#gaps;
  }

  start(): void {
    this.#options.listener.state({ phase: 'connecting' });
    this.#connect();
  }

  stop(): void {
    this.#callOff();
    this.#drop();
  }

  /** From now on these; the server answers with a new snapshot. */
  subscribe(scopes: readonly string[]): void {
    this.#scopes = scopes;
    if (this.#open) this.#sendSubscribe();
  }

  /** The network or the tab came back: look at once instead of waiting for the next look. */
  wake(): void {
    if (this.#socket) {
      this.#check();
      return;
    }
    this.#callOff();
    this.#connect();
  }

  #connect(): void {
    let socket: LinkSocket;
    this.#heardAtMs = this.#options.clock.nowMs();
    try {
      socket = this.#options.openSocket();
    } catch {
      this.#lose('closed');
      return;
    }
    this.#socket = socket;
    this.#expectedSeq = undefined;
    this.#goodbye = undefined;
    // A socket that was given up may still speak; only the present one is listened to.
    socket.onopen = () => {
      if (socket !== this.#socket) return;
      this.#open = true;
      this.#sendSubscribe();
      this.#needsSnapshot = true;
    };
    socket.onmessage = (event: { data: unknown }) => {
      if (socket === this.#socket) this.#receive(event.data);
    };
    socket.onclose = () => {
      if (socket === this.#socket) this.#lose(this.#goodbye ?? 'closed');
    };
    this.#watch();
  }

  #sendSubscribe(): void {
    const message: ClientMessage = {
      type: 'subscribe',
      scopes: this.#scopes,
      intervalMs: this.#options.intervalMs,
    };
    this.#snapshotDueMs = this.#options.clock.nowMs() + this.#silenceMsMax;
    this.#socket?.send(JSON.stringify(message));
  }

  #receive(data: unknown): void {
    this.#heardAtMs = this.#options.clock.nowMs();
    const message = parseServerMessage(data);
    if (!message) {
      this.#lose('garbled');
      return;
    }
    const inOrder = this.#expectedSeq === undefined || message.seq === this.#expectedSeq;
    this.#expectedSeq = message.seq + 1;
    if (!inOrder) this.#missed(message);
    this.#handOn(message);
  }

  /** A snapshot is whole by itself; after anything else that follows a hole, what is known may be wrong. */
  #missed(message: ServerMessage): void {
    this.#gaps += 1;
    if (message.type === 'snapshot' || this.#needsSnapshot) return;
    this.#needsSnapshot = true;
    this.#sendSubscribe();
  }

  #handOn(message: ServerMessage): void {
    const { listener } = this.#options;
    switch (message.type) {
      case 'snapshot':
        this.#needsSnapshot = false;
        this.#attempts = 0;
        listener.snapshot(message);
        listener.state({ phase: 'live' });
        break;
      case 'frame':
        if (!this.#needsSnapshot) listener.frame(message);
        break;
      case 'event':
        listener.event(message);
        break;
      case 'goodbye':
        this.#goodbye = message.reason;
        break;
    }
  }

  #watch(): void {
    this.#callOff = this.#options.clock.after(checkEveryMs, () => this.#check());
  }

  #check(): void {
    this.#callOff();
    const nowMs = this.#options.clock.nowMs();
    // A clock that was set back must not stop the watch.
    this.#heardAtMs = Math.min(this.#heardAtMs, nowMs);
    const silent = nowMs - this.#heardAtMs > this.#silenceMsMax;
    const unanswered = this.#open && this.#needsSnapshot && nowMs > this.#snapshotDueMs;
    if (silent || unanswered) this.#lose(this.#goodbye ?? 'no-answer');
    else this.#watch();
  }

  #lose(reason: LossReason): void {
    this.#callOff();
    this.#drop();
    this.#attempts += 1;
    this.#options.listener.state({ phase: 'lost', reason, attempts: this.#attempts });
    this.#callOff = this.#options.clock.after(
      retryMs(this.#attempts, reason, this.#options.random ?? Math.random),
      () => this.#connect(),
    );
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#open = false;
    this.#needsSnapshot = true;
    if (!socket) return;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }
}

/** The wait before the next attempt, in ms: doubled each time; at once long where asking again soon cannot help. */
export function retryMs(attempts: number, reason: LossReason, random: () => number): number {
  const hopeless = reason === 'not-allowed' || reason === 'bad-request' || reason === 'too-many-clients';
  const plainMs = hopeless ? retryMsMax : Math.min(retryMsMax, retryMsMin * 2 ** Math.min(attempts - 1, 10));
  return Math.round(plainMs * (0.8 + 0.2 * random()));
}

/** Undefined when it is no message of the protocol. Of a kind not known here only its number counts. */
export function parseServerMessage(data: unknown): ServerMessage | undefined {
  if (typeof data !== 'string') return undefined;
  let message: unknown;
  try {
    message = JSON.parse(data);
  } catch {
    return undefined;
  }
  if (!isRecord(message) || !Number.isSafeInteger(message.seq)) return undefined;
  const carriesFigures = message.type === 'snapshot' || message.type === 'frame';
  if (carriesFigures && !(isRecord(message.figures) && Number.isFinite(message.atMs))) return undefined;
  return message as unknown as ServerMessage;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
