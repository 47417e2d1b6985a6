import type { ServiceState } from './alerts/outside.ts';
import type { DeviceRow, ReadyAnswer, TreeAnswer } from './api/shapes.ts';
import type { Intake } from './devices/intake.ts';
import type { PowerTree } from './model/power-tree.ts';
import { splitOutlet } from './model/reading.ts';
import type { Room } from './model/room.ts';
import { parseScope, scopeId } from './model/scope.ts';
import type { Road } from './road.ts';
import type { SourceStatus } from './sources/source.ts';
import type { RecorderStatus } from './store/recorder.ts';

/** What the api tells, put together from parts that do not know each other. */

/** `GET /tree` */
export function treeAnswer(tree: PowerTree, room: Room, demo: boolean): TreeAnswer {
  const feedOf = new Map(
    tree.feeds.flatMap((feed) => feed.breakers.map(({ name }) => [name, feed.name] as const)),
  );
  return {
    name: tree.name,
    timezone: tree.timezone,
    demo,
    feeds: tree.feeds.map(({ name, volts, amps: feedAmps, breakers }) => ({
      name,
      ...known({ volts, amps: feedAmps }),
      breakers: breakers.map(({ name: breaker, amps, curve, phase }) => ({
        name: breaker,
        ...known({ amps, curve, phase }),
      })),
    })),
    racks: tree.racks.map(({ name }) => ({ name })),
    servers: tree.servers.map(({ name, rack, idleLimitWatts, inputs }) => ({
      name,
      scope: scopeId('server', name),
      ...known({ rack, idleLimitWatts }),
      inputs: inputs.map(({ outlet, breaker }) => ({
        outlet,
        ...known({ breaker, feed: breaker === undefined ? undefined : feedOf.get(breaker) }),
      })),
    })),
    unclaimed: room.unclaimedOutlets().map((outlet) => ({ outlet, device: splitOutlet(outlet).device })),
  };
}

/** `GET /devices` */
export function deviceRows(intake: Intake, room: Room): DeviceRow[] {
  return intake.devices().map((row) => ({
    ...row,
    outlets: [...row.outlets],
    rejects: { ...row.rejects },
    // What has said that it goes is silent, also when this run has never heard it.
    silent: room.isSilent(row.device) || (row.online === false && !room.isHeard(row.device)),
  }));
}

/** `GET /readyz` */
export function readyAnswer(
  source: SourceStatus,
  storeKind: string,
  recorder: RecorderStatus,
  road: Pick<Road, 'waiting' | 'dropped'>,
): ReadyAnswer {
  const { backlog } = recorder;
  const broker = {
    ok: source.ready,
    state: source.state,
    url: source.url,
    ...known({ problem: source.problem }),
  };
  const setAside = recorder.setAside.length > 0 ? recorder.setAside : undefined;
  const { bytes, notKept } = recorder.refusedFiles;
  const refused = bytes > 0 || notKept > 0 ? { bytes, notKept } : undefined;
  const store = {
    ok: recorder.storeOk,
    kind: storeKind,
    ...known({ problem: recorder.problem, setAside, refused }),
  };
  return {
    ready: broker.ok && store.ok,
    broker,
    store,
    backlog: { ok: recorder.dropped === 0 && backlog.problem === undefined, ...backlog },
    intake: { waiting: road.waiting, dropped: road.dropped },
  };
}

/** How broker, store and backlog are, for the alerts. */
export function serviceState(
  source: SourceStatus,
  { storeOk, problem, backlog }: RecorderStatus,
  backlogBytesMax: number,
): ServiceState {
  return {
    brokerReady: source.ready,
    brokerProblem: source.problem,
    storeOk,
    storeProblem: problem,
    backlogReadings: backlog.readings,
    backlogBytes: backlog.bytes,
    backlogBytesMax,
  };
}

/** For `/metrics`: what every scope above the outlet draws now, as far as it is known. */
export function* wattsByScope(room: Room): Generator<readonly [watts: number, scope: string]> {
  for (let index = 0; index < room.scopeCount; index += 1) {
    const scope = room.scopeAt(index);
    if (scope.startsWith('outlet:')) continue;
    const { watts, stale } = room.figureAt(index);
    if (watts !== undefined && !stale) yield [watts, scope];
  }
}

/** One line for the log when the broker's state changed. */
export function brokerNews({ state, url, problem, refused }: SourceStatus): string {
  const parts = [`broker ${url}: ${state}`];
  if (problem !== undefined) parts.push(problem);
  if (refused.length > 0) parts.push(`refused: ${refused.join(' ')}`);
  return parts.join('; ');
}

/** The one outlet a scope stands for: an outlet, or a server with one input. */
export function soleOutlet(scope: string, tree: PowerTree): string | undefined {
  const parsed = parseScope(scope);
  if (parsed?.kind === 'outlet') return parsed.name;
  if (parsed?.kind !== 'server') return undefined;
  const server = tree.servers.find(({ name }) => name === parsed.name);
  if (server === undefined) return parsed.name;
  return server.inputs.length === 1 ? server.inputs[0]?.outlet : undefined;
}

/** Without what is not known: absent, never `undefined`. */
function known<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
