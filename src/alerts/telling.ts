import type { Alert, AlertTeller } from '../model/alert.ts';
import type { AlertEvent } from '../model/event.ts';
import type { Incident, Turn } from './incident.ts';
import { causes } from './inhibition.ts';
import type { Suppressions } from './suppressions.ts';

export interface TellingParts {
  readonly suppressions: Suppressions;
  readonly teller: AlertTeller;
  readonly event: (event: AlertEvent) => void;
  readonly alertOf: (incident: Incident) => Alert;
  /** ms; 0: nobody is reminded. */
  readonly remindAfterMs: number;
  /** Its `remindMs` was set. */
  readonly remindLater: (incident: Incident) => void;
}

/** Resolved ones, until the store surely has them. */
const recentMax = 500;

/** Who hears of an incident: it waits for the end of a tick, when it is known what explains what. */
export class Telling {
  readonly #parts: TellingParts;
  /** Fired, grave or resolved in this tick. */
  readonly #turned = new Map<Incident, Turn>();
  /** Resolved, by id, the oldest first. */
  readonly #recent = new Map<string, Alert>();

  constructor(parts: TellingParts) {
    this.#parts = parts;
  }

  /** Those resolved lately. */
  recent(): Iterable<Alert> {
    return this.#recent.values();
  }

  /** Fired and over within one tick is told as over, if at all. */
  turned(incident: Incident, turn: Turn): void {
    this.#turned.delete(incident);
    this.#turned.set(incident, turn);
  }

  /** The tick is over; `incidents` are all that are open. */
  settle(incidents: ReadonlyMap<string, Incident>, nowMs: number): void {
    const { suppressions } = this.#parts;
    if (suppressions.hasChanged(nowMs)) {
      for (const incident of incidents.values())
        if (incident.state === 'firing' && !this.#turned.has(incident)) this.#turned.set(incident, 'nothing');
    }
    if (this.#turned.size === 0) return;
    const open = [...incidents.values()].filter(({ rule }) => causes.has(rule));
    for (const [incident, turn] of this.#turned) {
      const was = incident.suppressedById;
      if (turn !== 'resolved') suppressions.weigh(incident, open, nowMs);
      if (turn === 'nothing' && was === incident.suppressedById) continue;
      this.#show(incident, nowMs);
      this.#tell(incident, turn, nowMs);
    }
    this.#turned.clear();
  }

  /** Its reminder is due. */
  remind(incident: Incident, nowMs: number): void {
    this.remindLater(incident, nowMs);
    if (incident.suppressedBy !== undefined || !incident.told || incident.ackedBy !== undefined) return;
    this.#parts.teller.tell({ kind: 'reminder', alert: this.#parts.alertOf(incident), atMs: nowMs });
  }

  remindLater(incident: Incident, nowMs: number): void {
    const afterMs = this.#parts.remindAfterMs;
    const wanted = afterMs > 0 && incident.ackedBy === undefined && incident.state === 'firing';
    incident.remindMs = wanted ? nowMs + afterMs : Number.POSITIVE_INFINITY;
    if (wanted) this.#parts.remindLater(incident);
  }

  /** Somebody has taken it on: shown at once, and told to those who know of it. */
  acked(incident: Incident, nowMs: number): Alert {
    incident.remindMs = Number.POSITIVE_INFINITY;
    const alert = this.#parts.alertOf(incident);
    if (incident.state === 'firing') {
      this.#parts.event({ kind: 'alert', scope: alert.scope, atMs: nowMs, alert });
      if (incident.told) this.#parts.teller.tell({ kind: 'changed', alert, atMs: nowMs });
    }
    return alert;
  }

  #tell(incident: Incident, turn: Turn, nowMs: number): void {
    const say = (kind: 'firing' | 'changed' | 'resolved') =>
      this.#parts.teller.tell({ kind, alert: this.#parts.alertOf(incident), atMs: nowMs });
    if (turn === 'resolved') {
      if (incident.told) say('resolved');
      return;
    }
    if (incident.suppressedBy !== undefined) return;
    if (!incident.told) {
      incident.told = true;
      say('firing');
    } else say('changed');
    this.remindLater(incident, nowMs);
  }

  #show(incident: Incident, nowMs: number): void {
    const alert = this.#parts.alertOf(incident);
    if (incident.state === 'resolved') {
      this.#recent.set(alert.id, alert);
      if (this.#recent.size > recentMax) this.#recent.delete(this.#recent.keys().next().value!);
    }
    this.#parts.event({ kind: 'alert', scope: alert.scope, atMs: nowMs, alert });
  }
}
