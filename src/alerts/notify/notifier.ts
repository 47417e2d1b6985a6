import { Backoff } from '../../base/backoff.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Alert, Notice } from '../../model/alert.ts';
import { type Channel, DeliveryError, type Message, type Receipt, type Thread } from './channel.ts';
import { type Composed, composeForMachines, composeForPeople, type Waiting } from './compose.ts';
import type { KeptIncident, KeptNotifier } from './kept.ts';
import { Pace } from './pace.ts';

export interface NotifierRules {
  /** How long the first of a burst waits for the rest of it. */
  readonly gatherMs: number;
  readonly messagesPerMinute: number;
  readonly digestAbove: number;
  /** Whether people are to be left alone just now. */
  isQuiet(atMs: number): boolean;
}

export interface NotifierOptions {
  readonly name: string;
  readonly channel: Channel;
  readonly rules: NotifierRules;
  readonly clock: Clock;
  readonly log: Log;
  /** What an earlier process has left. */
  readonly kept?: KeptNotifier | undefined;
  /** What is to be kept over a restart is another now. */
  changed(): void;
  readonly random?: () => number;
}

export interface NotifierCounts {
  readonly waiting: number;
  /** Messages taken by the other side. */
  readonly sent: number;
  /** Attempts that failed. */
  readonly failed: number;
  /** Notices that nobody will be told: fallen off, too old, or refused for good. */
  readonly dropped: number;
  /** Notices that were known already. */
  readonly repeated: number;
  readonly lastSentAtMs?: number | undefined;
  readonly lastProblem?: string | undefined;
  readonly lastProblemAtMs?: number | undefined;
  /** The newest attempt failed. */
  readonly failing: boolean;
}

export const notifierLimits = {
  waitingMax: { people: 1_000, machines: 5_000 },
  standingMax: 5_000,
  /** People are not told what is older than this. */
  ageMsMax: 24 * 3_600_000,
} as const;

const sendMsMax = 30_000;
const firstWaitMs = 5_000;
const waitMsMax = { people: 300_000, machines: 30_000 } as const;
/** What the other side asks for is granted up to this. */
const askedWaitMsMax = 3_600_000;
/** A message that is refused for what it says is tried so often. */
const refusalsMax = 3;

/** An incident of which this channel was told, or is about to be. */
interface Standing {
  alert: Alert;
  noticeKind: Notice['kind'];
  noticeAtMs: number;
  thread: Thread | undefined;
  /** Its end waits to be told. */
  ending: boolean;
  /** An earlier process told it: this one may not know how far it came, and say the same again. */
  fromBefore: boolean;
}

/**
 * One channel's queue: takes notices at once, tells them at a pace, tries again with growing waits, and forgets
 * what was told. Whatever the channel does, nobody else waits for it.
 */
export class Notifier {
  readonly name: string;
  readonly channel: Channel;
  readonly #options: NotifierOptions;
  readonly #pace: Pace;
  readonly #backoff: Backoff;
  readonly #standing = new Map<string, Standing>();
  #waiting: Waiting[] = [];
  #busy: Promise<void> | undefined;
  #stopping = new AbortController();
  #retryAtMs = 0;
  #refusals = 0;
  #repeatedAtMs: number | undefined;
  #counts = { sent: 0, failed: 0, dropped: 0, repeated: 0 };
  #lastSentAtMs: number | undefined;
  #problem: { text: string; atMs: number } | undefined;
  #failing = false;

