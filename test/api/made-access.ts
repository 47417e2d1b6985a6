import type { AccessToken } from '../../src/api/access.ts';
import { hashOfToken, makeToken } from '../../src/base/token.ts';
import { ApiService, openHttp } from './api-service.ts';

export const hourMs = 3_600_000;
export const sessionMs = 12 * hourMs;

/** A token and what the settings say of it. */
export function madeToken(
  name: string,
  role: 'view' | 'operate',
  expiresAtMs?: number,
): { text: string; rule: AccessToken } {
  const text = makeToken();
  return { text, rule: { name, role, hash: hashOfToken(text), expiresAtMs } };
}

/** The API with these tokens; more of `http` where a test is about it. */
export function guardedService(
  tokens: readonly { rule: AccessToken }[],
  http: Partial<typeof openHttp> = {},
): Promise<ApiService> {
  return new ApiService({
    access: { tokens: tokens.map(({ rule }) => rule), sessionMs },
    http: { ...openHttp, ...http },
  }).start();
}

export const bearer = (text: string) => ({ authorization: `Bearer ${text}` });

/** Signs in as the page does; answers the cookie. */
export async function signIn(service: ApiService, token: string): Promise<string> {
  const response = await service.get('/api/v1/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  return response.headers.get('set-cookie')!.split(';')[0]!;
}
