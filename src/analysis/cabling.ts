import type { PowerTree } from '../model/power-tree.ts';
import { scopeId } from '../model/scope.ts';
import { inputTimes } from './tree-at.ts';

/** Where an outlet's energy counts, and when: from the first instant to before the second. */
export interface CablingPiece {
  readonly outlet: string;
  /** Server, rack, breaker, feed: ids. */
  readonly scopes: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Cabling {
  readonly pieces: readonly CablingPiece[];
  /** Outlets of which the settings say when they were plugged in where. */
  readonly dated: readonly string[];
}

/** A past time in which outlets counted elsewhere than they ought to. */
export interface Recabling {
  readonly fromMs: number;
  readonly toMs: number;
  readonly outlets: readonly string[];
  /** In which they counted, or ought to. */
  readonly scopes: readonly string[];
}

/** Since ever, for ever: the ends of what a Date can tell, so that they can be kept as JSON. */
const everMs = 8.64e15;

export function cablingOf(tree: PowerTree): Cabling {
  const feeds = new Map(tree.feeds.flatMap((feed) => feed.breakers.map(({ name }) => [name, feed.name])));
  const pieces = tree.servers.flatMap((server) =>
    server.inputs.map((input): CablingPiece => {
      const feed = input.breaker === undefined ? undefined : feeds.get(input.breaker);
      const scopes = [scopeId('server', server.name)];
      if (server.rack !== undefined) scopes.push(scopeId('rack', server.rack));
      if (input.breaker !== undefined) scopes.push(scopeId('breaker', input.breaker));
      if (feed !== undefined) scopes.push(scopeId('feed', feed));
      const { fromMs, toMs } = inputTimes(input, tree.timezone);
      return {
        outlet: input.outlet,
        scopes,
        fromMs: Math.max(-everMs, fromMs),
        toMs: Math.min(everMs, toMs),
      };
    }),
  );
  const dated = pieces.filter(({ fromMs, toMs }) => fromMs > -everMs || toMs < everMs);
  return { pieces, dated: [...new Set(dated.map(({ outlet }) => outlet))] };
}

/**
 * What the past before `untilMs` has to be made again for, when sums were made as `before` says and the settings
 * say `now`. Only of outlets that one of them dates: a change without a date is one of today. Without a `before`
 * nothing is known of how sums were made. Undefined: nothing.
 */
export function recablingBetween(
  before: Cabling | undefined,
  now: Cabling,
  untilMs: number,
): Recabling | undefined {
  const outlets: string[] = [];
  const scopes = new Set<string>();
  let fromMs = untilMs;
  let toMs = -everMs;
  const [piecesBefore, piecesNow] = [byOutlet(before?.pieces ?? []), byOutlet(now.pieces)];
  for (const outlet of new Set([...(before?.dated ?? []), ...now.dated])) {
    const [then, today] = [piecesBefore.get(outlet) ?? [], piecesNow.get(outlet) ?? []];
    const instants = [...then, ...today].flatMap((piece) => [piece.fromMs, piece.toMs]);
    const edges = [...new Set([-everMs, ...instants, untilMs])]
      .filter((atMs) => atMs <= untilMs)
      .sort((a, b) => a - b);
    let differs = false;
    for (const [i, startMs] of edges.slice(0, -1).entries()) {
      const [one, other] = [scopesAt(then, outlet, startMs), scopesAt(today, outlet, startMs)];
      if (before !== undefined && one.join('\n') === other.join('\n')) continue;
      differs = true;
      for (const scope of [...one, ...other]) scopes.add(scope);
      fromMs = Math.min(fromMs, startMs);
      toMs = Math.max(toMs, edges[i + 1]!);
    }
    if (differs) outlets.push(outlet);
  }
  return outlets.length === 0 ? undefined : { fromMs, toMs, outlets, scopes: [...scopes] };
}

/** How sums are made from `atMs` on, where what is dated has been, or is being, made again. */
export function cablingSince(before: Cabling | undefined, now: Cabling, atMs: number): Cabling {
  if (before === undefined) return now;
  const dated = new Set([...before.dated, ...now.dated]);
  const [then, today] = [byOutlet(before.pieces), byOutlet(now.pieces)];
  const pieces: CablingPiece[] = [];
  for (const outlet of new Set([...then.keys(), ...today.keys()])) {
    const [old, own] = [then.get(outlet) ?? [], today.get(outlet) ?? []];
    const isSame = scopesAt(old, outlet, atMs).join('\n') === scopesAt(own, outlet, atMs).join('\n');
    if (dated.has(outlet)) pieces.push(...own);
    else if (isSame) pieces.push(...old);
    else pieces.push(...cut(old, -everMs, atMs), ...cut(own, atMs, everMs));
  }
  return { pieces, dated: now.dated };
}

/** What counts nowhere is a server of its own. */
function scopesAt(pieces: readonly CablingPiece[], outlet: string, atMs: number): string[] {
  const scopes = pieces.filter(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs).flatMap((p) => p.scopes);
  return scopes.length === 0 ? [scopeId('server', outlet)] : scopes.sort();
}

function cut(pieces: readonly CablingPiece[], fromMs: number, toMs: number): CablingPiece[] {
  return pieces
    .map((piece) => ({
      ...piece,
      fromMs: Math.max(fromMs, piece.fromMs),
      toMs: Math.min(toMs, piece.toMs),
    }))
    .filter((piece) => piece.fromMs < piece.toMs);
}

function byOutlet(pieces: readonly CablingPiece[]): Map<string, CablingPiece[]> {
  return Map.groupBy(pieces, ({ outlet }) => outlet);
}
