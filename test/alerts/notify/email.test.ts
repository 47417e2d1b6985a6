import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DeliveryError, type Message, type Thread } from '../../../src/alerts/notify/channel.ts';
import { type EmailOptions, makeEmailChannel } from '../../../src/alerts/notify/email.ts';
import { subjectOf } from '../../../src/alerts/notify/email-text.ts';
import type { Notice } from '../../../src/model/alert.ts';
import { type Certificates, makeCertificates } from '../../servers/certificates.ts';
import { freePort } from '../../servers/free-port.ts';
import { type MailServer, startMailServer } from '../../servers/mail-server.ts';
import { anyText, firing, many, messageOf, noonMs, place, resolved } from './made-alerts.ts';

const auth = { username: 'rackwatt', password: 's3cret-password' };
let folder: string;
let certificates: Certificates;
let server: MailServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rackwatt-mail-'));
  certificates = makeCertificates(folder);
  server = await startMailServer({ certificates, auth });
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const channelTo = (port: number, over: Partial<EmailOptions> = {}) =>
  makeEmailChannel(
    {
      host: 'localhost',
      port,
      security: 'starttls',
      ...auth,
      from: 'Server room <rackwatt@example.org>',
      to: ['admins@example.org', 'duty@example.org'],
      ca: certificates.ca,
      ...over,
    },
    place,
  );
const send = (message: Message, over: Partial<EmailOptions> = {}, port = server.port) =>
  channelTo(port, over).send(message, AbortSignal.timeout(20_000));
const last = () => server.mails.at(-1)!;
const problem = async (over: Partial<EmailOptions> = {}, port = server.port): Promise<DeliveryError> => {
  const error: unknown = await send(messageOf(firing()), over, port).catch((failure: unknown) => failure);
  expect(error).toBeInstanceOf(DeliveryError);
  return error as DeliveryError;
};
const told = (notice: Notice, thread?: Thread): Message => ({
  ...messageOf(notice),
  told: [{ notice, passed: false, thread }],
});

describe('a mail about an alert', () => {
  test('goes to all recipients, over TLS, as text and as HTML', async () => {
    await send(messageOf(firing({ touched: ['server:hv-02'], touchedCount: 1 })));
    const { from, to, headers, text, html, isEncrypted } = last();
    expect({ from, to, isEncrypted }).toEqual({
      from: 'rackwatt@example.org',
      to: ['admins@example.org', 'duty@example.org'],
      isEncrypted: true,
    });
    expect(headers).toMatchObject({
      subject: '[rackwatt] Redundancy lost: server:hv-01 (Server room 1)',
      from: 'Server room <rackwatt@example.org>',
      'auto-submitted': 'auto-generated',
      importance: 'High',
      date: 'Thu, 15 Jan 2026 12:00:00 +0000',
    });
    expect(text).toBe(
      [
        'CRITICAL  Redundancy lost: server:hv-01',
        '  hv-01 draws all of its 310 W by pdu-b/7; pdu-a/7 gives nothing.',
        '  State:      fires since 2026-01-15 12:00',
        '  Value:      0 W, limit 10 W',
        '  Since:      2026-01-15 11:59',
        '  Touches:    1: server:hv-02',
        '',
        'Server room 1',
        'http://127.0.0.1:8080/#/alerts',
        '',
      ].join('\n'),
    );
    expect(html).toMatch(/<strong>CRITICAL<\/strong> Redundancy lost: server:hv-01/);
  });

  test('and the one that it is over are one conversation', async () => {
    const { thread } = await send(told(firing()));
    const first = last();
    const { thread: after } = await send(told(resolved(), thread));
    expect(last().headers['in-reply-to']).toBe(first.headers['message-id']);
    expect(last().headers.references).toBe(first.headers['message-id']);
    expect(last().headers.subject).toBe(`Re: ${first.headers.subject}`);
    expect(last().headers['message-id']).not.toBe(first.headers['message-id']);
    expect(last().text).toMatch(/^RESOLVED {2}Redundancy lost.*\n.*\n {2}State: +resolved after 12 min/);
    expect(after?.subject).toBe(thread?.subject);
  });

  test('that was told first in a digest follows it, under a subject of its own', async () => {
    const { thread } = await send(messageOf(...many(5)));
    expect(last().headers.subject).toBe('[rackwatt] 5 alerts: 5 firing (Server room 1)');
    const digestId = last().headers['message-id'];
    await send(told(resolved({ id: 'alert-1' }), thread));
    expect(last().headers.references).toBe(digestId);
    expect(last().headers.subject).toBe('[rackwatt] Redundancy lost: server:hv-01 (Server room 1)');
  });

  test('that is sent again has the same id', async () => {
    await send(told(firing()));
    const id = last().headers['message-id'];
    await send({ ...told(firing()), atMs: noonMs + 60_000 });
    expect(last().headers['message-id']).toBe(id);
  });

  test('a test message says that it is one', async () => {
    await send(messageOf());
    expect(last().headers.subject).toBe('[rackwatt] Test message (Server room 1)');
    expect(last().text).toMatch(/This is a test from rackwatt/);
  });
});

