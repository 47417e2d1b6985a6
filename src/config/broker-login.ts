import { readFileSync } from 'node:fs';
import type { Settings } from './schema.ts';

/** What it takes to get into the admin's broker: the settings, with certificates as text (PEM) instead of paths. */
export interface BrokerLogin {
  readonly url: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly protocol: '3.1.1' | '5';
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** Undefined when there is no broker but the built-in one. Throws when a certificate has gone since the check. */
export function brokerLogin({
  url,
  username,
  password,
  protocol,
  ca,
  cert,
  key,
}: Settings['mqtt']): BrokerLogin | undefined {
  if (url === undefined) return undefined;
  const pem = (path: string | undefined) => (path === undefined ? undefined : readFileSync(path, 'utf8'));
  return { url, username, password, protocol, ca: pem(ca), cert: pem(cert), key: pem(key) };
}
