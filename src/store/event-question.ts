import type { AlertEvent, IdleEvent, PowerEvent, StartEvent } from '../model/event.ts';
import { alertRow, type EventRows, eventRowsMax, idleEventRow, startRow } from './event-rows.ts';
import type { EventQuery } from './store.ts';

/** Of the events those that are stored, as rows. */
export function rowsOfEvents(events: readonly PowerEvent[]): EventRows {
  return {
    start: events
      .filter((event): event is StartEvent => event.kind === 'start')
      .map((e) => startRow(e.start)),
    idle_event: events.filter((event): event is IdleEvent => event.kind === 'idle').map(idleEventRow),
    alert: events
      .filter((event): event is AlertEvent => event.kind === 'alert')
      .map((e) => alertRow(e.alert)),
  };
}

/** Scopes and patterns taken apart: whole names, and the beginnings that patterns stand for. */
export interface ScopeChoice {
  readonly names: readonly string[];
  readonly beginnings: readonly string[];
}

/** Undefined: all scopes. */
export function scopeChoice(scopes: readonly string[] | undefined): ScopeChoice | undefined {
  if (scopes === undefined || scopes.includes('*')) return undefined;
  const isPattern = (scope: string) => scope.endsWith(':*') || scope.endsWith('/*');
  return {
    names: scopes.filter((scope) => !isPattern(scope)),
    beginnings: scopes.filter(isPattern).map((pattern) => pattern.slice(0, -1)),
  };
}

/** Is this scope among the chosen ones? */
export function choosesScope(choice: ScopeChoice | undefined, scope: string): boolean {
  if (choice === undefined || choice.names.includes(scope)) return true;
  return choice.beginnings.some((beginning) => scope.startsWith(beginning));
}

/** Can anything be the answer? */
export function asksForSomething(query: EventQuery): boolean {
  return query.fromMs < query.toMs && limitOf(query) > 0 && query.scopes?.length !== 0;
}

export function limitOf(query: EventQuery): number {
  return Math.min(Math.max(0, Math.floor(query.limit) || 0), eventRowsMax);
}
