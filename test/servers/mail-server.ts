import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import type { Certificates } from './certificates.ts';

export interface TakenMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Unfolded, by name in small letters; the first of each. */
  readonly headers: Readonly<Record<string, string>>;
  /** How often each header stands there. */
  readonly headerCounts: Readonly<Record<string, number>>;
  /** Everything, decoded. */
  readonly text: string;
  readonly html: string;
  readonly isEncrypted: boolean;
}

/** A real mail server (smtp-server) that keeps what it takes. */
export interface MailServer {
  readonly port: number;
  readonly mails: readonly TakenMail[];
  /** Why it refuses, from now on; undefined: it does not. */
  refuse(how: { code: number; says: string; at: 'rcpt' | 'data'; only?: string } | undefined): void;
  stop(): Promise<void>;
}

export interface MailServerOptions {
  readonly certificates?: Certificates | undefined;
  /** TLS from the first byte. */
  readonly secure?: boolean;
  /** Only this user may send. */
  readonly auth?: { readonly username: string; readonly password: string } | undefined;
  readonly options?: SMTPServerOptions;
}

export async function startMailServer(about: MailServerOptions = {}): Promise<MailServer> {
  const mails: TakenMail[] = [];
  let refusal: { code: number; says: string; at: 'rcpt' | 'data'; only?: string } | undefined;
  const refused = (at: 'rcpt' | 'data', whom = '') =>
    refusal?.at === at && whom.includes(refusal.only ?? '')
      ? Object.assign(new Error(refusal.says), { responseCode: refusal.code })
      : undefined;
  const { certificates, auth } = about;
  const server = new SMTPServer({
    secure: about.secure ?? false,
    ...(certificates !== undefined && {
      key: readFileSync(certificates.files.key),
      cert: readFileSync(certificates.files.cert),
    }),
    disabledCommands: [...(certificates === undefined ? ['STARTTLS'] : []), ...(auth ? [] : ['AUTH'])],
    authOptional: auth === undefined,
    onAuth: (given, _session, done) =>
      given.username === auth?.username && given.password === auth?.password
        ? done(null, { user: given.username })
        : done(Object.assign(new Error(`no such login: ${given.password}`), { responseCode: 535 })),
    onRcptTo: ({ address }, _session, done) => done(refused('rcpt', address) ?? null),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const failure = refused('data');
        if (failure !== undefined) return done(failure);
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          isEncrypted: session.secure,
          ...takenApart(Buffer.concat(chunks).toString('utf8')),
        });
        done();
      });
    },
    ...about.options,
  });
  // A client that goes away in the middle is no news.
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    refuse(how) {
      refusal = how;
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function takenApart(mail: string): Pick<TakenMail, 'headers' | 'headerCounts' | 'text' | 'html'> {
  const [head = ''] = mail.split('\r\n\r\n', 1);
  const headers: Record<string, string> = {};
  const headerCounts: Record<string, number> = {};
  for (const line of head.replace(/\r\n[ \t]+/g, ' ').split('\r\n')) {
    const name = line.slice(0, line.indexOf(':')).toLowerCase();
    headers[name] ??= decodedWords(line.slice(line.indexOf(':') + 1).trim());
    headerCounts[name] = (headerCounts[name] ?? 0) + 1;
  }
  const boundary = /boundary="([^"]+)"/.exec(headers['content-type'] ?? '')?.[1];
  const parts = mail.split(`--${boundary}`);
  return { headers, headerCounts, text: partOf(parts, 'text/plain'), html: partOf(parts, 'text/html') };
}

function partOf(parts: readonly string[], type: string): string {
  const part = parts.find((one) => new RegExp(`content-type: ${type}`, 'i').test(one)) ?? '';
  const [head = ''] = part.split('\r\n\r\n', 1);
  // The line break before a boundary belongs to the boundary.
  const body = part.slice(head.length + 4).replace(/\r\n$/, '');
  if (/base64/i.test(head)) return Buffer.from(body, 'base64').toString('utf8');
  if (!/quoted-printable/i.test(head)) return body.replaceAll('\r\n', '\n');
  const bytes = body.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex: string) => `%${hex}`);
  return Buffer.from(
    bytes.replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  )
    .toString('utf8')
    .replaceAll('\r\n', '\n');
}

/** RFC 2047. */
function decodedWords(text: string): string {
  return text
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?([qb])\?([^?]*)\?=/gi, (_, how: string, word: string) =>
      how.toLowerCase() === 'b'
        ? Buffer.from(word, 'base64').toString('utf8')
        : Buffer.from(
            word
              .replaceAll('_', ' ')
              .replace(/=([0-9A-F]{2})/gi, (__, hex: string) =>
                String.fromCharCode(Number.parseInt(hex, 16)),
              ),
            'latin1',
          ).toString('utf8'),
    );
}
