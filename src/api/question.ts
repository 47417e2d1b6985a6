import type { Request } from 'express';
import { distance } from 'fastest-levenshtein';
import type { RoomView } from '../model/room-view.ts';
import { scopeKinds, scopeMatches } from '../model/scope.ts';
import { isZone } from '../model/zone.ts';
import { ProblemError } from './problem.ts';
import { readTime } from './time.ts';

const noScopes: ReadonlySet<string> = new Set();

/** One query parameter; undefined when it is absent or empty. */
export function parameterOf(request: Request, name: string): string | undefined {
  const value: unknown = request.query[name];
  if (value === undefined || value === '') return undefined;
  if (typeof value === 'string') return value;
  throw new ProblemError('bad-parameter', `${name} is given more than once.`, { parameter: name });
}

/** A misspelt parameter would be taken for none, and the answer for that of another question. */
export function refuseMisspelt(request: Request, known: readonly string[]): void {
  for (const name of Object.keys(request.query)) {
    if (name.length < nameLengthMin || known.includes(name)) continue;
    const far = (other: string) => distance(name.slice(0, nameLengthMax), other);
    const [nearest] = known
      .filter((other) => far(other) <= Math.min(2, name.length / 2))
      .sort((a, b) => far(a) - far(b));
    if (nearest === undefined) continue;
    const detail = `There is no parameter ${name.slice(0, nameLengthMax)}. Nearest: ${nearest}.`;
    throw new ProblemError('bad-parameter', detail, {
      parameter: name.slice(0, nameLengthMax),
      nearest: [nearest],
    });
  }
}

const nameLengthMin = 3;
const nameLengthMax = 40;

/**
 * Scopes asked about: one the room knows, one of which only history is known (`past`), or a pattern such as `server:*`;
 * `*` when none is given.
 */
export function scopesOf(request: Request, room: RoomView, past: ReadonlySet<string> = noScopes): string {
  const scope = parameterOf(request, 'scope') ?? '*';
  return isPattern(scope) || past.has(scope) ? scope : knownScope(scope, room);
}

/** Scopes asked about one by one. */
export interface AskedScopes {
  readonly scopes: readonly string[];
  /** Named as several: repeated, with commas, or by a pattern; the answer is a list, also of one. */
  readonly isList: boolean;
}

/**
 * `scope` may be repeated, hold commas, and be a pattern such as `server:*`: each scope that is meant, once. `past`: those
 * of which only history is known; patterns leave them out.
 */
export function scopeListOf(
  request: Request,
  room: RoomView,
  past: ReadonlySet<string> = noScopes,
): AskedScopes {
  const given: unknown = request.query.scope;
  const texts = (Array.isArray(given) ? given : [given]).filter(
    (text): text is string => typeof text === 'string' && text !== '',
  );
  // A name may have a comma in it.
  const isKnown = (text: string) => room.indexOf(text) >= 0 || past.has(text);
  const names = texts.flatMap((text) => (isKnown(text) ? text : text.split(',')));
  const meant = names.map((name) => name.trim()).filter((name) => name !== '');
  if (meant.length === 0) {
    const detail = 'scope is missing, e.g. scope=room, scope=server:* or scope=server:hv-01,server:hv-02.';
    throw new ProblemError('bad-parameter', detail, { parameter: 'scope' });
  }
  const scopes = new Set(
    meant.flatMap((name) => {
      if (isPattern(name)) return matching(name, room);
      return past.has(name) ? name : knownScope(name, room);
    }),
  );
  return { scopes: [...scopes], isList: meant.length !== 1 || isPattern(meant[0]!) };
}

function matching(pattern: string, room: RoomView): string[] {
  const found: string[] = [];
  for (let i = 0; i < room.scopeCount; i += 1) {
    const scope = room.scopeAt(i);
    if (scopeMatches(pattern, scope)) found.push(scope);
  }
  return found;
}

function isPattern(scope: string): boolean {
  return scope === '*' || scopeKinds.some((kind) => scope === `${kind}:*`);
}

/** The scope itself, when the room has it; else a ProblemError that names the nearest. */
export function knownScope(scope: string, room: RoomView, parameter = 'scope'): string {
  if (room.indexOf(scope) >= 0) return scope;
  const nearest = nearestScopes(scope.slice(0, scopeLengthMax), room);
  const hint =
    nearest.length === 0
      ? ` GET /api/v1/tree lists what there is, such as ${room.scopeAt(0)}.`
      : ` Nearest: ${nearest.join(', ')}.`;
  throw new ProblemError('unknown-scope', `There is no ${scope.slice(0, scopeLengthMax)}.${hint}`, {
    parameter,
    nearest,
  });
}

export interface RangeRules {
  readonly nowMs: number;
  readonly timezone: string;
  /** What `to` is when it is not given; without it `nowMs`. */
  readonly defaultToMs?: number;
  /** Length of the range when `from` is not given. */
  readonly defaultMs: number;
  readonly rangeMsMax: number;
}

