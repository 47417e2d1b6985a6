import { readFileSync } from 'node:fs';
import { type SecretKey, secretOf, secretProblem } from './notify-checks.ts';
import type { NotifyChannelSettings } from './notify-settings.ts';

/** What of a channel may stand in files, read. */
export type NotifySecrets = { readonly [K in SecretKey]: string | undefined };

/** A file of secrets that holds nothing of use. */
export class NotifySecretError extends Error {
  override readonly name = 'NotifySecretError';
}

/** Reads the secrets of a channel. Throws a NotifySecretError when a file is not what it was when it was checked. */
export function notifySecrets(channel: NotifyChannelSettings): NotifySecrets {
  const read = (key: SecretKey) => {
    const path = channel[`${key}File`];
    return path === undefined ? channel[key] : contentOf(path, key, channel);
  };
  return { url: read('url'), token: read('token'), secret: read('secret'), password: read('password') };
}

function contentOf(path: string, key: SecretKey, { name, kind }: NotifyChannelSettings): string {
  let value: string;
  try {
    value = secretOf(readFileSync(path, 'utf8'));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'error';
    throw new NotifySecretError(`notify channel ${name}: the file ${path} cannot be read (${code})`);
  }
  const problem = secretProblem(key, kind, value);
  if (problem === undefined) return value;
  throw new NotifySecretError(`notify channel ${name}: the file ${path} (${key}File) holds ${problem}`);
}
