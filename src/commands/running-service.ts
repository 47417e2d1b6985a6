import type { Settings } from '../config/schema.ts';
import { type AskService, askWithCertificate } from './service-ask.ts';

/** A service that runs, and what it wants to see of whoever asks. */
export interface RunningService {
  /** Without a slash at the end. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly ask: AskService;
}

const lookMsMax = 2_000;

/**
 * The service that is named, or the one that the settings would start, if it runs: the embedded store is its own then.
 * Rejects when a named one does not answer.
 */
export async function runningService(
  settings: Settings,
  named: { readonly url?: string | undefined; readonly token?: string | undefined },
): Promise<RunningService | undefined> {
  const token = named.token ?? process.env.RACKWATT_TOKEN;
  const url = (named.url ?? addressOf(settings.http)).replace(/\/+$/, '');
  const { tls } = settings.http;
  const ask = named.url === undefined && tls !== undefined ? askWithCertificate(tls.cert) : fetch;
  const isThere = await isAlive(url, ask);
  if (!isThere && named.url !== undefined)
    throw new Error(`no rackwatt answers at ${url}: is it running there?`);
  if (!isThere) return undefined;
  return { url, ask, headers: token === undefined ? {} : { Authorization: `Bearer ${token}` } };
}

/** What the service says is wrong, in a line for a person. */
export async function problemOf(answer: Response): Promise<string> {
  const text = await answer.text();
  try {
    const { title, detail } = JSON.parse(text) as { title?: string; detail?: string };
    const hint =
      answer.status === 401 || answer.status === 403 ? ' Name a token with --token or RACKWATT_TOKEN.' : '';
    return `the service answers ${answer.status}: ${[title, detail].filter(Boolean).join('. ')}${hint}`;
  } catch {
    return `the service answers ${answer.status}`;
  }
}

function addressOf({ host, port, tls }: Settings['http']): string {
  const near = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `${tls === undefined ? 'http' : 'https'}://${near.includes(':') ? `[${near}]` : near}:${port}`;
}

async function isAlive(url: string, ask: AskService): Promise<boolean> {
  try {
    const answer = await ask(`${url}/healthz`, { signal: AbortSignal.timeout(lookMsMax) });
    return ((await answer.json()) as { status?: string }).status === 'alive';
  } catch {
    return false;
  }
}