describe('whatever a name holds', () => {
  const nasty = 'hv\r\nBcc: evil@example.org\r\n\r\n<script>alert("x")</script> & ünï 🔌';

  test('no header comes of it, and HTML shows it as it is', async () => {
    const alert = { scope: `server:${nasty}`, text: nasty, touched: [nasty], touchedCount: 1 };
    await makeEmailChannel(
      {
        host: 'localhost',
        port: server.port,
        security: 'starttls',
        ...auth,
        ca: certificates.ca,
        from: 'a@b.example',
        to: ['c@d.example'],
      },
      { ...place, room: nasty },
    ).send(messageOf(firing(alert)), AbortSignal.timeout(20_000));
    const { headers, headerCounts, html, to } = last();
    expect(to).toEqual(['c@d.example']);
    expect(headers.bcc).toBeUndefined();
    for (const name of ['subject', 'to', 'from', 'message-id', 'content-type'])
      expect(headerCounts[name], name).toBe(1);
    expect(headers.subject).toMatch(/ünï 🔌/);
    expect(html).not.toMatch(/<script/);
    expect(html).toMatch(/&lt;script&gt;alert\(&quot;x&quot;\)/);
  });

  test('the subject is one line of bounded length', () => {
    fc.assert(
      fc.property(anyText(300), (name) => {
        const subject = subjectOf(messageOf(firing({ scope: `server:${name}` })), { ...place, room: name });
        expect(subject).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
        expect(subject.length).toBeLessThanOrEqual(200);
      }),
    );
  });
});

describe('what can go wrong', () => {
  test('a wrong password: who says no, and not the password', async () => {
    const { message } = await problem({ password: 's3cret-wrong' });
    expect(message).toMatch(/does not let us in: 535 no such login: …; look at username and password/);
  });

  test('a server without STARTTLS gets nothing, also no password', async () => {
    const plain = await startMailServer({});
    expect((await problem({}, plain.port)).message).toMatch(/does not offer STARTTLS/);
    expect(plain.mails).toHaveLength(0);
    await send(
      messageOf(firing()),
      { security: 'none', username: undefined, password: undefined },
      plain.port,
    );
    expect(plain.mails[0]?.isEncrypted).toBe(false);
    await plain.stop();
  });

  test('TLS from the first byte, told right and told wrong', async () => {
    const secure = await startMailServer({ certificates, auth, secure: true });
    await send(messageOf(firing()), { security: 'tls' }, secure.port);
    expect(secure.mails).toHaveLength(1);
    expect((await problem({ security: 'tls' })).message).toMatch(/does not speak TLS on this port/);
    await secure.stop();
  });

  test('a certificate that nobody knows', async () => {
    expect((await problem({ ca: undefined })).message).toMatch(
      /certificate that nobody known here has signed/,
    );
  });

  test('a recipient who is refused, a mail that is refused', async () => {
    server.refuse({ code: 550, says: 'no such user', at: 'rcpt' });
    expect((await problem()).message).toMatch(
      /refuses sender or recipients: .*no such user.*look at "from" and "to"/,
    );
    server.refuse({ code: 552, says: 'too large', at: 'data' });
    expect(await problem()).toMatchObject({
      message: expect.stringMatching(/refuses the message: 552 too large/),
      refusesMessage: true,
    });
    server.refuse({ code: 451, says: 'later', at: 'data' });
    expect((await problem()).refusesMessage).toBe(false);
    server.refuse(undefined);
  });

  test('one of two recipients refused: the other has it, so it is not sent again, and said', async () => {
    server.refuse({ code: 550, says: 'no such user', at: 'rcpt', only: 'duty@' });
    const { problem: said } = await send(messageOf(firing()));
    expect(said).toMatch(/took the message, but not for duty@example.org; look at "to"/);
    expect(last().to).toEqual(['admins@example.org']);
    server.refuse(undefined);
  });

  test('nobody there, no such host', async () => {
    expect((await problem({}, await freePort())).message).toMatch(
      /refuses the connection: nothing listens there/,
    );
    expect((await problem({ host: 'nowhere.invalid' })).message).toMatch(/cannot be (found|looked up)/);
  });

  test('one who takes the connection and says nothing is given up', async () => {
    const mute = createServer(() => {});
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const { port } = mute.address() as { port: number };
    const sending = channelTo(port).send(messageOf(firing()), AbortSignal.timeout(200));
    await expect(sending).rejects.toThrow(/did not take the message in time/);
    mute.close();
  });
});
