import { BlockList, isIP } from 'node:net';
import { z } from 'zod';
import { tokenHashPattern } from '../base/token.ts';
import { note, path, section } from './setting-note.ts';
import { duration, port, text } from './values.ts';

/** `10.0.0.0/8`, `::1`, … */
const network = text(60).refine((value) => isNetwork(value));

function isNetwork(value: string): boolean {
  const [address = '', bits, ...more] = value.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0) return false;
  if (bits === undefined) return true;
  if (!/^\d{1,3}$/.test(bits)) return false;
  try {
    new BlockList().addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
    return true;
  } catch {
    return false;
  }
}

/** Of a token that nobody has. */
export const exampleHash = 'sha256:dv0kxFUHZIP9fZIfZuxhuT7bgylbSzxdBu6SMCtYTa4';

/** As a browser writes it, without a port. */
const hostName = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[a-z0-9._:[\]-]+$/i)
  .transform((value) => value.toLowerCase());

const tls = z.strictObject({
  cert: note(path.optional(), {
    sentence:
      'File with the certificate of this service and those above it (PEM). With it everything is served over HTTPS (TLS 1.2 or newer); read again when it changes.',
    expected: 'the path of a file that can be read',
    example: '/etc/rackwatt/fullchain.pem',
  }),
  key: note(path.optional(), {
    sentence: 'File with the key of that certificate (PEM).',
    expected: 'the path of a file that can be read',
    example: '/etc/rackwatt/key.pem',
  }),
});

/** The live page, the API and the live stream. */
export const http = z
  .strictObject({
    host: note(text(255).prefault('127.0.0.1'), {
      sentence:
        'Address the page and the API listen on. Any other than this machine itself needs access.tokens (rackwatt token create).',
      expected: 'a host name or IP address of this machine',
      example: '127.0.0.1',
    }),
    port: note(port.prefault(8080), {
      sentence: 'TCP port of the page and the API. 0: any free one.',
      expected: 'a TCP port, a whole number from 0 to 65535',
      example: '8081',
    }),
    names: note(z.array(hostName).max(100).prefault([]), {
      sentence:
        'Names under which browsers reach it through a proxy that changes the Host header, or without tokens under another name than localhost.',
      expected: 'a list of host names without ports',
      example: '[ power.example.com ]',
    }),
    trustProxy: note(z.array(network).max(100).prefault([]), {
      sentence: 'Proxies whose X-Forwarded-For, -Proto and -Host are believed.',
      expected: 'a list of IP addresses and networks',
      example: '[ 127.0.0.1, 10.0.0.0/8 ]',
    }),
    requestsPerSecond: note(z.number().min(0).max(1_000_000).prefault(100), {
      sentence:
        'Requests taken from one address of the network, on average; ten times as many at once. 0: no limit. This machine itself has none.',
      expected: 'a number, 0 or more',
      example: '20',
    }),
    tls: note(tls.prefault({}), section('Encryption with a certificate of your own.')),
  })
  .transform(({ tls: { cert, key }, ...rest }) => ({
    ...rest,
    tls: cert === undefined || key === undefined ? undefined : { cert, key },
  }));

/** An instant, or the beginning of a day in UTC; becomes epoch ms. */
const instant = z.string().transform((value, context) => {
  const atMs = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/.test(value)
    ? Date.parse(value)
    : Number.NaN;
  if (Number.isNaN(atMs)) context.addIssue({ code: 'custom' });
  return Number.isNaN(atMs) ? z.NEVER : atMs;
});

const token = z
  .strictObject({
    name: note(text(100), {
      sentence: 'Whose it is; the audit log names it.',
      expected: 'a name of 1 to 100 characters',
      example: 'wall display',
    }),
    hash: note(z.string().regex(tokenHashPattern), {
      sentence: 'What rackwatt token create printed.',
      expected: 'sha256: and 43 characters, as printed by: rackwatt token create --name NAME --role view',
      example: exampleHash,
      secret: true,
    }),
    role: note(z.enum(['view', 'operate']), {
      sentence: 'view: see everything; operate: acknowledge, silence, import and all else that changes too.',
      expected: 'view or operate',
      example: 'view',
    }),
    expires: note(instant.optional(), {
      sentence: 'When it ends.',
      expected: 'a day or time such as 2027-01-31 or 2027-01-31T12:00:00Z',
      example: '2027-01-31',
    }),
  })
  .transform(({ expires, ...rest }) => ({ ...rest, expiresAtMs: expires }));

const aMinuteMs = 60_000;

/** Who may look and operate. */
export const access = z
  .strictObject({
    tokens: note(z.array(token).max(1_000).prefault([]), {
      sentence:
        'Who may see and operate: name, hash, role (view or operate) and perhaps expires of each; rackwatt token create makes one. Read again at SIGHUP.',
      expected: 'a list of tokens, each with name, hash and role',
      example: `[ { name: wall display, hash: ${exampleHash}, role: view } ]`,
    }),
    session: note(duration(aMinuteMs).prefault('7d'), {
      sentence: 'How long a browser stays signed in.',
      expected: 'a length of time of at least 1m, such as 12h or 90d',
      example: '12h',
    }),
  })
  .transform(({ tokens, session }) => ({ tokens, sessionMs: session }));
