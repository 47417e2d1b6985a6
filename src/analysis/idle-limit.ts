import type { IdleBaseline, IdleVerdict } from '../model/idle.ts';
import type { PowerTree, Server, ServerHardware } from '../model/power-tree.ts';
import { scopeId } from '../model/scope.ts';
import { IdlePeers, wasBusy } from './idle-peers.ts';

/** What is asked of a baseline besides what is known of its server. */
export interface IdleRules {
  /** For servers of which nothing nearer is known, W. */
  readonly idleLimitWatts: number;
  /** High above so many times the median of machines alike. */
  readonly peerFactor: number;
  /** High above this share of the server's own busy draw. */
  readonly idleLimitShare: number;
}

/** What a year at so many watts costs and emits. Absent, or undefined: not known. */
export interface YearPrices {
  readonly yearCost?: ((watts: number) => number | undefined) | undefined;
  readonly yearGrams?: ((watts: number) => number | undefined) | undefined;
}

export interface IdleLimit {
  readonly watts: number;
  /** In words. */
  readonly rule: string;
}

const yearHours = 8_760;
/** Its own busy draw says something only when it was seen for days. */
const shareHoursMin = 72;

/**
 * Holds every baseline against its limit, the first that applies: the server's own, its hardware's allowance,
 * machines alike, its own busy level, the room's. The highest come first, those that cost most in a year on top.
 *
 * `yearWattHours` is the idle level × 8,760 h × the share of its time on that the server idles: what its idling
 * draws in a year in which it is always on and as idle as it was observed to be. Cost and grams are of the same
 * watts (idle level × share). Absent while learning.
 */
export function idleVerdicts(
  baselines: readonly IdleBaseline[],
  tree: PowerTree,
  rules: IdleRules,
  prices: YearPrices = {},
): IdleVerdict[] {
  const servers = new Map(tree.servers.map((server) => [scopeId('server', server.name), server]));
  const peers = new IdlePeers(baselines, (scope) => servers.get(scope)?.hardware);
  return baselines
    .map((baseline) =>
      verdictOf(baseline, limitOf(baseline, servers.get(baseline.scope), peers, rules), prices),
    )
    .sort(byUrgency);
}

/**
 * The allowance of EU 2019/424, Annex II, without the term for the processor's performance, which only its maker
 * knows: so the least a server may draw, and a yardstick, not the law on this machine. For one and two sockets;
 * undefined where those are not known. What else is not known counts as not built in.
 */
export function euAllowance(hardware: ServerHardware | undefined): IdleLimit | undefined {
  const baseWatts = hardware?.sockets === undefined ? undefined : euBaseWatts[hardware.sockets];
  if (hardware === undefined || baseWatts === undefined) return undefined;
  const { sockets, memoryGb = 0, drives = 0, redundantSupplies = 0 } = hardware;
  const parts: [watts: number, of: string][] = [
    [baseWatts, sockets === 1 ? 'one socket' : 'two sockets'],
    [Math.max(0, memoryGb - 4) * 0.18, `${memoryGb} GB of memory`],
    [drives * 5, drives === 1 ? 'one drive' : `${drives} drives`],
    [
      redundantSupplies * 10,
      redundantSupplies === 1 ? 'a redundant supply' : `${redundantSupplies} redundant supplies`,
    ],
  ];
  const words = parts.filter(([watts]) => watts > 0).map(([watts, of]) => `${rounded(watts)} W for ${of}`);
  return {
    watts: rounded(parts.reduce((sum, [watts]) => sum + watts, 0)),
    rule: `yardstick EU 2019/424, without the processor's allowance: ${words.join(' + ')}`,
  };
}

const euBaseWatts: Readonly<Record<number, number>> = { 1: 25, 2: 38 };

function limitOf(
  baseline: IdleBaseline,
  server: Server | undefined,
  peers: IdlePeers,
  rules: IdleRules,
): IdleLimit {
  if (server?.idleLimitWatts !== undefined)
    return { watts: server.idleLimitWatts, rule: 'set for this server (idleLimitWatts)' };
  return (
    euAllowance(server?.hardware) ??
    peerLimit(baseline, peers, rules.peerFactor) ??
    busyLimit(baseline, rules.idleLimitShare) ?? {
      watts: rules.idleLimitWatts,
      rule: 'for servers of which nothing nearer is known (detect.idleLimitWatts)',
    }
  );
}

function peerLimit(baseline: IdleBaseline, peers: IdlePeers, factor: number): IdleLimit | undefined {
  const group = peers.of(baseline);
  if (group === undefined) return undefined;
  const alike = group.by === 'hardware' ? 'with the same hardware' : 'with a like busy draw';
  return {
    watts: rounded(factor * group.medianWatts),
    rule: `${factor} × the median ${rounded(group.medianWatts)} W of ${group.count} machines ${alike}`,
  };
}

function busyLimit(baseline: IdleBaseline, share: number): IdleLimit | undefined {
  const { busyWatts, hoursObserved } = baseline;
  if (busyWatts === undefined || hoursObserved < shareHoursMin || !wasBusy(baseline)) return undefined;
  return {
    watts: rounded(share * busyWatts),
    rule: `${rounded(share * 100)} % of its own busy draw of ${rounded(busyWatts)} W`,
  };
}

function verdictOf(
  baseline: IdleBaseline,
  limit: IdleLimit,
  { yearCost, yearGrams }: YearPrices,
): IdleVerdict {
  const { learning, ...known } = baseline;
  const { idleWatts, idleShare } = baseline;
  if (learning || idleWatts === undefined) return { ...known, verdict: 'learning' };
  const yearWatts = idleWatts * idleShare;
  const cost = yearCost?.(yearWatts);
  const grams = yearGrams?.(yearWatts);
  return {
    ...known,
    limitWatts: limit.watts,
    limitRule: limit.rule,
    verdict: judged(baseline, limit.watts),
    yearWattHours: rounded(yearWatts * yearHours),
    ...(cost === undefined ? {} : { yearCost: cost }),
    ...(grams === undefined ? {} : { yearGrams: grams }),
  };
}

/** A machine that never rests idles at its lowest draw or below: above the limit that says nothing yet. */
function judged({ idleWatts, basis }: IdleBaseline, limitWatts: number): IdleVerdict['verdict'] {
  if (idleWatts! <= limitWatts) return 'ok';
  return basis === 'measured' ? 'high' : 'learning';
}

const urgency: Record<IdleVerdict['verdict'], number> = { high: 0, ok: 1, learning: 2 };

function byUrgency(a: IdleVerdict, b: IdleVerdict): number {
  return (
    urgency[a.verdict] - urgency[b.verdict] ||
    (b.yearWattHours ?? 0) - (a.yearWattHours ?? 0) ||
    (b.idleWatts ?? 0) - (a.idleWatts ?? 0) ||
    (a.scope < b.scope ? -1 : 1)
  );
}

/** A tenth of a watt is finer than any of these rules. */
function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
