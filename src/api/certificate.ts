import { readFileSync, statSync } from 'node:fs';
import type { Server } from 'node:https';
import { createSecureContext } from 'node:tls';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';

/** Paths of the certificate (with those above it) and its key, PEM. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** Certificate and key cannot be used. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
}

const lookMs = 10_000;

/** Reads both, and makes sure that they belong together. Throws a CertificateError. */
export function readCertificate({ cert, key }: CertificateFiles): { cert: Buffer; key: Buffer } {
  try {
    const pair = { cert: readFileSync(cert), key: readFileSync(key) };
    createSecureContext(pair);
    return pair;
  } catch (cause) {
    const why = (cause as Error).message.split('\n')[0];
    throw new CertificateError(
      `http.tls: ${cert} and ${key} cannot be used as certificate and key (${why}); both must be PEM, and belong together`,
      { cause },
    );
  }
}

/**
 * Takes a renewed certificate for new connections while those that are open go on. A pair that does not fit, as in the
 * middle of a renewal, is left for the next look. The answer stops looking.
 */
export function followCertificate(
  server: Pick<Server, 'setSecureContext'>,
  files: CertificateFiles,
  { clock, log }: { clock: Clock; log: Log },
): () => void {
  let taken = stateOf(files);
  let refused = '';
  return clock.every(lookMs, () => {
    const now = stateOf(files);
    if (now === taken || now === refused) return;
    try {
      server.setSecureContext({ ...readCertificate(files), minVersion: 'TLSv1.2' });
      taken = now;
      log.info('the certificate has been read again');
    } catch (error) {
      refused = now;
      log.error(`${(error as Error).message}; the one before stays in use`);
    }
  });
}

/** Changes whenever one of the files does. */
function stateOf({ cert, key }: CertificateFiles): string {
  return [cert, key]
    .map((path) => {
      const stats = statSync(path, { throwIfNoEntry: false });
      return stats === undefined ? 'gone' : `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}`;
    })
    .join(', ');
}
