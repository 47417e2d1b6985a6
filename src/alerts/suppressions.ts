import type { AlertSettings } from '../config/alert-settings.ts';
import type { AlertRule, Suppression } from '../model/alert.ts';
import type { StartEvent } from '../model/event.ts';
import type { Incident } from './incident.ts';
import { causes, explains } from './inhibition.ts';
import { Maintenance } from './maintenance.ts';
import type { Silences } from './silences.ts';
import { Starting } from './starting.ts';
import type { Topology } from './topology.ts';

export interface SuppressionsParts {
  readonly topology: () => Topology;
  readonly silences: Silences;
  readonly maintenance: AlertSettings['maintenance'];
  readonly timezone: string;
  /** What a scope draws now; NaN: not known. */
  readonly wattsOf: (scope: string) => number;
}

/** What a start explains by itself, as long as it is not grave and no more than the start adds. */
const mutedByStarts: ReadonlySet<AlertRule> = new Set<AlertRule>([
  'circuit-load',
  'failover-overload',
  'redundancy-lost',
  'demand-forecast',
]);
/** When a cause is over, what it explained is over too, a little later by its own dwell. */
const lingerMs = 10 * 60_000;
const minuteMs = 60_000;

/** Why an alert that fires is told to nobody: a silence, a maintenance window, another alert, a start. */
export class Suppressions {
  readonly #parts: SuppressionsParts;
  readonly #maintenance: Maintenance;
  readonly #starting: Starting;
  /** Causes that are over, by id: until when they still explain. */
  readonly #over = new Map<string, number>();
  #containers = new Map<string, Set<string>>();
  #unsettled = true;
  #nextMs = 0;
  #minute = 0;

  constructor(parts: SuppressionsParts) {
    this.#parts = parts;
    this.#maintenance = new Maintenance(parts.maintenance, parts.timezone);
    this.#starting = new Starting(parts.topology);
  }

  /** Something changed: every alert is to be weighed again. */
  unsettle(): void {
    this.#unsettled = true;
  }

  start(event: StartEvent, nowMs: number): void {
    this.#starting.event(event, nowMs);
    this.#unsettled = true;
  }

  ended(incident: Incident): void {
    if (!causes.has(incident.rule) || incident.resolvedAtMs === undefined) return;
    this.#over.set(incident.id, incident.resolvedAtMs + lingerMs);
  }

  /** The room is cabled otherwise. */
  forget(): void {
    this.#containers.clear();
    this.#unsettled = true;
  }

  /** Since the last call: must all be weighed again? */
  hasChanged(nowMs: number): boolean {
    if (this.#starting.tick(nowMs)) this.#unsettled = true;
    for (const [id, untilMs] of this.#over) {
      if (untilMs > nowMs) continue;
      this.#over.delete(id);
      this.#unsettled = true;
    }
    // Windows begin and end on the minute.
    const minute = Math.floor(nowMs / minuteMs);
    const changed =
      this.#unsettled ||
      nowMs >= this.#nextMs ||
      // What a start explains may grow beyond it.
      ((!this.#maintenance.isEmpty || this.#starting.isAny) && minute !== this.#minute);
    this.#minute = minute;
    if (changed) this.#nextMs = this.#parts.silences.nextChangeMs(nowMs);
    this.#unsettled = false;
    return changed;
  }

  /** Writes into the incident what holds it back now; `open` are those that may explain others. */
  weigh(incident: Incident, open: readonly Incident[], nowMs: number): void {
    const held = this.#heldBackBy(incident, open, nowMs);
    incident.suppressedBy = held?.[0];
    incident.suppressedById = held?.[1];
  }

  #heldBackBy(
    incident: Incident,
    open: readonly Incident[],
    nowMs: number,
  ): [Suppression, string] | undefined {
    const scopes = this.#containersOf(incident.scope);
    const silence = this.#parts.silences.of(incident.rule, scopes, nowMs);
    if (silence !== undefined) return ['silenced', silence.id];
    const window = this.#maintenance.of(incident.rule, scopes, nowMs);
    if (window !== undefined) return ['muted', window];
    // A backlog that is nearly full is lost soon, whatever explains it.
    const grave = incident.severity === 'critical';
    const cause =
      incident.rule === 'backlog-growing' && grave ? undefined : this.#causeOf(incident, open, nowMs);
    if (cause !== undefined) return ['inhibited', cause];
    if (!grave && mutedByStarts.has(incident.rule)) {
      const start = this.#starting.explaining(
        incident.scope,
        incident.finding.excessWatts,
        this.#parts.wattsOf,
      );
      if (start !== undefined) return ['muted', start];
    }
    return undefined;
  }

  #causeOf(incident: Incident, open: readonly Incident[], nowMs: number): string | undefined {
    const cause = open.find((other) => explains(other, incident, this.#parts.topology()));
    if (cause !== undefined) return cause.id;
    const { suppressedBy, suppressedById: id } = incident;
    return suppressedBy === 'inhibited' && id !== undefined && (this.#over.get(id) ?? 0) > nowMs
      ? id
      : undefined;
  }

  #containersOf(scope: string): Set<string> {
    let known = this.#containers.get(scope);
    if (known === undefined) {
      known = this.#parts.topology().containersOf(scope);
      if (this.#containers.size >= containersMax) this.#containers = new Map();
      this.#containers.set(scope, known);
    }
    return known;
  }
}

const containersMax = 20_000;
