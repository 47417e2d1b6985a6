import { isLoopback } from '../base/loopback.ts';
import { exampleHash } from './access-settings.ts';
import type { Finding } from './finding.ts';
import { type SettingsProblem, shown } from './problem.ts';
import { at, dotted, isMapping } from './tree.ts';

/** The setting under which the want of tokens is reported. */
export const noTokensPath = ['access', 'tokens'] as const;

const example = `access: { tokens: [ { name: admin, hash: ${exampleHash}, role: operate } ] }`;

/** The one problem that means: there is nobody left who may be let in. */
export function saysThatTokensAreGone({ found }: Pick<SettingsProblem, 'found'>): boolean {
  return found.endsWith(wantOfTokens);
}

const wantOfTokens = 'no access.tokens: everybody there could see the room';

export function checkAccess(tree: unknown): Finding[] {
  return [...checkExposed(tree), ...checkTokens(tree)];
}

/** Whoever can reach it needs a token, before the first byte is served. */
function checkExposed(tree: unknown): Finding[] {
  const host = at(tree, 'http', 'host') ?? '127.0.0.1';
  const tokens = at(tree, ...noTokensPath);
  if (typeof host !== 'string' || host === '' || isLoopback(host)) return [];
  if (tokens !== undefined && !(Array.isArray(tokens) && tokens.length === 0)) return [];
  return [
    {
      path: at(tree, ...noTokensPath) === undefined ? ['http', 'host'] : noTokensPath,
      found: `http.host ${shown(host)}, which the network can reach, and ${wantOfTokens}`,
      expected:
        'at least one token: "rackwatt token create --name admin --role operate" makes one and prints what to write here; or http.host 127.0.0.1',
      example,
    },
  ];
}

function checkTokens(tree: unknown): Finding[] {
  const tokens = at(tree, ...noTokensPath);
  if (!Array.isArray(tokens)) return [];
  return (['name', 'hash'] as const).flatMap((key) => repeated(tokens, key));
}

function repeated(tokens: readonly unknown[], key: 'name' | 'hash'): Finding[] {
  const seen = new Map<string, number>();
  return tokens.flatMap((token, i) => {
    const value = isMapping(token) ? token[key] : undefined;
    if (typeof value !== 'string') return [];
    const earlier = seen.get(value);
    seen.set(value, earlier ?? i);
    if (earlier === undefined) return [];
    const found = `the ${key} of ${dotted([...noTokensPath, earlier])} again`;
    return [{ path: [...noTokensPath, i, key], found, expected: `a ${key} of its own`, example }];
  });
}