  constructor(options: NotifierOptions) {
    this.#options = options;
    this.name = options.name;
    this.channel = options.channel;
    this.#pace = new Pace(options.rules.messagesPerMinute);
    this.#backoff = new Backoff(firstWaitMs, waitMsMax[options.channel.reader], options.random);
    for (const { ending, thread, ...incident } of options.kept?.standing ?? [])
      this.#standing.set(incident.alert.id, {
        ...incident,
        thread,
        ending: ending ?? false,
        fromBefore: true,
      });
    this.#waiting = [...(options.kept?.waiting ?? [])];
  }

  start(): void {
    this.channel.start?.([...this.#standing.values()].map(({ alert }) => alert));
  }

  /** Takes a notice, unless it says nothing new to this channel. */
  take(notice: Notice): void {
    const isKnown = this.#standing.has(notice.alert.id);
    const news = this.#news(notice);
    if (news === undefined) return;
    const nowMs = this.#options.clock.nowMs();
    const held = this.#isHeld(notice.alert, nowMs);
    const thread = this.#standing.get(notice.alert.id)?.thread;
    // To a machine only the last word counts.
    if (this.channel.reader === 'machines' && isKnown)
      this.#waiting = this.#waiting.filter((one) => one.notice.alert.id !== notice.alert.id);
    this.#waiting.push({ notice: news, sinceMs: nowMs, held, ...(thread && { thread }) });
    if (this.#waiting.length > notifierLimits.waitingMax[this.channel.reader]) this.#dropOldest();
    this.#options.changed();
    this.#pump();
  }

  /** To be called every second. */
  tick(): void {
    if (this.channel.reader === 'people') this.#dropOld(this.#options.clock.nowMs());
    this.#pump();
  }

  /**
   * `alerts` are all that fire. Forgets incidents that are no more, though nobody said so; machines are told of that,
   * and of those `wanted` that they never heard of.
   */
  agreeWith(alerts: readonly Alert[], wanted: (alert: Alert) => boolean): void {
    const atMs = this.#options.clock.nowMs();
    const firing = new Map(alerts.map((alert) => [alert.id, alert]));
    for (const [id, { alert, ending }] of this.#standing) {
      if (firing.has(id) || ending) continue;
      // A person would wonder; a machine would show it for ever.
      if (this.channel.reader === 'people') this.#standing.delete(id);
      else this.take({ kind: 'resolved', alert: { ...alert, state: 'resolved', resolvedAtMs: atMs }, atMs });
    }
    if (this.channel.reader === 'people') return;
    for (const alert of alerts)
      if (!this.#standing.has(alert.id) && wanted(alert)) this.take({ kind: 'firing', alert, atMs });
  }

  counts(): NotifierCounts {
    return {
      ...this.#counts,
      waiting: this.#waiting.length,
      lastSentAtMs: this.#lastSentAtMs,
      lastProblem: this.#problem?.text,
      lastProblemAtMs: this.#problem?.atMs,
      failing: this.#failing,
    };
  }

  /** What the next process has to know. */
  kept(): KeptNotifier {
    const standing = [...this.#standing.values()].map(
      ({ alert, noticeKind, noticeAtMs, thread, ending }): KeptIncident => ({
        alert,
        noticeKind,
        noticeAtMs,
        ...(thread && { thread }),
        ...(ending && { ending }),
      }),
    );
    return { waiting: this.#waiting, standing };
  }

  /** Breaks off what is under way; what waits is kept. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#busy;
    await this.channel.stop?.();
  }

  /** What of a notice is new to this channel; what stands is brought up to date. Undefined: nothing. */
  #news(notice: Notice): Notice | undefined {
    const { alert, kind, atMs } = notice;
    const known = this.#standing.get(alert.id);
    if (known === undefined) {
      // Nobody here has heard that it fired: that it is over is no news.
      if (kind === 'resolved') return undefined;
      if (this.#standing.size >= notifierLimits.standingMax) this.#standing.delete(firstOf(this.#standing));
      this.#standing.set(alert.id, {
        alert,
        noticeKind: kind,
        noticeAtMs: atMs,
        thread: undefined,
        ending: false,
        fromBefore: false,
      });
      return kind === 'changed' ? { ...notice, kind: 'firing' } : notice;
    }
    const isRepeat = kind === 'firing' || known.ending || atMs < known.noticeAtMs || isSame(known, notice);
    if (isRepeat) {
      this.#counts.repeated += 1;
      return undefined;
    }
    const ending = kind === 'resolved';
    Object.assign(known, { alert, noticeKind: kind, noticeAtMs: atMs, ending, fromBefore: false });
    return notice;
  }

  #isHeld({ severity }: Alert, nowMs: number): boolean {
    return this.channel.reader === 'people' && severity !== 'critical' && this.#options.rules.isQuiet(nowMs);
  }

  #dropOld(nowMs: number): void {
    const old = this.#waiting.filter(({ sinceMs }) => nowMs - sinceMs >= notifierLimits.ageMsMax);
    if (old.length === 0) return;
    this.#counts.dropped += old.length;
    this.#forget(new Set(old));
  }

  #dropOldest(): void {
    const reminder = this.#waiting.findIndex(({ notice }) => notice.kind === 'reminder');
    this.#waiting.splice(Math.max(reminder, 0), 1);
    this.#counts.dropped += 1;
    this.#say('its queue is full; the oldest notices fall off');
  }

  /** Sends what is due, one message at a time. */
  #pump(): void {
    if (this.#busy !== undefined || this.#stopping.signal.aborted) return;
    const nowMs = this.#options.clock.nowMs();
    const leftMs = this.#retryAtMs - nowMs;
    if (leftMs > 0 && leftMs <= askedWaitMsMax) return;
    const composed = this.#compose(nowMs);
    if (composed !== undefined) this.#run(this.#send(composed));
    else if (this.#isRepeatDue(nowMs)) this.#run(this.#repeat(nowMs));
  }

  #run(work: Promise<void>): void {
    this.#busy = work.finally(() => {
      this.#busy = undefined;
      this.#pump();
    });
  }

  #compose(nowMs: number): Composed | undefined {
    const { channel } = this;
    if (channel.reader === 'machines') return composeForMachines(this.#waiting, channel.toldMax, nowMs);
    const { rules } = this.#options;
    const quiet = rules.isQuiet(nowMs);
    const due = quiet ? this.#passing() : this.#waiting;
    const oldestMs = due[0]?.sinceMs;
    if (oldestMs === undefined || isWithin(rules.gatherMs, oldestMs, nowMs)) return undefined;
    // A second attempt is no second message.
    if (this.#backoff.attempts === 0 && this.#refusals === 0 && !this.#pace.take(nowMs)) return undefined;
    const { digestAbove } = rules;
    return composeForPeople(due, { digestAbove, toldMax: channel.toldMax, afterQuiet: !quiet }, nowMs);
  }

  /** What is told in quiet hours too: with what was held of the same incident before it became grave. */
  #passing(): Waiting[] {
    const passing = new Set(this.#waiting.flatMap(({ held, notice }) => (held ? [] : notice.alert.id)));
    return this.#waiting.filter(({ notice }) => passing.has(notice.alert.id));
  }

  async #send({ message, covers }: Composed): Promise<void> {
    try {
      this.#delivered(covers, await this.channel.send(this.#withThreads(message), this.#signal()));
    } catch (error) {
      this.#failed(error);
      if (error instanceof DeliveryError && error.refusesMessage && ++this.#refusals >= refusalsMax) {
        this.#counts.dropped += covers.size;
        this.#forget(covers);
        this.#refusals = 0;
      }
    }
  }

  /** The thread may have begun after the notice was put in line. */
  #withThreads(message: Message): Message {
    const told = message.told.map((one) => {
      const thread = one.thread ?? this.#standing.get(one.notice.alert.id)?.thread;
      return thread === undefined ? one : { ...one, thread };
    });
    return { ...message, told };
  }

  #delivered(covers: ReadonlySet<Waiting>, { thread, problem }: Receipt): void {
    this.#worked();
    if (problem !== undefined) this.#say(problem);
    this.#counts.sent += 1;
    this.#refusals = 0;
    for (const { notice } of covers) {
      const standing = this.#standing.get(notice.alert.id);
      if (standing !== undefined && thread !== undefined) standing.thread ??= thread;
    }
    this.#forget(covers);
  }

  #forget(covers: ReadonlySet<Waiting>): void {
    this.#waiting = this.#waiting.filter((one) => !covers.has(one));
    for (const { notice } of covers) if (notice.kind === 'resolved') this.#standing.delete(notice.alert.id);
    this.#options.changed();
  }

  #isRepeatDue(nowMs: number): boolean {
    const { repeat } = this.channel;
    if (repeat === undefined || (this.#standing.size === 0 && !repeat.evenIfNothing)) return false;
    return this.#repeatedAtMs === undefined || !isWithin(repeat.everyMs, this.#repeatedAtMs, nowMs);
  }

  async #repeat(nowMs: number): Promise<void> {
    const standing = [...this.#standing.values()].map(({ alert, thread }) => ({
      notice: { kind: 'reminder', alert, atMs: nowMs } as const,
      passed: false,
      thread,
    }));
    try {
      await this.channel.repeat?.send(standing, nowMs, this.#signal());
      this.#repeatedAtMs = nowMs;
      this.#worked();
    } catch (error) {
      this.#failed(error);
    }
  }

  #signal(): AbortSignal {
    return AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(sendMsMax)]);
  }

  #worked(): void {
    if (this.#failing) this.#options.log.info({ notifier: this.name }, 'notifier: it works again');
    this.#failing = false;
    this.#backoff.succeeded();
    this.#retryAtMs = 0;
    this.#lastSentAtMs = this.#options.clock.nowMs();
  }

  #failed(error: unknown): void {
    if (this.#stopping.signal.aborted) return;
    const text = error instanceof DeliveryError ? error.message : 'a mistake in rackwatt itself';
    // Names the place of our mistake; it holds nothing of the message.
    if (!(error instanceof DeliveryError)) this.#options.log.error({ err: error, notifier: this.name }, text);
    this.#counts.failed += 1;
    const waitMs = this.#backoff.nextMs();
    const askedMs = error instanceof DeliveryError ? (error.waitMs ?? 0) : 0;
    this.#retryAtMs = this.#options.clock.nowMs() + Math.max(waitMs, Math.min(askedMs, askedWaitMsMax));
    this.#failing = true;
    this.#say(text);
  }

  /** The same again is no news for the log. */
  #say(text: string): void {
    if (text !== this.#problem?.text)
      this.#options.log.warn({ notifier: this.name, kind: this.channel.kind }, `notifier: ${text}`);
    this.#problem = { text, atMs: this.#options.clock.nowMs() };
  }
}

function isSame(known: Standing, { alert, kind, atMs }: Notice): boolean {
  if (kind === known.noticeKind && atMs === known.noticeAtMs) return true;
  if (kind !== 'changed' || !known.fromBefore) return false;
  const { severity, ackedBy, ackNote } = known.alert;
  return severity === alert.severity && ackedBy === alert.ackedBy && ackNote === alert.ackNote;
}

/** Less than so long after `fromMs`. A clock that was put back has passed nothing, and nothing is to wait for it. */
function isWithin(lengthMs: number, fromMs: number, atMs: number): boolean {
  return atMs >= fromMs && atMs - fromMs < lengthMs;
}

function firstOf<K>(map: ReadonlyMap<K, unknown>): K {
  return map.keys().next().value as K;
}
