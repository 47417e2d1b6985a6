import type { SentMessageInfo, Transporter } from 'nodemailer';
import type SMTPTransport from 'nodemailer/lib/smtp-transport/index.js';
import { type Channel, DeliveryError, type Message, type Place, type Thread } from './channel.ts';
import { htmlOf, subjectOf, textOf } from './email-text.ts';
import { explainCode } from './http-post.ts';
import { masker, plainLine } from './mask.ts';

export interface EmailOptions {
  readonly host: string;
  readonly port: number;
  /** `starttls`: begins in the clear and must go over to TLS; `none`: never does. */
  readonly security: 'tls' | 'starttls' | 'none';
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly from: string;
  readonly to: readonly string[];
  /** PEM contents; replaces the system's list. */
  readonly ca?: string | undefined;
}

/** E-mail over SMTP, a connection for each message: alerts are too few to keep one. */
export function makeEmailChannel(options: EmailOptions, place: Place): Channel {
  const mask = masker([options.password]);
  let transport: Transporter<SentMessageInfo> | undefined;
  return {
    kind: 'email',
    target: `${options.to.join(', ')} by ${options.host}:${options.port}`,
    reader: 'people',
    toldMax: 100,
    async send(message, signal) {
      transport ??= await makeTransport(options);
      const thread = threadOf(message, options, place);
      const sending = transport.sendMail(mailOf(message, thread, options, place));
      let rejected: readonly string[] = [];
      try {
        rejected = rejectedIn(await orAborted(sending, signal));
      } catch (error) {
        if (error instanceof DeliveryError) throw error;
        throw explained(error, options, mask);
      }
      // A digest's subject says nothing of one incident.
      return {
        thread: { id: thread.id, subject: message.about === 'alert' ? thread.subject : '' },
        ...(rejected.length > 0 && {
          problem: `${options.host} took the message, but not for ${plainLine(rejected.join(', '))}; look at "to"`,
        }),
      };
    },
    async stop() {
      transport?.close();
    },
  };
}

function rejectedIn({ rejected = [] }: SentMessageInfo): string[] {
  return rejected.map(String);
}

async function makeTransport(options: EmailOptions): Promise<Transporter<SentMessageInfo>> {
  const { createTransport } = await import('nodemailer');
  const { host, port, security, username, password, ca } = options;
  const settings: SMTPTransport.Options = {
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(username !== undefined && { auth: { user: username, pass: password ?? '' } }),
    tls: { minVersion: 'TLSv1.2', ...(ca !== undefined && { ca }) },
    connectionTimeout: waitMsMax,
    greetingTimeout: waitMsMax,
    socketTimeout: waitMsMax,
    // Nothing a message holds may make it read a file or ask an address.
    disableFileAccess: true,
    disableUrlAccess: true,
  };
  return createTransport(settings);
}

const waitMsMax = 15_000;

/** `id` is that of this message. */
interface MailThread extends Thread {
  readonly isReply: boolean;
  /** Message ids this one follows. */
  readonly follows: readonly string[];
}

/**
 * What is said of an incident later refers to the message that told it first and has the same subject: mail programs
 * that ask for either put it into the same conversation.
 */
function threadOf(message: Message, { from }: EmailOptions, place: Place): MailThread {
  const threads = message.told.flatMap(({ thread }) => (thread === undefined ? [] : [thread]));
  const first = message.about === 'alert' ? threads[0] : undefined;
  const [told] = message.told;
  const domain = /@([A-Za-z0-9.-]+)/.exec(from)?.[1] ?? 'rackwatt.invalid';
  // The same when it is sent again, since nobody knows whether it was taken.
  const words =
    told === undefined
      ? [message.about, message.atMs]
      : [told.notice.alert.id, told.notice.kind, told.notice.atMs, message.about, message.told.length];
  const local = words.join('.').replace(/[^A-Za-z0-9._-]/g, '-');
  return {
    id: `<rackwatt.${local.slice(0, 120)}@${domain}>`,
    isReply: Boolean(first?.subject),
    subject: first?.subject || subjectOf(message, place),
    follows: [...new Set(threads.map(({ id }) => id))].slice(0, followsMax),
  };
}

const followsMax = 20;

function mailOf(message: Message, thread: MailThread, { from, to }: EmailOptions, place: Place) {
  const [parent] = thread.follows;
  const urgent = message.told.some(
    ({ notice }) => notice.kind === 'firing' && notice.alert.severity === 'critical',
  );
  return {
    from,
    to: [...to],
    date: new Date(message.atMs),
    messageId: thread.id,
    ...(parent !== undefined && { inReplyTo: parent, references: [...thread.follows] }),
    subject: `${thread.isReply ? 'Re: ' : ''}${thread.subject}`,
    text: textOf(message, place),
    html: htmlOf(message, place),
    ...(urgent && { priority: 'high' as const }),
    headers: {
      // No out-of-office answers, please.
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
    },
  };
}

/** nodemailer cannot be told to give up; it does so by itself when nothing moves for a while. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let abort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(new DeliveryError('the mail server did not take the message in time'));
    signal.addEventListener('abort', abort, { once: true });
  });
  // Whatever becomes of it later, somebody has listened.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (abort !== undefined) signal.removeEventListener('abort', abort);
  }
}

interface SmtpError extends Error {
  readonly code?: string;
  readonly responseCode?: number;
  readonly response?: string;
  readonly command?: string;
}

function explained(
  error: unknown,
  { host, port, security }: EmailOptions,
  mask: (text: string) => string,
): DeliveryError {
  const { code, responseCode, response, message, cause } = error as SmtpError & { cause?: SmtpError };
  const where = `${host}:${port}`;
  const said = plainLine(mask(response ?? ''));
  const quoted = said === '' ? '' : `: ${said}`;
  if (code === 'EAUTH')
    return new DeliveryError(`${where} does not let us in${quoted}; look at username and password`);
  if (code === 'ETLS')
    return new DeliveryError(
      `${where} does not offer STARTTLS${quoted}; if it speaks TLS from the beginning, set security: tls`,
    );
  if (code === 'EENVELOPE')
    return new DeliveryError(`${where} refuses sender or recipients${quoted}; look at "from" and "to"`);
  const plain = explainCode(code) ?? explainCode(cause?.code) ?? codeIn(message);
  if (responseCode === undefined && plain !== undefined) return new DeliveryError(`${where} ${plain}`);
  if (responseCode === undefined)
    return new DeliveryError(
      `${where} cannot be talked to (${plainLine(mask(message))}); is security: ${security} right for this port?`,
    );
  // 4yz: it may be otherwise later (RFC 5321, 4.2.1).
  return new DeliveryError(`${where} refuses the message${quoted}`, {
    refusesMessage: responseCode >= 500 && code === 'EMESSAGE',
  });
}

/** nodemailer puts codes of its own over those of the system, which are left in the text. */
function codeIn(message: string): string | undefined {
  const code = /\b(E[A-Z]{4,}|ERR_[A-Z_]+|[A-Z]+(?:_[A-Z]+){2,})\b/.exec(message)?.[1];
  if (code !== undefined) return explainCode(code);
  if (/self.signed certificate|unable to (verify|get)/i.test(message))
    return explainCode('DEPTH_ZERO_SELF_SIGNED_CERT');
  if (/wrong version number|packet length too long/i.test(message))
    return explainCode('ERR_SSL_WRONG_VERSION_NUMBER');
  return /timeout/i.test(message) ? explainCode('ETIMEDOUT') : undefined;
}
