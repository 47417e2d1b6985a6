import type { AlertSettings } from '../config/alert-settings.ts';
import { type Alert, type AlertRule, type AlertTeller, alertRules, type Silence } from '../model/alert.ts';
import { ruleWords } from '../model/alert-rules.ts';
import type { AlertEvent, PowerEvent } from '../model/event.ts';
import type { PowerTree } from '../model/power-tree.ts';
import { alertOf } from './alert-of.ts';
import type { AlertRoom } from './alert-room.ts';
import { DueTimes } from './due-times.ts';
import { Incident, type Turn } from './incident.ts';
import { causes } from './inhibition.ts';
import type { Outside } from './outside.ts';
import type { Finding, LookAgain, Rule } from './rule.ts';
import { RuleSettings } from './rule-settings.ts';
import { makeRules } from './rules.ts';
import { readSaved, type SavedAlerts, savedOf, takenUp } from './saved-alerts.ts';
import { Silences, type SilenceWish } from './silences.ts';
import { Suppressions } from './suppressions.ts';
import { Telling } from './telling.ts';
import { Topology } from './topology.ts';
import { type RuleRow, ruleRows } from './why.ts';

export interface AlertsParts {
  readonly room: AlertRoom;
  readonly tree: PowerTree;
  readonly settings: AlertSettings;
  readonly outside: Outside;
  /** Who is told. */
  readonly teller: AlertTeller;
  /** Where alerts go to be kept and shown, from their firing on. */
  readonly event: (event: AlertEvent) => void;
}

export interface AlertCounts {
  readonly pending: number;
  readonly firing: number;
  /** Of those that fire: told to nobody, since something holds them back. */
  readonly suppressed: number;
  readonly silences: number;
  /** Not followed because too many were open. */
  readonly dropped: number;
  /** Looks of rules at scopes since the start. */
  readonly looks: number;
}

/** Open at once, of all rules; a room on fire has fewer. */
const incidentsMax = 10_000;
/** A restored alert whose scope does not appear again is over. */
const missedMsMax = 15 * 60_000;
const minuteMs = 60_000;

/**
 * Finds what is wrong and follows it until it is over. Each second it looks at the scopes whose figures changed, and
 * at nothing else; what waits for its dwell lies in a heap. Events and notices are given away in the order things
 * happened. Pure but for those: time comes with every call.
 */
export class Alerts {
  readonly #parts: AlertsParts;
  readonly #rules: readonly Rule[];
  readonly #byKind = new Map<string, Rule[]>();
  readonly #settings: RuleSettings;
  readonly #silences = new Silences();
  readonly #suppressions: Suppressions;
  readonly #telling: Telling;
  #topology: Topology;
  /** By rule and scope. */
  readonly #open = new Map<AlertRule, Map<string, Incident>>();
  readonly #byId = new Map<string, Incident>();
  readonly #due = new DueTimes<Incident>();
  /** Asked to be looked at in this tick. */
  readonly #asked = new Map<AlertRule, Set<number>>(alertRules.map((rule) => [rule, new Set()]));
  #events: PowerEvent[] = [];
  #seenVersion = -1;
  #minuteMs = 0;
  #startedMs = 0;
  #dropped = 0;
  #looks = 0;
  #firing = 0;

