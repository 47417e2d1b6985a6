import type { Alert } from '../../src/model/alert.ts';
import type { TakenRequest } from '../servers/hook-server.ts';

interface Told {
  readonly notices: readonly { readonly kind: string; readonly atMs: number; readonly alert: Alert }[];
}

/** Who has overloaded its breaker, as it was told. */
export function overloadsTold(taken: readonly TakenRequest[]): Set<string> {
  return new Set(
    noticesIn(taken).flatMap(({ kind, rule, scope }) =>
      kind === 'firing' && rule === overload ? [scope] : [],
    ),
  );
}

/** So long after it began to fire an alert is kept for sure: killed before, the next run may find it anew. */
const keptAfterMs = 5_000;

/**
 * Every overload is told, and nothing twice but what a kill made the service forget the moment it was told. A message that is sent again, since the end of the service was quicker than
 * the word that it had arrived, has the same key: whoever takes it can tell, and so it counts once.
 */
export function judgeTold(
  taken: readonly TakenRequest[],
  breakers: readonly string[],
  killedMs: readonly number[],
  faults: string[],
): number {
  const notices = noticesIn(taken);
  const times = Map.groupBy(notices, ({ kind, rule, scope }) => `${kind} ${rule} ${scope}`);
  for (const [what, told] of times) {
    const isForgotten = told.map(({ atMs }) => killedMs.some((at) => at >= atMs && at < atMs + keptAfterMs));
    if (isForgotten.slice(0, -1).every((forgotten) => forgotten)) continue;
    const when = told.map(({ id, atMs }) => `${id} of ${new Date(atMs).toISOString().slice(11, 23)}`);
    faults.push(`told ${told.length} times: ${what} (${when.join(', ')})`);
  }
  const overloads = overloadsTold(taken);
  for (const breaker of breakers)
    if (!overloads.has(breaker)) faults.push(`never told: the overload of ${breaker}`);
  return notices.length;
}

const overload = 'circuit-load';

function noticesIn(taken: readonly TakenRequest[]) {
  const messages = new Map(
    taken.map(({ headers, body }) => [String(headers['idempotency-key']), body as Told]),
  );
  return [...messages.values()].flatMap(({ notices }) =>
    notices.map(({ kind, atMs, alert: { id, rule, scope } }) => ({ kind, atMs, id, rule, scope })),
  );
}
