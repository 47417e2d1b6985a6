import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Alert, AlertTeller, Notice } from '../../model/alert.ts';
import type { Channel } from './channel.ts';
import { KeptFile } from './kept.ts';
import { Notifier, type NotifierCounts, type NotifierRules } from './notifier.ts';
import { type NotifyRoute, Routes } from './routes.ts';

export interface NamedChannel {
  readonly name: string;
  readonly channel: Channel;
  readonly rules: NotifierRules;
}

export interface NotifiersOptions {
  readonly channels: readonly NamedChannel[];
  readonly routes: readonly NotifyRoute[];
  /** Everything a scope is part of, itself too. */
  containersOf(scope: string): Iterable<string>;
  /** There already; the store's folder. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** A row of `GET /api/v1/notifiers`. */
export interface NotifierState {
  readonly name: string;
  readonly kind: string;
  readonly target: string;
  readonly state: 'ok' | 'failing' | 'idle';
  readonly counts: NotifierCounts;
  /** Scopes whose figures are not published. */
  readonly figuresLeftOut: number;
}

const tickMs = 1_000;

/** Who is told what: each channel with a queue, waits and hours of its own, so that none holds up another. */
export class Notifiers implements AlertTeller {
  readonly #options: NotifiersOptions;
  readonly #file: KeptFile;
  readonly #routes: Routes;
  #notifiers: readonly Notifier[] = [];
  /** What came before the file was read. */
  #early: Notice[] | undefined = [];
  #stopTicking: (() => void) | undefined;

  constructor(options: NotifiersOptions) {
    this.#options = options;
    this.#file = new KeptFile(options.folder, options.clock, options.log);
    this.#routes = new Routes(options.routes, (scope) => options.containersOf(scope));
  }

  /** Takes up what an earlier process has left, and begins to tell. Never rejects. */
  async start(): Promise<void> {
    const { channels, clock, log } = this.#options;
    const kept = channels.length === 0 ? {} : await this.#file.read();
    this.#notifiers = channels.map(
      ({ name, channel, rules }) =>
        new Notifier({ name, channel, rules, clock, log, kept: kept[name], changed: () => this.#keep() }),
    );
    for (const notifier of this.#notifiers) notifier.start();
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const notice of early) this.tell(notice);
    this.#stopTicking = clock.every(tickMs, () => {
      for (const notifier of this.#notifiers) notifier.tick();
    });
  }

  tell(notice: Notice): void {
    if (this.#early !== undefined) {
      if (this.#early.length < earlyMax) this.#early.push(notice);
      return;
    }
    for (const notifier of this.#notifiers) {
      try {
        if (this.#routes.leadTo(notifier.name, notice.alert)) notifier.take(notice);
      } catch (error) {
        this.#options.log.error({ err: error, notifier: notifier.name }, 'notifier: a notice was lost');
      }
    }
  }

  /** Once, after `start`, when the alerts of an earlier process are known again: all that fire. */
  agreeWith(alerts: readonly Alert[]): void {
    for (const notifier of this.#notifiers)
      notifier.agreeWith(
        alerts,
        (alert) => alert.suppressedBy === undefined && this.#routes.leadTo(notifier.name, alert),
      );
  }

  states(): NotifierState[] {
    return this.#notifiers.map((notifier) => {
      const counts = notifier.counts();
      const { kind, target } = notifier.channel;
      const state = counts.failing ? 'failing' : counts.lastSentAtMs === undefined ? 'idle' : 'ok';
      const figuresLeftOut = notifier.channel.figuresLeftOut?.() ?? 0;
      return { name: notifier.name, kind, target, state, counts, figuresLeftOut };
    });
  }

  async stop(): Promise<void> {
    this.#stopTicking?.();
    await Promise.all(this.#notifiers.map((notifier) => notifier.stop()));
    this.#keep();
    await this.#file.settled();
  }

  #keep(): void {
    if (this.#notifiers.length === 0) return;
    this.#file.write(() => Object.fromEntries(this.#notifiers.map((one) => [one.name, one.kept()])));
  }
}

const earlyMax = 1_000;
