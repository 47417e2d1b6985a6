import { AlertPast, type AlertPastParts } from './alert-past.ts';
import { type AlertCounts, Alerts } from './alerts/alerts.ts';
import type { Outside, ServiceState } from './alerts/outside.ts';
import type { AlertsRequest } from './api/alerts.ts';
import type { ApiParts } from './api/server.ts';
import type { AlertRuleRow } from './api/shapes.ts';
import type { Clock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import type { AlertSettings } from './config/alert-settings.ts';
import type { Alert, AlertRule, AlertTeller, Notice, Silence } from './model/alert.ts';
import type { AlertEvent, PowerEvent } from './model/event.ts';
import type { IdleVerdict } from './model/idle.ts';
import type { PowerTree } from './model/power-tree.ts';
import type { Room } from './model/room.ts';
import { scopeMatches } from './model/scope.ts';
import type { Store } from './store/store.ts';

export interface AlertingParts {
  readonly tree: PowerTree;
  readonly room: Room;
  readonly settings: AlertSettings;
  readonly store: Pick<Store, 'alerts' | 'rollUps'>;
  readonly energy: AlertPastParts['energy'];
  readonly currency: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly idle: () => readonly IdleVerdict[];
  readonly service: () => ServiceState;
  /** Where alerts go to be kept. */
  readonly record: (event: AlertEvent) => void;
  /** Where alerts go to be shown at once. */
  readonly show: (event: AlertEvent) => void;
  /** Who is told besides the log. */
  readonly teller: AlertTeller;
  /** What is worth keeping over a crash changed. */
  readonly save: () => void;
}

/** Alerts of earlier runs that still fire are looked for so far back. */
const firingMsMax = 400 * 86_400_000;
const firingMax = 10_000;
/** A store that is away for longer is not waited for: then the checkpoint alone says what fired. */
const pastWaitMsMax = 30_000;
/** A device's clock may be ahead of ours. */
const aheadMs = 60_000;
/** Devices that said hello or goodbye. */
const onlineMax = 200_000;

/**
 * The alerts and what it takes to keep them going: they take up where the last run left off, are ticked, saved, and
 * asked by the api. Nothing fires before the past has been taken up, so that nothing is told twice.
 */
export class Alerting {
  readonly #parts: AlertingParts;
  readonly #alerts: Alerts;
  readonly #past: AlertPast;
  readonly #online = new Map<string, boolean>();
  readonly #startedMs: number;
  #isOpen = false;

  constructor(parts: AlertingParts) {
    this.#parts = parts;
    this.#startedMs = parts.clock.nowMs();
    this.#past = new AlertPast({
      ...parts,
      timezone: parts.tree.timezone,
      budgets: parts.settings.energyBudget.budgets.map(({ scope }) => scope),
    });
    const outside: Outside = {
      service: parts.service,
      idle: parts.idle,
      month: (scope) => this.#past.month(scope),
      carriedBefore: (outlet) => this.#past.carriedBefore(outlet),
      isOnline: (device) => this.#online.get(device),
    };
    this.#alerts = new Alerts({
      room: parts.room,
      tree: parts.tree,
      settings: parts.settings,
      outside,
      teller: { tell: (notice) => this.#tell(notice) },
      event: (event) => this.#event(event),
    });
  }

  /** A device said hello, or its last will that it is gone. */
  availability(device: string, online: boolean): void {
    if (this.#online.has(device) || this.#online.size < onlineMax) this.#online.set(device, online);
  }

  /** What detection has found. */
  event(event: PowerEvent): void {
    this.#alerts.event(event);
  }

  recable(tree: PowerTree): void {
    this.#alerts.recable(tree);
  }

  /** Takes up what fired when the run before ended; to be called when the store is there, and again after it has rejected. */
  async takeUpPast(): Promise<void> {
    const { store, log } = this.#parts;
    const nowMs = this.#startedMs;
    try {
      const alerts = await store.alerts({
        fromMs: nowMs - firingMsMax,
        toMs: nowMs + aheadMs,
        limit: firingMax,
      });
      if (!this.#isOpen) this.#alerts.takeUp(alerts, nowMs);
    } catch (error) {
      if (!this.#isOpen) throw error;
      log.warn(
        { err: error },
        'the store could not be asked for alerts that fired: the checkpoint alone counts',
      );
    }
    this.#isOpen = true;
  }

  /** All that fire, also those held back. */
  firing(): Alert[] {
    return this.#alerts.list().filter(({ state }) => state === 'firing');
  }

  /** Everything a scope is part of, itself first and the room last. */
  containersOf(scope: string): Iterable<string> {
    return this.#alerts.containersOf(scope);
  }

  /** Called about every second. */
  tick(nowMs: number): void {
    if (!this.#isOpen && nowMs - this.#startedMs < pastWaitMsMax) return;
    this.#isOpen = true;
    this.#alerts.tick(nowMs);
    if (this.#parts.service().storeOk) this.#past.tick(nowMs);
  }

  // ── the checkpoint ───────────────────────────────────────────────────────────────────────────────────

  /** Of the checkpoint file. */
  readonly section = 'alerts';

  saved(nowMs: number): Uint8Array {
    return Buffer.from(JSON.stringify(this.#alerts.save(nowMs)));
  }

  /** Before the first tick. Throws on what `saved` did not write. */
  load(bytes: Uint8Array): void {
    this.#alerts.load(JSON.parse(Buffer.from(bytes).toString('utf8')), this.#startedMs);
  }

  // ── what the api asks ────────────────────────────────────────────────────────────────────────────────

  get answers(): ApiParts['alerting'] {
    const nowMs = () => this.#parts.clock.nowMs();
    const saving = <T>(result: T): T => {
      this.#parts.save();
      return result;
    };
    return {
      alerts: (request) => this.#list(request),
      ackAlert: (id, { by, note }) => saving(this.#alerts.ack(id, by, note, nowMs())),
      alertRules: (only: { rule?: AlertRule; scope?: string }): AlertRuleRow[] =>
        this.#alerts.ruleRows(nowMs(), only),
      silences: () => this.#alerts.silences(nowMs()),
      silence: (wish: Omit<Silence, 'id'>) => saving(this.#alerts.silence(wish, nowMs())),
      endSilence: (id) => saving(this.#alerts.endSilence(id)),
    };
  }

  get counts(): AlertCounts {
    return this.#alerts.counts;
  }

  async #list({ states, scope, rule, fromMs, toMs, limit }: AlertsRequest): Promise<Alert[]> {
    const wanted = states ?? ['pending', 'firing'];
    const rows = new Map<string, Alert>();
    // What has ended is in the store, and the newest of it in memory.
    if (wanted.includes('resolved')) {
      const stored = await this.#parts.store.alerts({ fromMs, toMs, limit: firingMax });
      for (const alert of stored) if (alert.state === 'resolved') rows.set(alert.id, alert);
    }
    for (const alert of this.#alerts.list()) {
      const isInTime = alert.sinceMs >= fromMs && alert.sinceMs < toMs;
      if (alert.state !== 'resolved' || isInTime) rows.set(alert.id, alert);
    }
    return [...rows.values()]
      .filter((alert) => wanted.includes(alert.state) && (rule === undefined || alert.rule === rule))
      .filter((alert) => scopeMatches(scope, alert.scope) || this.#alerts.isIn(alert.scope, scope))
      .sort(firingFirst)
      .slice(0, limit);
  }

  #event(event: AlertEvent): void {
    this.#parts.record(event);
    this.#parts.show(event);
    this.#parts.save();
  }

  #tell(notice: Notice): void {
    const { kind, alert } = notice;
    const level = kind === 'resolved' || alert.severity === 'info' ? 'info' : 'warn';
    this.#parts.log[level]({ alert: alert.id, severity: alert.severity }, `alert ${kind}: ${alert.text}`);
    this.#parts.teller.tell(notice);
  }
}

const stateOrder = { firing: 0, pending: 1, resolved: 2 } as const;

function firingFirst(a: Alert, b: Alert): number {
  return stateOrder[a.state] - stateOrder[b.state] || b.sinceMs - a.sinceMs || (a.id < b.id ? -1 : 1);
}
