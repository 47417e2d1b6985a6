import type { Posted } from './alert-board.ts';
import type { Topics } from './topics.ts';
import { nameOfLevel } from './topics.ts';

const foundMax = 10_000;

/** What an earlier process has left on the broker, as the broker tells it, until it is known what is to stay. */
export class OldPosts {
  readonly #topics: Topics;
  readonly #alerts = new Set<string>();
  /** Discovery topic → the scope it is about. */
  readonly #devices = new Map<string, string>();

  constructor(topics: Topics) {
    this.#topics = topics;
  }

  /** Takes a retained message. */
  find(topic: string, payload: Uint8Array): void {
    if (payload.length === 0 || this.#alerts.size + this.#devices.size >= foundMax) return;
    if (this.#topics.isAlert(topic)) this.#alerts.add(topic);
    else {
      const scope = this.#scopeAnnounced(payload);
      if (scope !== undefined) this.#devices.set(topic, scope);
    }
  }

  /** Takes back alerts that do not stand any more. */
  alertsBut(standing: readonly Posted[]): Posted[] {
    const kept = new Set(standing.map(({ topic }) => topic));
    const old = [...this.#alerts].filter((topic) => !kept.has(topic));
    this.#alerts.clear();
    return old.map(clearing);
  }

  /**
   * Takes back devices of scopes there are no more. An outlet that no server claims may just not have been heard yet:
   * it stays.
   */
  devicesBut(isKnown: (scope: string) => boolean): Posted[] {
    const topics = this.#topics;
    const old = [...this.#devices].filter(([, scope]) => !isKnown(scope) && !scope.includes('/'));
    this.#devices.clear();
    return old.flatMap(([topic, scope]) =>
      [topic, topics.figure(scope), topics.problem(scope)].map(clearing),
    );
  }

  /** Undefined: not announced by us. */
  #scopeAnnounced(payload: Uint8Array): string | undefined {
    try {
      const { state_topic: figure, availability } = JSON.parse(Buffer.from(payload).toString('utf8')) as {
        state_topic?: unknown;
        availability?: readonly { topic?: unknown }[];
      };
      if (typeof figure !== 'string' || availability?.[0]?.topic !== this.#topics.status) return undefined;
      const scope = nameOfLevel(figure.slice(figure.lastIndexOf('/') + 1));
      return scope !== undefined && this.#topics.figure(scope) === figure ? scope : undefined;
    } catch {
      return undefined;
    }
  }
}

function clearing(topic: string): Posted {
  return { topic, payload: '' };
}
