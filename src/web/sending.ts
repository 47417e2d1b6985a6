import { apiPath, problemOf } from './answers.ts';

const timeoutMs = 15_000;

/** Changes something of the service, and hands back its answer. Throws an Error whose message says why not, for the admin. */
export async function send<T>(method: 'POST' | 'DELETE', resource: string, body?: object): Promise<T> {
  let response: Response;
  try {
    response = await fetch(apiPath(resource), {
      method,
      headers: { accept: 'application/json', ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (cause) {
    throw new Error('rackwatt does not answer; whether it took this is not known', { cause });
  }
  if (!response.ok) throw new Error(await problemOf(response));
  return (response.status === 204 ? undefined : await response.json()) as T;
}
