import { sagRows } from './analysis/sag.ts';
import type { SagAnswer } from './api/shapes.ts';
import type { StartsRequest } from './api/starts.ts';
import type { Detection } from './detection.ts';
import type { IdleVerdict } from './model/idle.ts';
import type { PowerTree } from './model/power-tree.ts';
import type { Room } from './model/room.ts';
import { parseScope, scopeId } from './model/scope.ts';
import type { StartRecord } from './model/start.ts';
import { serversIn } from './servers-in.ts';
import { scopeChoice } from './store/event-question.ts';
import type { Store } from './store/store.ts';

export interface DetectionAnswersParts {
  readonly tree: PowerTree;
  readonly room: Room;
  /** Of which history is known, though they may not be in the room now. */
  readonly pastScopes: () => ReadonlySet<string>;
  readonly store: Store;
  readonly detection: Pick<Detection, 'starts' | 'impedances' | 'unlearntSupplies' | 'idle'>;
}

/** A store is asked for so many servers by name; of more, the newest starts of all are sorted out here. */
const namedMax = 500;
const sortedOutMax = 10_000;

const everyServer = 'server:*';

/** Can loads start together on it? */
function isShared(scope: string): boolean {
  const kind = parseScope(scope)?.kind;
  return kind === 'feed' || kind === 'breaker' || kind === 'device';
}

/** What the api tells of starts, idle baselines and supplies, from the watch's memory and the store. */
export class DetectionAnswers {
  readonly #parts: DetectionAnswersParts;
  /** Outlets that no server claims, also those that were only heard before this start. */
  readonly #everHeard = { unclaimedOutlets: () => this.#unclaimedEver() };

  constructor(parts: DetectionAnswersParts) {
    this.#parts = parts;
  }

  /**
   * Newest first; what detection knows of the latest is newer than what the store has. Of a feed, breaker or device both
   * the starts of the servers on it and its own, in which several started together; else of servers alone, so that each
   * start is there once.
   */
  async starts({ scope, fromMs, toMs, limit }: StartsRequest): Promise<StartRecord[]> {
    const { tree, store, detection } = this.#parts;
    const servers = serversIn(scope, tree, this.#everHeard);
    const together = isShared(scope) ? [scope] : [];
    const wanted = [...(servers ?? [everyServer]), ...together];
    if (wanted.length === 0) return [];
    const choice = scopeChoice(wanted);
    const names = new Set(choice?.names);
    const isWanted = ({ scope: of }: StartRecord) =>
      names.has(of) || choice?.beginnings.some((beginning) => of.startsWith(beginning)) !== false;
    const stored = await store.starts(
      wanted.length <= namedMax
        ? { scopes: wanted, fromMs, toMs, limit }
        : { fromMs, toMs, limit: sortedOutMax },
    );
    const rows = new Map(stored.filter(isWanted).map((start) => [start.id, start]));
    for (const start of detection.starts()) {
      if (start.atMs >= fromMs && start.atMs < toMs && isWanted(start)) rows.set(start.id, start);
    }
    return [...rows.values()].sort((a, b) => b.atMs - a.atMs).slice(0, limit);
  }

  async start(id: string): Promise<StartRecord | undefined> {
    const newest = this.#parts.detection.starts().find((start) => start.id === id);
    return newest ?? this.#parts.store.start(id);
  }

  idle(scope: string): IdleVerdict[] {
    const { tree, detection } = this.#parts;
    const servers = serversIn(scope, tree, this.#everHeard);
    const rows = detection.idle();
    if (servers === undefined) return rows;
    const wanted = new Set(servers);
    return rows.filter((row) => wanted.has(row.scope));
  }

  #unclaimedEver(): string[] {
    const { tree, room, pastScopes } = this.#parts;
    const outlets = new Set(room.unclaimedOutlets());
    const claimed = new Set(tree.servers.flatMap(({ inputs }) => inputs.map(({ outlet }) => outlet)));
    for (const scope of pastScopes()) {
      const parsed = parseScope(scope);
      if (parsed?.kind === 'outlet' && !claimed.has(parsed.name)) outlets.add(parsed.name);
    }
    return [...outlets];
  }

  sag(): SagAnswer {
    const { tree, room, detection } = this.#parts;
    const nominal = new Map<string, number | undefined>(
      tree.feeds.flatMap(({ name: feed, volts, breakers }) => [
        [scopeId('feed', feed), volts] as const,
        ...breakers.map(({ name }) => [scopeId('breaker', name), volts] as const),
      ]),
    );
    const rows = sagRows(detection.impedances(), (scope) => {
      const index = room.indexOf(scope);
      return {
        volts: nominal.get(scope) ?? (index < 0 ? undefined : room.figureAt(index).volts),
        servers: serversIn(scope, tree, room)?.length ?? 0,
      };
    });
    return { rows, learning: detection.unlearntSupplies() };
  }
}