/** [from, to): `to` is now when not given. */
export function rangeOf(request: Request, rules: RangeRules): { fromMs: number; toMs: number } {
  const toMs = timeOf(request, 'to', rules.timezone) ?? rules.defaultToMs ?? rules.nowMs;
  const fromMs = timeOf(request, 'from', rules.timezone) ?? toMs - rules.defaultMs;
  if (fromMs >= toMs) {
    if (parameterOf(request, 'to') === undefined) refuseFuture(fromMs, rules.nowMs);
    const detail = `from ${isoText(fromMs)} is not before to ${isoText(toMs)}; from must be the earlier one.`;
    throw new ProblemError('bad-range', detail, { parameter: 'from' });
  }
  if (toMs < secondsMistakenBeforeMs) {
    const detail = `to ${isoText(toMs)}: nothing was measured then. Times are in milliseconds, such as ${toMs * 1000}.`;
    throw new ProblemError('bad-range', detail, { parameter: 'to' });
  }
  if (toMs - fromMs > rules.rangeMsMax) {
    const days = Math.floor(rules.rangeMsMax / dayMs);
    const hint = fromMs < secondsMistakenBeforeMs ? ' Times are in milliseconds.' : '';
    const detail = `from ${isoText(fromMs)} to ${isoText(toMs)} is more than ${days} days: ask for ${days} at most at a time, such as from ${isoText(toMs - rules.rangeMsMax)}.${hint}`;
    throw new ProblemError('bad-range', detail, { parameter: 'from' });
  }
  return { fromMs, toMs };
}

/** A range that has not begun yet has nothing to tell. */
export function refuseFuture(fromMs: number, nowMs: number): void {
  if (fromMs < nowMs) return;
  const detail = `from ${isoText(fromMs)} has not come yet; it is ${isoText(nowMs)}.`;
  throw new ProblemError('bad-range', detail, { parameter: 'from' });
}

/** The zone times and days are meant in: the room's unless another is named. */
export function timezoneOf(request: Request, roomTimezone: string): string {
  const text = parameterOf(request, 'timezone') ?? roomTimezone;
  if (isZone(text)) return text;
  const detail = `timezone=${text.slice(0, 40)} is no IANA time zone; write one such as ${roomTimezone}.`;
  throw new ProblemError('bad-parameter', detail, { parameter: 'timezone' });
}

/** One of a few words. */
export function choiceOf<T extends string>(
  request: Request,
  name: string,
  choices: readonly T[],
  fallback: T,
): T {
  const text = parameterOf(request, name) ?? fallback;
  const choice = choices.find((known) => known === text);
  if (choice !== undefined) return choice;
  const detail = `${name}=${text.slice(0, 40)} is none of ${choices.join(', ')}.`;
  throw new ProblemError('bad-parameter', detail, { parameter: name });
}

export function wholeNumberOf(
  request: Request,
  name: string,
  min: number,
  max: number,
  fallback: number,
): number {
  const text = parameterOf(request, name);
  if (text === undefined) return fallback;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  const detail = `${name}=${text.slice(0, 40)} is not a whole number from ${min} to ${max}.`;
  throw new ProblemError('bad-parameter', detail, { parameter: name });
}

const dayMs = 86_400_000;
/** Longer texts are not compared with anything. */
const scopeLengthMax = 256;
const nearestMax = 3;
/** A room of many thousand outlets is not searched through for a typing error. */
const comparedMax = 10_000;
/** A time this early is most likely one in seconds. */
const secondsMistakenBeforeMs = Date.UTC(1990, 0);
const timeMsMin = 0;
const timeMsMax = Date.UTC(2200, 0);

function timeOf(request: Request, name: string, timezone: string): number | undefined {
  const text = parameterOf(request, name);
  if (text === undefined) return undefined;
  const atMs = readTime(text, timezone);
  if (atMs !== undefined && atMs >= timeMsMin && atMs <= timeMsMax) return atMs;
  const detail =
    `${name}=${text.slice(0, 40)} is no time from 1970 to 2200; ` +
    'write epoch milliseconds (1768478400000) or ISO 8601 (2026-01-15T12:00:00Z).';
  throw new ProblemError('bad-parameter', detail, { parameter: name });
}

function isoText(atMs: number): string {
  return new Date(atMs).toISOString();
}

function nearestScopes(wrong: string, room: RoomView): string[] {
  const found: { scope: string; far: number }[] = [];
  for (let i = 0; i < Math.min(room.scopeCount, comparedMax); i++) {
    const scope = room.scopeAt(i);
    const name = scope.slice(scope.indexOf(':') + 1);
    const far = Math.min(distance(wrong, scope), distance(wrong, name));
    if (far <= Math.max(2, wrong.length / 3)) found.push({ scope, far });
  }
  return found
    .sort((a, b) => a.far - b.far)
    .slice(0, nearestMax)
    .map(({ scope }) => scope);
}
