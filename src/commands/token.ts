import { hashOfToken, isSameHash, makeToken } from '../base/token.ts';
import type { Settings } from '../config/schema.ts';
import { durationMs, text } from '../config/values.ts';
import { ArgumentError } from './argument-error.ts';
import { textTable } from './text-table.ts';

type Tokens = Settings['access']['tokens'];
type Out = Pick<NodeJS.WritableStream, 'write'>;

export interface CreateOptions {
  readonly name: string;
  readonly role: 'view' | 'operate';
  readonly expires?: string;
  readonly json: boolean;
}

/** `rackwatt token create`: the token is on the screen, and nowhere else. */
export function createToken(options: CreateOptions, out: Out, nowMs: number): void {
  const { name, role, json } = options;
  if (!text(100).safeParse(name).success)
    throw new ArgumentError(`--name has to be 1 to 100 characters, without control characters`);
  const expires = options.expires === undefined ? undefined : endOf(options.expires, nowMs);
  const token = makeToken();
  const hash = hashOfToken(token);
  if (json) {
    out.write(`${JSON.stringify({ token, name, hash, role, ...(expires && { expires }) })}\n`);
    return;
  }
  const end = expires === undefined ? '' : `, expires: '${expires}'`;
  out.write(
    `Token, shown this once:\n\n  ${token}\n\nIn the settings, or in RACKWATT_ACCESS_TOKENS:\n\n` +
      `access:\n  tokens:\n    - { name: ${JSON.stringify(name)}, hash: '${hash}', role: ${role}${end} }\n\n` +
      'A rackwatt that runs reads its tokens again at SIGHUP, or when it is started again.\n',
  );
}

/** `90d` from now, a day or a time, as ISO 8601 to the second. */
function endOf(when: string, nowMs: number): string {
  const lengthMs = durationMs(when);
  const atMs = lengthMs === undefined ? timeIn(when) : nowMs + lengthMs;
  if (!(atMs > nowMs) || atMs > Date.UTC(9999, 0))
    throw new ArgumentError(
      `--expires ${JSON.stringify(when)} is no time to come; write a length such as 90d or 12h, or a day such as 2030-01-31`,
    );
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z');
}

function timeIn(when: string): number {
  return /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d))?$/.test(when) ? Date.parse(when) : Number.NaN;
}

/** `rackwatt token list` */
export function listTokens(tokens: Tokens, out: Out, nowMs: number): void {
  if (tokens.length === 0) {
    out.write(
      'There are no tokens: rackwatt is open to this machine alone. rackwatt token create makes one.\n',
    );
    return;
  }
  const rows = tokens.map(({ name, role, expiresAtMs, hash }) => [
    name,
    role,
    expiresAtMs === undefined ? 'never' : ending(expiresAtMs, nowMs),
    `${hash.slice(0, 15)}…`,
  ]);
  out.write(textTable([['name', 'role', 'expires', 'hash'], ...rows], new Set()));
}

function ending(expiresAtMs: number, nowMs: number): string {
  const day = new Date(expiresAtMs).toISOString().replace(/\.\d+Z$/, 'Z');
  return expiresAtMs <= nowMs ? `${day} (expired)` : day;
}

/** `rackwatt token check`: by standard input, since other users of the machine can read arguments. */
export async function checkToken(
  tokens: Tokens,
  input: AsyncIterable<Buffer | string>,
  out: Out,
  nowMs: number,
): Promise<boolean> {
  let given = '';
  for await (const chunk of input) given = (given + String(chunk)).slice(0, 10_000);
  const hash = hashOfToken(given.trim());
  const token = tokens.find((known) => isSameHash(known.hash, hash));
  if (token === undefined) {
    out.write('This token is not among those of the settings.\n');
    return false;
  }
  const { name, role, expiresAtMs } = token;
  const isOver = expiresAtMs !== undefined && expiresAtMs <= nowMs;
  const end = expiresAtMs === undefined ? 'never expires' : `expires ${ending(expiresAtMs, nowMs)}`;
  out.write(`${name}: role ${role}, ${end}\n`);
  return !isOver;
}
