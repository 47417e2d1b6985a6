import type { Clock } from '../base/clock.ts';
import type { RoomView } from '../model/room-view.ts';
import type { Subscription } from './client-message.ts';
import type { LiveCounts } from './live-counts.ts';
import { frameSilenceMsMax } from './protocol.ts';
import { type Changes, type ScopeKeys, WatchedFigures } from './watched-figures.ts';
import { SharedMessage } from './wire.ts';

/** Newcomers share a snapshot that is hardly older than the time it takes to make: 1 ms for so many scopes, … */
const snapshotScopesPerMs = 20;
/** … and never older than this. */
const snapshotAgeMsMax = 100;
/** Clients written to before everything else gets a turn. */
const sliceClients = 250;
/** Frames are kept this much nearer together than promised, so that a late timer breaks no promise. */
const silenceMarginMs = 500;

const noChanges: Changes = { positions: [], masks: [] };

/** A frame on its way to the clients of a channel. */
export interface Frame {
  /** 1 for the channel's first. */
  readonly number: number;
  readonly changes: Changes;
  readonly message: SharedMessage;
}

/** A client, as its channel sees it. */
export interface Subscriber {
  readonly channel: Channel | undefined;
  /** Number of the channel's newest frame when it joined: its snapshot already holds that. */
  framesBefore: number;
  frame(frame: Frame): void;
  event(message: SharedMessage): void;
}

export interface ChannelParts {
  readonly subscription: Subscription;
  readonly room: RoomView;
  readonly keys: ScopeKeys;
  readonly clock: Clock;
  readonly counts: LiveCounts;
  /** Its last client left. */
  empty(): void;
}

/** All clients with the same subscription. Text is made once for all of them. */
export class Channel {
  readonly #parts: ChannelParts;
  readonly #watched: WatchedFigures;
  readonly #clients = new Set<Subscriber>();
  readonly #tickMs: number;
  readonly #ticksPerFrame: number;
  readonly #stopTicks: () => void;
  #stopSlice = () => {};
  #sending = false;
  #frames = 0;
  /** Since the last frame, and since the last chance for one with changes. */
  #silentTicks = 0;
  #ticks = 0;
  #snapshot: { message: SharedMessage; atMs: number; version: number } | undefined;

  constructor(parts: ChannelParts) {
    this.#parts = parts;
    const { subscription, room, keys, clock } = parts;
    this.#watched = new WatchedFigures(room, keys, subscription.patterns);
    // Long intervals are cut into ticks, so that empty frames can break the silence between.
    this.#ticksPerFrame = Math.ceil(subscription.intervalMs / (frameSilenceMsMax - silenceMarginMs));
    this.#tickMs = subscription.intervalMs / this.#ticksPerFrame;
    this.#stopTicks = clock.every(this.#tickMs, () => this.#tick());
  }

  /** Scopes watched, or to be watched once they appear. */
  get size(): number {
    return Math.max(this.#watched.count, this.#parts.subscription.patterns.length);
  }

  /** The snapshot must follow at once, or as soon as the client can take it. */
  join(client: Subscriber): void {
    this.#clients.add(client);
    client.framesBefore = this.#frames;
  }

  leave(client: Subscriber): void {
    this.#clients.delete(client);
    if (this.#clients.size === 0) this.#parts.empty();
  }

  close(): void {
    this.#stopTicks();
    this.#stopSlice();
  }

  /**
   * Everything as it is now. What changed since the last frame stays to be told: the next frame fits those who
   * have this snapshot and those who have not. Where the newcomer is alone, all is told.
   */
  snapshot(): SharedMessage {
    const nowMs = this.#parts.clock.nowMs();
    const { version } = this.#parts.room;
    if (this.#snapshot === undefined || !this.#isRecent(this.#snapshot, nowMs, version)) {
      this.#watched.look();
      const message = figuresMessage('snapshot', nowMs, this.#watched.allText());
      this.#snapshot = { message, atMs: nowMs, version };
    }
    if (this.#clients.size === 1) this.#watched.tell();
    return this.#snapshot.message;
  }

  /** A frame for one client that missed these changes. */
  messageOf(changes: Changes): SharedMessage {
    return figuresMessage('frame', this.#parts.clock.nowMs(), this.#watched.changesText(changes));
  }

  /** For those who watch any of these scopes. */
  event(scopes: readonly string[], message: SharedMessage): void {
    if (!scopes.some((scope) => this.#watched.matches(scope))) return;
    for (const client of this.#clients) client.event(message);
  }

  #isRecent(snapshot: { atMs: number; version: number }, nowMs: number, version: number): boolean {
    if (snapshot.version === version) return true;
    const ageMsMax = Math.min(snapshotAgeMsMax, Math.floor(this.#watched.count / snapshotScopesPerMs));
    return Math.abs(nowMs - snapshot.atMs) < ageMsMax;
  }

  #tick(): void {
    this.#ticks += 1;
    this.#silentTicks += 1;
    this.#snapshot = undefined;
    // The last frame is not out yet: the machine is too busy, and changes wait for the next turn.
    if (this.#sending) return;
    if (this.#ticks >= this.#ticksPerFrame) {
      this.#ticks = 0;
      this.#watched.look();
    }
    const silentMsAtNextTick = (this.#silentTicks + 1) * this.#tickMs;
    if (this.#ticks === 0 && this.#watched.hasUntold) this.#send(this.#watched.tell());
    else if (silentMsAtNextTick > frameSilenceMsMax - silenceMarginMs) this.#send(noChanges);
  }

  #send(changes: Changes): void {
    this.#silentTicks = 0;
    this.#frames += 1;
    this.#parts.counts.frames += 1;
    const frame = { number: this.#frames, changes, message: this.messageOf(changes) };
    this.#sendSlice(frame, [...this.#clients], 0);
  }

  #sendSlice(frame: Frame, clients: readonly Subscriber[], from: number): void {
    const to = Math.min(from + sliceClients, clients.length);
    for (let i = from; i < to; i++) {
      const client = clients[i]!;
      if (client.channel === this && client.framesBefore < frame.number) client.frame(frame);
    }
    this.#sending = to < clients.length;
    if (!this.#sending) return;
    this.#stopSlice = this.#parts.clock.after(0, () => this.#sendSlice(frame, clients, to));
  }
}

function figuresMessage(type: 'snapshot' | 'frame', atMs: number, figures: string): SharedMessage {
  return new SharedMessage(type, `,"atMs":${atMs},"figures":${figures}}`);
}
