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

/**
 * Every overload is told, and nothing twice. A message that is sent again, since the end of the service was quicker than
 * the word that it had arrived, has the same key: whoever takes it can tell, and so it counts once.
 */
export function judgeTold(
  taken: readonly TakenRequest[],
  breakers: readonly string[],
  faults: string[],
): number {
  const notices = noticesIn(taken);
  const times = Map.groupBy(notices, ({ kind, rule, scope }) => `${kind} ${rule} ${scope}`);
  for (const [what, told] of times) {
    if (told.length === 1) continue;
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
