import type { StartRecord } from '../model/start.ts';
import { holdMs } from './cadence.ts';
import type { Load } from './load-table.ts';
import { OpenStart, settledByMs, tellAgainMs } from './open-start.ts';
import { startId } from './start-id.ts';
import { thinnedPointsMax, thinnedStart } from './thinned-start.ts';
import { type Member, outletsOf, summedStart, suppliesOf } from './together.ts';

/** Starts whose onsets are this close happened together. */
export const togetherMs = 60_000;
/** A start that is alone so long after its onset stays alone: later ones that began with it would be told late too. */
const aloneMsMax = 40 * 60_000;
/** More that started at the same time may still turn up at any moment: what is known is told again this seldom. */
const newsMs = 5_000;
/** Summing up is spread over several ticks when there is much of it. */
const pointsPerTickMax = 500_000;

interface Group {
  readonly scope: string;
  /** The earliest onset; stays once it was told, since the id is made of it. */
  atMs: number;
  readonly members: Map<Load, Member>;
  /** Of those an earlier run knew; without them the sum would be another than what was told. */
  readonly missing: Set<string>;
  toldMs: number;
  changed: boolean;
  toldAgain: boolean;
}

/** An open group as JSON. */
export interface SavedGroup {
  readonly scope: string;
  readonly atMs: number;
  readonly loads: readonly string[];
  readonly told: boolean;
  readonly toldAgain: boolean;
}

/**
 * Simultaneous starts: what several loads that start within a minute draw together from the breaker, the feed or the
 * device they share, as a start of that scope. Found once, told when it is certain, again after five minutes, and
 * complete after fifteen, as those of loads are.
 */
export class GroupStarts {
  readonly #tell: (record: StartRecord) => void;
  readonly #groups = new Map<string, Group[]>();
  #saved: readonly SavedGroup[] = [];

  constructor(tell: (record: StartRecord) => void) {
    this.#tell = tell;
  }

  /** A start is certain. `placesBy`: the load's outlets by what they hang on. */
  join(load: Load, start: OpenStart, placesBy: ReadonlyMap<string, readonly number[]>): void {
    for (const [scope, places] of placesBy) {
      const group = this.#groupFor(scope, start.atMs, load.id);
      group.members.set(load, { load, start, outlets: load.outlets, places });
      group.changed = !group.missing.delete(load.id) || group.changed;
      if (group.toldMs === 0) group.atMs = Math.min(group.atMs, start.atMs);
    }
  }

  tick(nowMs: number): void {
    let points = 0;
    for (const [scope, groups] of this.#groups) {
      for (const group of groups) {
        if (points >= pointsPerTickMax) return;
        if (this.#isTimeToTell(group, nowMs)) points += this.#tellOf(group, nowMs);
        else if (group.members.size === 1) thinWhenOver(group, nowMs);
      }
      const left = groups.filter((group) => !isDone(group, nowMs));
      if (left.length === groups.length) continue;
      if (left.length === 0) this.#groups.delete(scope);
      else this.#groups.set(scope, left);
    }
  }

  /** What is known so far of those that were told. */
  records(nowMs: number): StartRecord[] {
    return [...this.#groups.values()]
      .flat()
      .filter(({ toldMs, missing }) => toldMs > 0 && missing.size === 0)
      .map((group) => recordOf(group, nowMs));
  }

  save(): SavedGroup[] {
    return [...this.#groups.values()].flat().map(({ scope, atMs, members, toldMs, toldAgain }) => ({
      scope,
      atMs,
      loads: [...members.keys()].map(({ id }) => id),
      told: toldMs > 0,
      toldAgain,
    }));
  }

  /** To be called before loads and their starts come back. */
  load(saved: readonly SavedGroup[]): void {
    this.#saved = saved;
  }

  #groupFor(scope: string, atMs: number, id: string): Group {
    const groups = this.#groups.get(scope) ?? [];
    this.#groups.set(scope, groups);
    const near = groups.find((group) => Math.abs(group.atMs - atMs) <= togetherMs);
    if (near !== undefined) return near;
    const saved = this.#saved.find((one) => one.scope === scope && one.loads.includes(id));
    const group = {
      scope,
      atMs: saved?.atMs ?? atMs,
      members: new Map<Load, Member>(),
      missing: new Set(saved?.loads),
      toldMs: saved?.told === true ? atMs : 0,
      changed: false,
      toldAgain: saved?.toldAgain ?? false,
    };
    groups.push(group);
    return group;
  }

  #isTimeToTell(group: Group, nowMs: number): boolean {
    if (group.members.size < 2 || group.missing.size > 0) return false;
    if (isOver(group, nowMs)) return true;
    if (group.toldMs === 0) return true;
    if (!group.toldAgain && nowMs - group.atMs >= tellAgainMs) return true;
    return group.changed && nowMs - group.toldMs >= newsMs;
  }

  /** How many readings were added up. */
  #tellOf(group: Group, nowMs: number): number {
    group.toldMs = nowMs;
    group.changed = false;
    group.toldAgain ||= nowMs - group.atMs >= tellAgainMs;
    this.#tell(recordOf(group, nowMs));
    return [...group.members.values()].reduce((points, { start }) => points + start.trace.length, 0);
  }
}

/** One that is still alone waits for slow meters only, and nearly always in vain: no more than the gist of it is kept. */
function thinWhenOver({ members }: Group, nowMs: number): void {
  for (const [load, member] of members) {
    const { start } = member;
    if (start.trace.length <= thinnedPointsMax || nowMs - start.lagMs < start.atMs + settledByMs + togetherMs)
      continue;
    members.set(load, { ...member, start: OpenStart.restored(thinnedStart(start.saved())) });
  }
}

function isOver({ atMs, members }: Group, nowMs: number): boolean {
  if (nowMs - atMs >= settledByMs + togetherMs) return true;
  // While others may still turn up it is not over, also when all those that are there went off again.
  return nowMs - atMs >= tellAgainMs && [...members.values()].every(({ start }) => start.endMs > 0);
}

function isDone(group: Group, nowMs: number): boolean {
  // One that is still alone, or of which an earlier run knew loads that do not come back.
  if (group.toldMs === 0) return nowMs - group.atMs >= aloneMsMax;
  return isOver(group, nowMs) && !group.changed;
}

function recordOf({ scope, atMs, members }: Group, nowMs: number): StartRecord {
  const all = [...members.values()].sort((a, b) => a.start.atMs - b.start.atMs);
  const sampleMs = all.map(({ outlets, start }) => start.sampleMsOf(outlets.length)).sort((a, b) => a - b);
  return summedStart(scope, atMs, all).record({
    nowMs,
    id: startId(scope, atMs),
    outlets: outletsOf(all),
    lowSinceMs: 0,
    holdMs: Math.max(...all.map(({ load }) => holdMs(load.state))),
    supplies: suppliesOf(all),
    sampleMs: sampleMs[sampleMs.length >> 1]!,
  });
}
