import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** PEM contents, and the files they lie in. */
export interface Certificates {
  readonly ca: string;
  readonly client: { readonly cert: string; readonly key: string };
  readonly files: { readonly ca: string; readonly cert: string; readonly key: string };
}

/** A throw-away authority with a certificate for `localhost` and 127.0.0.1 and one for a client, by `openssl`. */
export function makeCertificates(folder: string): Certificates {
  const at = (name: string) => join(folder, name);
  openssl([
    'req',
    '-x509',
    ...newKey(at('ca.key')),
    '-subj',
    '/CN=test authority',
    '-days',
    '2',
    '-out',
    at('ca.crt'),
  ]);
  sign(folder, 'server', '/CN=localhost', 'subjectAltName=DNS:localhost,IP:127.0.0.1');
  sign(folder, 'client', '/CN=rackwatt', 'extendedKeyUsage=clientAuth');
  const text = (name: string) => readFileSync(at(name), 'utf8');
  return {
    ca: text('ca.crt'),
    client: { cert: text('client.crt'), key: text('client.key') },
    files: { ca: at('ca.crt'), cert: at('server.crt'), key: at('server.key') },
  };
}

function sign(folder: string, name: string, subject: string, extension: string): void {
  const at = (ending: string) => join(folder, `${name}.${ending}`);
  openssl(['req', ...newKey(at('key')), '-subj', subject, '-out', at('csr')]);
  writeFileSync(at('ext'), `${extension}\n`);
  const authority = ['-CA', join(folder, 'ca.crt'), '-CAkey', join(folder, 'ca.key'), '-CAcreateserial'];
  openssl([
    'x509',
    '-req',
    '-in',
    at('csr'),
    ...authority,
    '-days',
    '2',
    '-extfile',
    at('ext'),
    '-out',
    at('crt'),
  ]);
}

function newKey(file: string): string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', file];
}

function openssl(args: string[]): void {
  try {
    execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new Error('these tests need the command openssl: apt-get install openssl', { cause: error });
    }
    throw error;
  }
}
