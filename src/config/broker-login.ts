import { readFileSync } from 'node:fs';
import type { Settings } from './schema.ts';

/** What it takes to get into a broker: the settings, with certificates as text (PEM) instead of paths. */
export interface BrokerLogin {
  readonly url: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly protocol: '3.1.1' | '5';
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/**
 * The broker that a command talks to: the one it was told, else the admin's, else our own (of the service that is
 * running). Throws when a certificate has gone since the settings were checked.
 */
export function brokerLogin(
  { mqtt, broker }: Pick<Settings, 'mqtt' | 'broker'>,
  toldUrl?: string,
): BrokerLogin {
  const { protocol, ca, cert, key } = mqtt;
  const url = toldUrl ?? mqtt.url;
  const pem = (path: string | undefined) => (path === undefined ? undefined : readFileSync(path, 'utf8'));
  const { username, password } = url === undefined ? broker : mqtt;
  return {
    url: url ?? ownUrl(broker),
    username,
    password,
    protocol,
    ca: pem(ca),
    cert: pem(cert),
    key: pem(key),
  };
}

function ownUrl({ host, port }: Settings['broker']): string {
  // Listening everywhere includes here.
  const here = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `mqtt://${here.includes(':') ? `[${here}]` : here}:${port}`;
}