  constructor(parts: AlertsParts) {
    this.#parts = parts;
    this.#topology = new Topology(parts.tree);
    const topology = () => this.#topology;
    this.#settings = new RuleSettings(parts.settings, topology);
    this.#suppressions = new Suppressions({
      topology,
      silences: this.#silences,
      maintenance: parts.settings.maintenance,
      timezone: parts.tree.timezone,
      wattsOf: (scope) => {
        const number = parts.room.indexOf(scope);
        return number < 0 ? Number.NaN : parts.room.sumAt(number, 'watts');
      },
    });
    this.#telling = new Telling({
      suppressions: this.#suppressions,
      teller: parts.teller,
      event: parts.event,
      alertOf: (incident) => this.#alertOf(incident),
      remindAfterMs: parts.settings.remindAfter,
      remindLater: (incident) => this.#due.add(incident.remindMs, incident),
    });
    this.#rules = makeRules((name) => ({
      room: parts.room,
      topology,
      settings: this.#settings,
      outside: parts.outside,
      timezone: parts.tree.timezone,
      look: lookIn(this.#asked.get(name)!),
    })).filter(({ name }) => this.#settings.isUsed(name));
    for (const rule of this.#rules) {
      this.#open.set(rule.name, new Map());
      for (const kind of rule.kinds) this.#byKind.set(kind, [...(this.#byKind.get(kind) ?? []), rule]);
    }
  }

  // ── what happens ─────────────────────────────────────────────────────────────────────────────────────

  /** Called about every second. */
  tick(nowMs: number): void {
    if (this.#startedMs === 0) this.#startedMs = nowMs;
    for (const event of this.#events.splice(0)) this.#take(event, nowMs);
    this.#lookAtChanges(nowMs);
    for (const rule of this.#rules) rule.tick?.(nowMs);
    this.#lookAtAsked(nowMs);
    while (this.#due.nextMs <= nowMs) this.#fallDue(this.#due.take(), nowMs);
    if (nowMs - this.#minuteMs >= minuteMs) {
      this.#minuteMs = nowMs;
      this.#endMissing(nowMs);
    }
    this.#telling.settle(this.#byId, nowMs);
  }

  /** Starts and idle levels; looked at with the next tick. */
  event(event: PowerEvent): void {
    if (event.kind !== 'start' && event.kind !== 'idle') return;
    if (this.#events.length < eventsMax) this.#events.push(event);
    else this.#dropped += 1;
  }

  /** The room is cabled otherwise from now on. */
  recable(tree: PowerTree): void {
    this.#topology = new Topology(tree);
    this.#settings.forget();
    this.#suppressions.forget();
    this.#seenVersion = -1;
  }

  #take(event: PowerEvent, nowMs: number): void {
    if (event.kind === 'start') this.#suppressions.start(event, nowMs);
    for (const rule of this.#rules) rule.event?.(event, nowMs);
  }

  #lookAtChanges(nowMs: number): void {
    const { room } = this.#parts;
    const seen = this.#seenVersion;
    this.#seenVersion = room.version;
    if (room.version === seen) return;
    for (let scope = 0; scope < room.scopeCount; scope += 1) {
      if (room.versionAt(scope) <= seen) continue;
      const rules = this.#byKind.get(room.kindAt(scope));
      if (rules === undefined) continue;
      for (const rule of rules) {
        if (rule.changed === undefined) this.#look(rule, scope, nowMs);
        else rule.changed(scope, nowMs);
      }
    }
  }

  #lookAtAsked(nowMs: number): void {
    for (const rule of this.#rules) {
      const scopes = this.#asked.get(rule.name)!;
      if (scopes.size === 0) continue;
      for (const scope of scopes) this.#look(rule, scope, nowMs);
      scopes.clear();
    }
  }

  #look(rule: Rule, scope: number, nowMs: number): void {
    this.#looks += 1;
    const id = this.#parts.room.scopeAt(scope);
    const dwells = this.#settings.of(rule.name, id);
    const finding = dwells.enabled ? rule.find(scope, nowMs) : undefined;
    const open = this.#open.get(rule.name)!;
    const incident = open.get(id);
    if (incident === undefined) {
      if (finding?.level === 'raised') this.#begin(rule, id, finding, nowMs);
    } else if (finding === undefined) this.#end(incident, nowMs);
    else {
      const { dueMs } = incident;
      const turn = incident.observe(finding, dwells, nowMs);
      if (finding.level !== 'clear' && finding.level !== 'unknown') incident.earlier = undefined;
      if (incident.dueMs < dueMs) this.#due.add(incident.dueMs, incident);
      this.#turn(incident, turn);
    }
  }

  #begin(rule: Rule, scope: string, finding: Finding, nowMs: number): void {
    if (this.#byId.size >= incidentsMax) {
      this.#dropped += 1;
      return;
    }
    const incident = new Incident(rule.name, scope, finding, this.#settings.of(rule.name, scope), nowMs);
    this.#hold(incident);
    this.#turn(incident, incident.due(nowMs));
  }

  #hold(incident: Incident): void {
    this.#open.get(incident.rule)!.set(incident.scope, incident);
    this.#byId.set(incident.id, incident);
    if (incident.state === 'firing') this.#firing += 1;
    this.#due.add(incident.dueMs, incident);
    if (causes.has(incident.rule)) this.#suppressions.unsettle();
  }

  #letGo(incident: Incident): void {
    this.#open.get(incident.rule)?.delete(incident.scope);
    this.#byId.delete(incident.id);
    if (causes.has(incident.rule)) this.#suppressions.unsettle();
  }

  #fallDue(incident: Incident, nowMs: number): void {
    if (this.#byId.get(incident.id) !== incident) return;
    if (incident.dueMs > nowMs) {
      // Put off since; what waits for nothing is put in again when it does.
      if (incident.dueMs < Number.POSITIVE_INFINITY) this.#due.add(incident.dueMs, incident);
      return;
    }
    if (incident.remindMs <= nowMs) this.#telling.remind(incident, nowMs);
    // Nothing fires on what was true a while ago.
    if (incident.state === 'pending') {
      const scope = this.#parts.room.indexOf(incident.scope);
      const rule = this.#ruleOf(incident.rule);
      if (scope >= 0 && rule !== undefined) this.#look(rule, scope, nowMs);
      if (incident.state !== 'pending' || this.#byId.get(incident.id) !== incident) return;
    }
    this.#turn(incident, incident.due(nowMs));
    if (this.#byId.get(incident.id) === incident && incident.dueMs < Number.POSITIVE_INFINITY)
      this.#due.add(incident.dueMs, incident);
  }

  #turn(incident: Incident, turn: Turn): void {
    if (turn === 'nothing') return;
    if (turn === 'dropped') {
      this.#letGo(incident);
      return;
    }
    if (turn === 'fired') this.#firing += 1;
    if (turn === 'resolved') {
      this.#firing -= 1;
      this.#letGo(incident);
      this.#suppressions.ended(incident);
    }
    this.#telling.turned(incident, turn);
  }

  #end(incident: Incident, nowMs: number): void {
    if (incident.state === 'pending') {
      this.#letGo(incident);
      return;
    }
    incident.end(nowMs);
    this.#turn(incident, 'resolved');
  }

  /** Of a scope that has not come back: renamed, or taken out of the settings. */
  #endMissing(nowMs: number): void {
    if (nowMs - this.#startedMs < missedMsMax) return;
    for (const incident of [...this.#byId.values()])
      if (this.#parts.room.indexOf(incident.scope) < 0) this.#end(incident, nowMs);
  }

  #alertOf(incident: Incident): Alert {
    return alertOf(incident, this.#ruleOf(incident.rule));
  }

  #ruleOf(name: AlertRule): Rule | undefined {
    return this.#rules.find((rule) => rule.name === name);
  }

  // ── what is asked ────────────────────────────────────────────────────────────────────────────────────

  /** Firing and pending ones, and those resolved lately, in no order. */
  list(): Alert[] {
    return [
      ...[...this.#byId.values()].map((incident) => this.#alertOf(incident)),
      ...this.#telling.recent(),
    ];
  }

  /** Is the first scope part of the second? */
  isIn(scope: string, container: string): boolean {
    return this.containersOf(scope).has(container);
  }

  containersOf(scope: string): ReadonlySet<string> {
    return this.#topology.containersOf(scope);
  }

  /** Undefined: no open alert has that id. */
  ack(id: string, by: string, note: string | undefined, nowMs: number): Alert | undefined {
    const incident = this.#byId.get(id);
    if (incident === undefined) return undefined;
    incident.ackedBy = by;
    incident.ackedAtMs = nowMs;
    incident.ackNote = note;
    return this.#telling.acked(incident, nowMs);
  }

  silences(nowMs: number): Silence[] {
    return this.#silences.list(nowMs);
  }

  /** Undefined: there are as many as there may be. */
  silence(wish: SilenceWish, nowMs: number): Silence | undefined {
    this.#suppressions.unsettle();
    return this.#silences.add(wish, nowMs);
  }

  /** False: there is none of that id. */
  endSilence(id: string): boolean {
    this.#suppressions.unsettle();
    return this.#silences.end(id);
  }

  /** Every rule as it stands; of a rule, for `scope` or the nearest to firing, why it does not fire. */
  ruleRows(nowMs: number, only?: { rule?: AlertRule | undefined; scope?: string | undefined }): RuleRow[] {
    return ruleRows({
      rules: this.#rules,
      settings: this.#settings,
      room: this.#parts.room,
      incident: (rule, scope) => this.#open.get(rule)?.get(scope),
      nowMs,
      ...only,
    });
  }

  get counts(): AlertCounts {
    return {
      pending: this.#byId.size - this.#firing,
      firing: this.#firing,
      suppressed: [...this.#byId.values()].filter(
        ({ state, suppressedBy }) => state === 'firing' && suppressedBy !== undefined,
      ).length,
      silences: this.#silences.size,
      dropped: this.#dropped,
      looks: this.#looks,
    };
  }

  // ── over a restart ───────────────────────────────────────────────────────────────────────────────────

  save(nowMs: number): SavedAlerts {
    return savedOf({
      incidents: [...this.#byId.values()].map((incident) => ({ incident, alert: this.#alertOf(incident) })),
      silences: this.#silences.list(nowMs),
      rules: this.#rules,
    });
  }

  /** Takes up what an earlier run saved; before the first tick. Throws on what was not written by `save`. */
  load(saved: unknown, nowMs: number): void {
    const { incidents, silences, rules } = readSaved(saved);
    for (const silence of silences) if (silence.toMs > nowMs) this.#silences.restore(silence);
    for (const rule of this.#rules) {
      const own = rules[rule.name];
      if (own !== undefined) rule.load?.(own, nowMs);
    }
    for (const one of incidents) this.#takeUp(one.alert, one.told, one.dueMs, nowMs);
  }

  /**
   * What the store knows of alerts is newer than the checkpoint after a crash: those that fired since are taken up,
   * those that were over are let go. Nothing of it is told again.
   */
  takeUp(alerts: readonly Alert[], nowMs: number): void {
    for (const alert of alerts) {
      const known = this.#byId.get(alert.id);
      if (alert.state === 'firing' && known === undefined)
        this.#takeUp(alert, alert.suppressedBy === undefined, undefined, nowMs);
      else if (alert.state === 'resolved' && known !== undefined) {
        if (known.state === 'firing') this.#firing -= 1;
        this.#letGo(known);
      }
    }
  }

  #takeUp(alert: Alert, told: boolean, dueMs: number | undefined, nowMs: number): void {
    const open = this.#open.get(alert.rule);
    const settings = ruleWords[alert.rule] && this.#settings.of(alert.rule, alert.scope);
    const incident = takenUp(alert, told, settings);
    incident.takeUp(dueMs ?? nowMs, nowMs);
    if (open === undefined || !settings.enabled) {
      // The rule is switched off since.
      if (alert.state === 'firing') {
        incident.end(nowMs);
        this.#telling.turned(incident, 'resolved');
      }
      return;
    }
    if (open.has(alert.scope) || this.#byId.size >= incidentsMax) return;
    this.#hold(incident);
    if (incident.state === 'firing') this.#telling.remindLater(incident, nowMs);
  }
}

function lookIn(asked: Set<number>): LookAgain {
  return (scope) => {
    if (scope >= 0) asked.add(scope);
  };
}

/** Between two ticks. */
const eventsMax = 20_000;
