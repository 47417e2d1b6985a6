import type { IncomingMessage } from 'node:http';
import type { Request, Response } from 'express';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { isLoopback } from '../base/loopback.ts';
import { Access, type AccessRules, type AccessToken, type Pass, type Role } from './access.ts';
import { type Asker, AskerReader, countedAs, nameOfHost } from './asker.ts';
import { Attempts } from './attempts.ts';
import type { AuditLog } from './audit.ts';
import { type ProblemCode, ProblemError, rawProblem } from './problem.ts';
import { RequestRate } from './request-rate.ts';
import { sessionIdIn } from './session-cookie.ts';

export interface GuardParts {
  readonly access: AccessRules;
  /** `http` of the settings. */
  readonly http: {
    readonly host: string;
    readonly names: readonly string[];
    readonly trustProxy: readonly string[];
    readonly requestsPerSecond: number;
  };
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly log: Log;
}

/** For `/metrics`. */
export interface GuardCounts {
  /** Requests refused, by the code of the problem. */
  readonly refused: Readonly<Record<string, number>>;
  readonly wrongTokens: number;
  readonly sessions: number;
  /** Sessions that ended because their token had too many. */
  readonly fallenSessions: number;
}

/** What an address asks of whoever calls it. `open`: nothing. */
export type Needs = 'open' | Role;

/** A WebSocket that may be opened, as long as nobody takes that back. */
export type Admission =
  | { readonly refusal: string }
  | {
      /** `end` is called when it may not be open any more; the answer takes that back. */ hold(
        end: () => void,
      ): () => void;
    };

const tickMs = 1_000;
/** Open live streams from one address of the network. */
export const livePerAddressMax = 250;

/**
 * The gatekeeper of the HTTP door, for requests and for the live stream: how many, from where, in whose name, with
 * which role. Where no tokens are set, this machine itself is let in, and nobody else: neither a name that was bent to
 * it (DNS rebinding) nor a page of another site.
 */
export class Guard {
  readonly access: Access;
  /** Tokens typed in: a program gone wrong locks out nobody who signs in. */
  readonly #typed: Attempts;
  /** Those that programs sent and that were wrong. */
  #wrongSent = 0;
  readonly #parts: GuardParts;
  readonly #askers: AskerReader;
  readonly #rate: RequestRate;
  readonly #names: ReadonlySet<string>;
  readonly #liveByAddress = new Map<string, number>();
  readonly #stopTicking: () => void;
  readonly #refused: Partial<Record<ProblemCode, number>> = {};

  constructor(parts: GuardParts) {
    this.#parts = parts;
    const { access, http, clock } = parts;
    const nowMs = () => clock.nowMs();
    this.access = new Access(access, !isLoopback(http.host), nowMs);
    this.#typed = new Attempts(nowMs);
    this.#askers = new AskerReader(http.trustProxy);
    this.#rate = new RequestRate(http.requestsPerSecond, nowMs);
    this.#names = new Set(http.names);
    this.#stopTicking = clock.every(tickMs, () => this.#tick());
  }

  get counts(): GuardCounts {
    const { access } = this;
    return {
      refused: { ...this.#refused } as Record<string, number>,
      wrongTokens: this.#typed.total + this.#wrongSent,
      sessions: access.sessions,
      fallenSessions: access.fallenSessions,
    };
  }

  setTokens(tokens: readonly AccessToken[]): void {
    this.access.setTokens(tokens);
  }

  stop(): void {
    this.#stopTicking();
  }

  asker(request: IncomingMessage): Asker {
    return this.#askers.read(request);
  }

  /** Every request goes through here first. Throws a ProblemError. */
  count(request: IncomingMessage): void {
    const { address } = this.asker(request);
    const waitMs = isLoopback(address) ? 0 : this.#rate.take(countedAs(address));
    if (waitMs > 0)
      throw this.#refusal('too-many-requests', `Ask again in ${seconds(waitMs)} s.`, after(waitMs));
  }

  /** Lets a request pass, or throws a ProblemError. What changes something goes into the audit log. */
  admit(needs: Needs, request: Request, response: Response): void {
    const asker = this.asker(request);
    const changes = !['GET', 'HEAD'].includes(request.method);
    if (changes) this.#refuseOtherSites(request, asker);
    if (needs === 'open') {
      if (changes) this.#refuseBentNames(asker);
      return;
    }
    const pass = this.#passOf(request, asker);
    if (pass.basis !== 'open') response.vary('Authorization').vary('Cookie');
    response.locals.pass = pass;
    if (changes) this.#parts.audit.follow(request, response, pass, asker.address);
    if (needs === 'operate' && pass.role !== 'operate')
      throw this.#refusal(
        'not-allowed',
        `It needs the role operate; ${pass.name} has the role ${pass.role}.`,
      );
  }

