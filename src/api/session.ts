import type { Request, Response } from 'express';
import type { Pass } from './access.ts';
import { answerJson } from './answer.ts';
import type { AuditLog } from './audit.ts';
import { type Guard, passIn } from './guard.ts';
import { jsonBody } from './json-body.ts';
import { ProblemError } from './problem.ts';
import { noSessionCookie, sessionCookie, sessionIdIn } from './session-cookie.ts';
import type { SessionAnswer } from './shapes.ts';

export interface SessionParts {
  readonly guard: Guard;
  readonly audit: AuditLog;
  nowMs(): number;
}

/** `GET /session`: who asks, and what they may do. */
export async function answerSession(request: Request, response: Response): Promise<void> {
  await answerJson(request, response, answerOf(passIn(response)));
}

/** `POST /session` `{"token"}`: begins a session; its id is in a cookie that no script can read. */
export async function beginSession(
  { guard, audit, nowMs }: SessionParts,
  request: Request,
  response: Response,
): Promise<void> {
  const { token } = await jsonBody(request);
  if (typeof token !== 'string' || token === '')
    throw new ProblemError('bad-request', 'Send {"token":"rackwatt_…"}.', { parameter: 'token' });
  const { open } = guard.access;
  if (open !== undefined) return answerJson(request, response, answerOf(open));
  const asker = guard.asker(request);
  const earlier = sessionIdIn(request.headers.cookie, asker.secure);
  const { id, pass } = guard.access.beginSession(guard.passOfTypedToken(token.trim(), asker));
  if (earlier !== undefined) guard.access.endSession(earlier);
  audit.add({ who: pass.name, basis: 'session', address: asker.address, action: 'sign-in', status: 200 });
  const seconds = Math.min(cookieSecondsMax, Math.floor((pass.expiresAtMs - nowMs()) / 1_000));
  response.set('Set-Cookie', sessionCookie(id, asker.secure, seconds));
  await answerJson(request, response, answerOf(pass));
}

/** `DELETE /session`: ends it, and what is open in its name; without one nothing is to be done. */
export function endSession({ guard, audit }: SessionParts, request: Request, response: Response): void {
  const { address, secure } = guard.asker(request);
  const id = sessionIdIn(request.headers.cookie, secure);
  const pass = id === undefined ? undefined : guard.access.endSession(id);
  if (pass !== undefined)
    audit.add({ who: pass.name, basis: 'session', address, action: 'sign-out', status: 204 });
  response
    .status(204)
    .set({ 'Set-Cookie': noSessionCookie(secure), 'Cache-Control': 'no-store' })
    .end();
}

/** Browsers keep none for longer. */
const cookieSecondsMax = 400 * 86_400;

function answerOf({ name, role, basis, expiresAtMs }: Pass): SessionAnswer {
  return { name, role, basis, ...(Number.isFinite(expiresAtMs) ? { expiresAtMs } : {}) };
}
