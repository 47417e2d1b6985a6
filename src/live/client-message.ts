import { parseScope, scopeKinds, scopeMatches } from '../model/scope.ts';
import { intervalMsDefault, intervalMsMax, intervalMsMin, scopeLengthMax, scopesMax } from './protocol.ts';

/** What a client asked for, in one spelling: two clients that ask for the same share a channel. */
export interface Subscription {
  /** Sorted, without repetitions and without what a wildcard among them includes anyway. */
  readonly patterns: readonly string[];
  readonly intervalMs: number;
}

/** Longer messages are refused unread: a full subscription of the longest scopes fits. */
export const messageBytesMax = 512 * 1024;

/** Reads a message of a client. Never throws: a problem is a sentence for the client's developer. */
export function readClientMessage(bytes: Buffer): { subscription: Subscription } | { problem: string } {
  if (bytes.length > messageBytesMax) {
    return { problem: `a message of ${bytes.length} bytes is too long; ${messageBytesMax} at most` };
  }
  const message = parseObject(bytes.toString('utf8'));
  if (message === undefined) {
    return { problem: 'not a JSON object; send {"type":"subscribe","scopes":["room"],"intervalMs":1000}' };
  }
  if (message.type !== 'subscribe')
    return { problem: `type ${quoted(message.type)} is not known; it can only be "subscribe"` };
  const problem = problemOfScopes(message.scopes) ?? problemOfInterval(message.intervalMs);
  if (problem !== undefined) return { problem };
  return {
    subscription: {
      patterns: normalised(message.scopes as string[]),
      intervalMs: Math.round((message.intervalMs as number | undefined) ?? intervalMsDefault),
    },
  };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function problemOfScopes(scopes: unknown): string | undefined {
  if (!Array.isArray(scopes)) return `scopes ${quoted(scopes)} is not a list, such as ["room","server:*"]`;
  if (scopes.length > scopesMax)
    return `${scopes.length} scopes are too many; ${scopesMax} at most, or use "server:*"`;
  for (const scope of scopes) {
    if (typeof scope !== 'string') return `scope ${quoted(scope)} is not a text`;
    if (scope.length > scopeLengthMax)
      return `a scope of ${scope.length} characters is too long; ${scopeLengthMax} at most`;
    if (scope !== '*' && parseScope(scope) === undefined) {
      return `scope ${quoted(scope)}: *, room, or ${scopeKinds.slice(1).join('|')}:name`;
    }
  }
  return undefined;
}

function problemOfInterval(intervalMs: unknown): string | undefined {
  if (intervalMs === undefined) return undefined;
  const fits = typeof intervalMs === 'number' && intervalMs >= intervalMsMin && intervalMs <= intervalMsMax;
  return fits
    ? undefined
    : `intervalMs ${quoted(intervalMs)} is not within ${intervalMsMin}…${intervalMsMax}`;
}

function normalised(scopes: readonly string[]): string[] {
  const unique = [...new Set(scopes)];
  const wildcards = unique.filter((scope) => scope === '*' || scope.endsWith(':*'));
  return unique
    .filter((scope) => !wildcards.some((wide) => wide !== scope && scopeMatches(wide, scope)))
    .sort();
}

/** What was found, short enough for a close reason. */
function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? 'missing';
  return text.length <= 24 ? text : `${text.slice(0, 23)}…`;
}