  /** The live stream's own door: the same, but the answer to a refusal is the text of a whole response. */
  admitLive(request: IncomingMessage): Admission {
    try {
      this.count(request);
      const asker = this.asker(request);
      this.#refuseOtherSites(request, asker);
      const pass = this.#passOf(request, asker);
      const address = isLoopback(asker.address) ? undefined : countedAs(asker.address);
      if (address !== undefined && (this.#liveByAddress.get(address) ?? 0) >= livePerAddressMax)
        throw this.#refusal(
          'too-many-requests',
          `${livePerAddressMax} live streams of one address are the most.`,
        );
      return { hold: (end) => this.#hold(pass, address, end) };
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      return { refusal: rawProblem(error.code, error.message, error.headers) };
    }
  }

  /** Checks a token somebody typed in; too many wrong ones have to wait before they are looked at. */
  passOfTypedToken(token: string, { address }: Asker): Pass {
    const who = countedAs(address);
    const waitMs = this.#typed.waitMs(who);
    if (waitMs > 0) throw this.#tooManyAttempts(waitMs);
    return this.#passOfToken(token, () => {
      this.#typed.failed(who);
      const longerMs = this.#typed.waitMs(who);
      if (longerMs > 0) throw this.#tooManyAttempts(longerMs);
    });
  }

  #passOf(request: IncomingMessage, asker: Asker): Pass {
    const { open } = this.access;
    if (open !== undefined) {
      this.#refuseBentNames(asker);
      return open;
    }
    const { authorization } = request.headers;
    if (authorization !== undefined) {
      const token = /^bearer +(\S+) *$/i.exec(authorization)?.[1];
      if (token === undefined)
        throw this.#refusal('not-signed-in', 'Send it as: Authorization: Bearer <token>.', challenge);
      return this.#passOfToken(token, () => {
        this.#wrongSent += 1;
      });
    }
    const id = sessionIdIn(request.headers.cookie, asker.secure);
    if (id === undefined) throw this.#refusal('not-signed-in', howToSignIn, challenge);
    const pass = this.access.passOfSession(id);
    if (pass === undefined)
      throw this.#refusal('token-refused', `The session has ended. ${howToSignIn}`, challenge);
    return pass;
  }

  #passOfToken(token: string, failed: () => void): Pass {
    const pass = this.access.passOfToken(token);
    if (typeof pass !== 'string') return pass;
    failed();
    const detail =
      pass === 'expired' ? 'The token has expired; ask for a new one.' : 'There is no such token.';
    throw this.#refusal('token-refused', detail, challenge);
  }

  #tooManyAttempts(waitMs: number): ProblemError {
    const detail = `Too many wrong tokens came from this address; try again in ${seconds(waitMs)} s.`;
    return this.#refusal('too-many-requests', detail, after(waitMs));
  }

  /** A page of another site may not change anything here, nor listen, whatever cookies the browser has. */
  #refuseOtherSites(request: IncomingMessage, asker: Asker): void {
    const { origin, 'sec-fetch-site': site } = request.headers;
    if (origin === undefined) {
      if (site === undefined || site === 'same-origin' || site === 'none') return;
      throw this.#refusal('cross-site', 'Only pages of this service may do that.');
    }
    const url = URL.parse(origin);
    const isOwn =
      url !== null &&
      (this.#names.has(url.hostname) ||
        (asker.host !== undefined && url.host === hostWithout(asker.host, url.protocol)));
    if (isOwn) return;
    const detail =
      `Only pages of this service may do that, and ${JSON.stringify(origin.slice(0, 100))} is not its own. ` +
      'Behind a proxy: let it pass the Host header on, or name it in http.names.';
    throw this.#refusal('cross-site', detail);
  }

  #refuseBentNames({ host }: Asker): void {
    if (this.access.open === undefined) return;
    const name = host === undefined ? undefined : nameOfHost(host);
    if (name !== undefined && (isLoopback(name) || name.endsWith('.localhost') || this.#names.has(name)))
      return;
    const detail =
      'Without access.tokens it is there for this machine alone, as localhost. Write other names, such as those of a proxy, into http.names.';
    throw this.#refusal('wrong-host', detail);
  }

  #hold(pass: Pass, address: string | undefined, end: () => void): () => void {
    const release = pass.hold(end);
    if (address === undefined) return release;
    this.#liveByAddress.set(address, (this.#liveByAddress.get(address) ?? 0) + 1);
    return () => {
      release();
      const left = (this.#liveByAddress.get(address) ?? 1) - 1;
      if (left > 0) this.#liveByAddress.set(address, left);
      else this.#liveByAddress.delete(address);
    };
  }

  #refusal(code: ProblemCode, detail: string, headers: Readonly<Record<string, string>> = {}): ProblemError {
    this.#refused[code] = (this.#refused[code] ?? 0) + 1;
    return new ProblemError(code, detail, {}, headers);
  }

  #tick(): void {
    this.access.tick();
    this.#typed.tick();
    this.#rate.tick();
  }
}

const challenge = { 'WWW-Authenticate': 'Bearer realm="rackwatt"' };
const howToSignIn = 'Send Authorization: Bearer <token>, or sign in: POST /api/v1/session {"token":"…"}.';

/** Who asks; set by `admit`. */
export function passIn(response: Response): Pass {
  return response.locals.pass as Pass;
}

/** As the URL of that protocol has it: without its default port. */
function hostWithout(host: string, protocol: string): string {
  const port = protocol === 'https:' ? ':443' : ':80';
  return host.endsWith(port) && !host.endsWith(`:${port}`) ? host.slice(0, -port.length) : host;
}

function seconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1_000));
}

function after(waitMs: number): Record<string, string> {
  return { 'Retry-After': `${seconds(waitMs)}` };
}
