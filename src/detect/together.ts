import { told, toldWidth } from '../model/server-observer.ts';
import type { Load } from './load-table.ts';
import { OpenStart, unpoweredWattsMax } from './open-start.ts';

/** One of the loads that start together, and those of its outlets that hang on what they share. */
export interface Member {
  readonly load: Load;
  readonly start: OpenStart;
  /** All it had when it started: another cabling does not change what was drawn where. */
  readonly outlets: readonly string[];
  readonly places: readonly number[];
}

/** Beyond so many points readings of the same second are taken as of one moment. */
const exactPointsMax = 50_000;
const roughMs = 1_000;

/**
 * What several starts draw together from the breaker, feed or device that they share, as one start: at each moment the
 * sum of what each drew last, of servers with supplies elsewhere only what flows here.
 */
export function summedStart(scope: string, atMs: number, members: readonly Member[]): OpenStart {
  const sum = new OpenStart(scope, atMs, sumOf(members, restOf), 0, 1);
  sum.surgeUntilMs = Math.max(...members.map(({ start }) => start.surgeUntilMs));
  sum.voltsBefore = middleOf(members.map(({ start }) => start.voltsBefore));
  sum.voltsMin = leastOf(members.map(voltsMinOf));
  if (members.every(({ start }) => start.endMs > 0))
    sum.endMs = Math.max(...members.map((m) => m.start.endMs));
  const points = members.reduce((count, { start }) => count + start.trace.length, 0);
  const changes = new Map<number, number>();
  for (const member of members) addChanges(member, points > exactPointsMax ? roughMs : 1, changes);
  const row = new Float64Array(toldWidth).fill(Number.NaN);
  let watts = sum.fromWatts;
  for (const [ms, change] of [...changes].sort(([a], [b]) => a - b)) {
    watts += change;
    row[told.atMs] = ms;
    row[told.watts] = watts;
    if (ms < atMs) sum.before(row);
    else sum.take(row);
  }
  for (const { load } of members) sum.concurrent.add(load.id);
  // With the second one it was certain.
  sum.certain(members.map(({ start }) => start.detectedAtMs).sort((a, b) => a - b)[1] ?? 0);
  return sum;
}

export function outletsOf(members: readonly Member[]): string[] {
  return members.flatMap(({ outlets, places }) => places.map((place) => outlets[place]!));
}

/** Supplies that were without mains before. */
export function suppliesOf(members: readonly Member[]): number {
  return sumOf(members, ({ start, places }) => (start.fromWatts < unpoweredWattsMax ? places.length : 0));
}

/** What is drawn here of what the load drew before it started: nobody knows which supply it came from. */
function restOf({ outlets, start, places }: Member): number {
  return (start.fromWatts * places.length) / outlets.length;
}

/** By how much the draw changes at each moment of a member's trace. */
function addChanges(member: Member, gridMs: number, changes: Map<number, number>): void {
  const { outlets, start, places } = member;
  const { atMs, watts, own } = start.trace;
  const share = places.length / outlets.length;
  const each = new Float64Array(outlets.length).fill(restOf(member) / places.length);
  let before = restOf(member);
  const change = (ms: number, draw: number) => {
    const at = Math.floor(ms / gridMs) * gridMs;
    changes.set(at, (changes.get(at) ?? 0) + draw - before);
    before = draw;
  };
  for (let i = 0; i < atMs.length; i += 1) {
    if (start.endMs > 0 && atMs[i]! >= start.endMs) break;
    if (own === undefined || share === 1) {
      change(atMs[i]!, Math.abs(watts[i]!) * share);
      continue;
    }
    if (!places.includes(own.input[i]!)) continue;
    each[own.input[i]!] = Math.abs(own.watts[i]!);
    change(
      atMs[i]!,
      places.reduce((draw, place) => draw + each[place]!, 0),
    );
  }
  if (start.endMs > 0) change(start.endMs, restOf(member));
}

/** Least volts of the surge, as the inputs here told them. */
function voltsMinOf({ start, places, outlets }: Member): number {
  const { own, atMs } = start.trace;
  if (own === undefined || places.length === outlets.length) return start.voltsMin;
  return leastOf(
    own.volts.filter((_, i) => {
      const inSurge = atMs[i]! >= start.atMs && atMs[i]! <= start.surgeUntilMs;
      return inSurge && places.includes(own.input[i]!);
    }),
  );
}

function sumOf(members: readonly Member[], value: (member: Member) => number): number {
  return members.reduce((sum, member) => sum + value(member), 0);
}

/** NaN where there is none. */
function leastOf(values: readonly number[]): number {
  return values.reduce((least, value) => (value < least || Number.isNaN(least) ? value : least), Number.NaN);
}

function middleOf(values: readonly number[]): number {
  const known = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  return known[known.length >> 1] ?? Number.NaN;
}
