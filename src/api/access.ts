import { createHash, randomBytes } from 'node:crypto';
import { hashOfToken, isSameHash, tokenLengthMax } from '../base/token.ts';

/** view: every GET and the live stream; operate: all else too. */
export type Role = 'view' | 'operate';

/** As the settings have it. */
export interface AccessToken {
  readonly name: string;
  /** `sha256:…`, see base/token.ts. */
  readonly hash: string;
  readonly role: Role;
  readonly expiresAtMs: number | undefined;
}

export interface AccessRules {
  readonly tokens: readonly AccessToken[];
  /** How long a browser stays signed in, ms. */
  readonly sessionMs: number;
}

/** Sessions of one token; beyond, its oldest ends. */
export const sessionsPerTokenMax = 100;

/** What lets somebody in: a token, a session that began with one, or the open door of the machine itself. */
export class Pass {
  readonly name: string;
  readonly role: Role;
  readonly basis: 'token' | 'session' | 'open';
  readonly expiresAtMs: number;
  readonly #holders = new Set<() => void>();
  #ended = false;

  constructor(about: Pick<Pass, 'name' | 'role' | 'basis' | 'expiresAtMs'>) {
    this.name = about.name;
    this.role = about.role;
    this.basis = about.basis;
    this.expiresAtMs = about.expiresAtMs;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** `end` is called when it is no longer good; the answer takes that back. */
  hold(end: () => void): () => void {
    this.#holders.add(end);
    return () => void this.#holders.delete(end);
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const end of [...this.#holders]) end();
    this.#holders.clear();
  }
}

/**
 * Who may come in: tokens of the settings, and sessions that browsers began with one. Sessions are in memory alone;
 * they end with their token, and with the service.
 */
export class Access {
  readonly #nowMs: () => number;
  readonly #required: boolean;
  readonly #sessionMs: number;
  readonly #sessions = new Map<string, { pass: Pass; token: Pass }>();
  #tokens: readonly { rule: AccessToken; pass: Pass }[] = [];
  #open: Pass | undefined;
  #fallenSessions = 0;

  /** `required`: the network reaches us, so that without tokens nobody is let in. */
  constructor(rules: AccessRules, required: boolean, nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#required = required;
    this.#sessionMs = rules.sessionMs;
    this.setTokens(rules.tokens);
  }

  /** The pass of everybody, where no tokens are wanted. */
  get open(): Pass | undefined {
    return this.#open;
  }

  get sessions(): number {
    return this.#sessions.size;
  }

  /** Sessions that ended because their token had too many. */
  get fallenSessions(): number {
    return this.#fallenSessions;
  }

  /** What is not among them any more, or says something else, ends at once with all that hangs on it. */
  setTokens(rules: readonly AccessToken[]): void {
    const before = this.#tokens;
    this.#tokens = rules.map((rule) => {
      const same = before.find((token) => isSameRule(token.rule, rule));
      return same ?? { rule, pass: passOf(rule) };
    });
    for (const token of before) if (!this.#tokens.includes(token)) this.#endToken(token.pass);
    if (rules.length > 0 || this.#required) {
      this.#open?.end();
      this.#open = undefined;
    } else this.#open ??= new Pass({ name: 'anyone', role: 'operate', basis: 'open', expiresAtMs: Infinity });
  }

  /** The pass of a token; `expired`: it was one. All are compared, in the same time. */
  passOfToken(text: string): Pass | 'unknown' | 'expired' {
    if (text.length > tokenLengthMax) return 'unknown';
    const hash = hashOfToken(text);
    let found: Pass | undefined;
    for (const { rule, pass } of this.#tokens) if (isSameHash(rule.hash, hash)) found = pass;
    if (found === undefined) return 'unknown';
    return found.expiresAtMs <= this.#nowMs() ? 'expired' : found;
  }

  /** Begins a session; the answer's `id` goes to the browser and is kept nowhere. */
  beginSession(token: Pass): { id: string; pass: Pass } {
    const own = [...this.#sessions].filter(([, session]) => session.token === token);
    for (const [key] of own.slice(0, Math.max(0, own.length + 1 - sessionsPerTokenMax))) {
      this.#endSession(key);
      this.#fallenSessions += 1;
    }
    const id = randomBytes(32).toString('base64url');
    const expiresAtMs = Math.min(this.#nowMs() + this.#sessionMs, token.expiresAtMs);
    const pass = new Pass({ name: token.name, role: token.role, basis: 'session', expiresAtMs });
    this.#sessions.set(keyOf(id), { pass, token });
    return { id, pass };
  }

  passOfSession(id: string): Pass | undefined {
    if (id.length > tokenLengthMax) return undefined;
    const pass = this.#sessions.get(keyOf(id))?.pass;
    return pass === undefined || pass.expiresAtMs <= this.#nowMs() ? undefined : pass;
  }

  /** Answers the pass that ended. */
  endSession(id: string): Pass | undefined {
    return id.length > tokenLengthMax ? undefined : this.#endSession(keyOf(id));
  }

  /** Ends what has come to its time. */
  tick(): void {
    const nowMs = this.#nowMs();
    for (const [key, { pass }] of this.#sessions) if (pass.expiresAtMs <= nowMs) this.#endSession(key);
    for (const { pass } of this.#tokens) if (pass.expiresAtMs <= nowMs) this.#endToken(pass);
  }

  #endToken(token: Pass): void {
    for (const [key, session] of this.#sessions) if (session.token === token) this.#endSession(key);
    token.end();
  }

  #endSession(key: string): Pass | undefined {
    const session = this.#sessions.get(key);
    this.#sessions.delete(key);
    session?.pass.end();
    return session?.pass;
  }
}

function passOf({ name, role, expiresAtMs = Infinity }: AccessToken): Pass {
  return new Pass({ name, role, basis: 'token', expiresAtMs });
}

function isSameRule(one: AccessToken, other: AccessToken): boolean {
  const keys = ['hash', 'name', 'role', 'expiresAtMs'] as const;
  return keys.every((key) => one[key] === other[key]);
}

/** Looked up by a hash, so that the time it takes tells nothing of ids that exist. */
function keyOf(id: string): string {
  return createHash('sha256').update(id, 'utf8').digest('base64');
}
