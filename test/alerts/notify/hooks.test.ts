import { createHmac } from 'node:crypto';
import { createServer } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DeliveryError, type Message } from '../../../src/alerts/notify/channel.ts';
import { type Hook, type HookFormat, makeHookChannel } from '../../../src/alerts/notify/hook-channel.ts';
import { discordHook } from '../../../src/alerts/notify/hooks/discord.ts';
import { gotifyHook } from '../../../src/alerts/notify/hooks/gotify.ts';
import { ntfyHook } from '../../../src/alerts/notify/hooks/ntfy.ts';
import { ownHook } from '../../../src/alerts/notify/hooks/own.ts';
import { slackHook } from '../../../src/alerts/notify/hooks/slack.ts';
import { teamsHook } from '../../../src/alerts/notify/hooks/teams.ts';
import { freePort } from '../../servers/free-port.ts';
import { type HookServer, startHookServer } from '../../servers/hook-server.ts';
import { anyText, firing, madeAlert, many, messageOf, place, resolved } from './made-alerts.ts';

const formats = [ownHook, slackHook, teamsHook, discordHook, ntfyHook, gotifyHook];

let server: HookServer;
beforeAll(async () => {
  server = await startHookServer();
});
afterAll(() => server.stop());
beforeEach(() => server.answer((response) => void response.writeHead(204).end()));

const send = (
  message: Message,
  about: { format?: HookFormat; hook?: Partial<Hook>; signal?: AbortSignal } = {},
) => {
  const hook = {
    url: `${server.url}/hook/s3cret-path-token`,
    topic: 'room',
    token: 's3cret-token',
    ...about.hook,
  };
  const channel = makeHookChannel(about.format ?? ownHook, hook, place);
  return channel.send(message, about.signal ?? AbortSignal.timeout(20_000));
};
const last = () => server.taken.at(-1)!;
/** Why it was not taken. */
const problem = async (about: Parameters<typeof send>[1] = {}): Promise<DeliveryError> => {
  try {
    await send(messageOf(firing()), about);
  } catch (error) {
    expect(error).toBeInstanceOf(DeliveryError);
    return error as DeliveryError;
  }
  throw new Error('it was taken');
};

describe('each kind of service gets what it documents', () => {
  test('our own JSON, signed, with a key that tells a second copy', async () => {
    await send(messageOf(firing()), { hook: { secret: 'signing' } });
    const { method, path, headers, text, body } = last();
    expect([method, path]).toEqual(['POST', '/hook/s3cret-path-token']);
    expect(body).toMatchObject({
      version: 1,
      kind: 'alert',
      room: 'Server room 1',
      headline: 'Redundancy lost: server:hv-01',
      counts: { firing: 1, resolved: 0 },
      left: 0,
      notices: [{ kind: 'firing', passed: false, alert: madeAlert() }],
    });
    expect(headers['content-type']).toBe('application/json');
    expect(headers.authorization).toBe('Bearer s3cret-token');
    expect(headers['x-rackwatt-signature']).toBe(
      `sha256=${createHmac('sha256', 'signing').update(text).digest('hex')}`,
    );
    await send({ ...messageOf(firing()), atMs: 1 });
    expect(last().headers['idempotency-key']).toBe(headers['idempotency-key']);
    await send(messageOf(resolved()));
    expect(last().headers['idempotency-key']).not.toBe(headers['idempotency-key']);
    expect(last().body).toMatchObject({ notices: [{ kind: 'resolved', news: 'resolved after 12 min' }] });
  });

  test('Slack: blocks of plain text', async () => {
    await send(messageOf(...many(2), resolved()), { format: slackHook });
    const { blocks, text } = last().body as {
      blocks: { type: string; text?: { type: string; text: string } }[];
      text: string;
    };
    expect(text).toBe('🟠 3 alerts: 2 firing, 1 resolved (Server room 1)');
    expect(blocks.map(({ type }) => type)).toEqual([
      'header',
      'section',
      'section',
      'section',
      'context',
      'actions',
    ]);
    expect(blocks[3]?.text?.text).toMatch(/^RESOLVED Redundancy lost: server:hv-01\n/);
  });

  test('Teams: an Adaptive Card', async () => {
    await send(messageOf(firing()), { format: teamsHook });
    const card = (
      last().body as { type: string; attachments: { contentType: string; content: { type: string } }[] }
    ).attachments[0];
    expect(card?.contentType).toBe('application/vnd.microsoft.card.adaptive');
    expect(card?.content.type).toBe('AdaptiveCard');
    expect(JSON.stringify(card)).toMatch(/hv-01 draws all of its 310 W/);
  });

  test('Discord: an embed, and nobody is pinged', async () => {
    await send(messageOf(firing()), { format: discordHook });
    expect(last().body).toMatchObject({ allowed_mentions: { parse: [] }, embeds: [{ color: 0xd32f2f }] });
  });

  test('ntfy: posted to the root, the graver the louder', async () => {
    await send(messageOf(firing()), { format: ntfyHook });
    expect(last().body).toMatchObject({
      topic: 'room',
      priority: 5,
      click: 'http://127.0.0.1:8080/#/alerts',
    });
    await send(messageOf(firing({ severity: 'info' })), { format: ntfyHook });
    expect(last().body).toMatchObject({ priority: 3 });
  });

  test('Gotify: /message, below whatever path it is served at', async () => {
    await send(messageOf(firing()), { format: gotifyHook, hook: { url: `${server.url}/gotify` } });
    expect(last().path).toBe('/gotify/message');
    expect(last().body).toMatchObject({ priority: 8, title: expect.stringMatching(/Redundancy lost/) });
  });

  test.each(formats)('$kind: a test message says that it is one', async (format) => {
    await send(messageOf(), { format });
    expect(last().text).toMatch(/Test message/);
    expect(last().text).toMatch(/This is a test from rackwatt/);
  });

  test('a login in the address goes into the header it belongs to', async () => {
    const url = server.url.replace('//', '//me:pass%40word@');
    await send(messageOf(firing()), { hook: { url, token: undefined } });
    expect(last().headers.authorization).toBe(`Basic ${Buffer.from('me:pass@word').toString('base64')}`);
  });
});

describe('whatever a name holds', () => {
  const wild = anyText(40).map(
    (text) => `<!channel> @everyone **x** [a](http://evil) "'\n\r\t# + / </script> & ${text}`,
  );

  test('every body is JSON within the bounds of its service, and Slack and Teams read nothing as markup', () => {
    fc.assert(
      fc.property(wild, wild, fc.integer({ min: 1, max: 60 }), (scope, text, count) => {
        const message = messageOf(...many(count, { scope, text, touched: [scope], touchedCount: 1 }));
        for (const format of formats) {
          const cut = { ...message, told: message.told.slice(0, format.toldMax) };
          const body = JSON.stringify(format.body(cut, { ...place, room: scope }, { url: '', topic: 't' }));
          expect(() => JSON.parse(body)).not.toThrow();
          if (format !== ownHook) expect(Buffer.byteLength(body), format.kind).toBeLessThan(28_000);
        }
        const slack = JSON.stringify(slackHook.body(message, place, { url: '' }));
        expect(slack).not.toMatch(/mrkdwn/);
        const { text: fallback } = slackHook.body(messageOf(firing({ scope })), place, { url: '' }) as {
          text: string;
        };
        expect(fallback).not.toMatch(/[<>]/);
        expect(JSON.stringify(teamsHook.body(message, place, { url: '' }))).not.toMatch(
          /"TextBlock"|"FactSet"/,
        );
      }),
      { numRuns: 15 },
    );
  });

  test('Discord shows it as it is: every sign that means something is escaped', () => {
    const { embeds } = discordHook.body(
      messageOf(firing({ text: '**a** _b_ `c` [d](http://e) <@1> ~~f~~ > g' })),
      place,
      {
        url: '',
      },
    ) as { embeds: { description: string }[] };
    expect(embeds[0]?.description).not.toMatch(/(^|[^\\])[*_`[\]~<>]/);
  });
});

describe('what the other side says', () => {
  test.each([
    [401, /does not let us in; look at token/],
    [404, /has nothing at this address/],
    [429, /asks for fewer messages/],
    [500, /is not able to take messages/],
    [418, /refused the message \(418\)/],
  ])('%i becomes a sentence', async (status, words) => {
    server.answer((response) => void response.writeHead(status).end('because so'));
    const { message } = await problem();
    expect(message).toMatch(words);
    expect(message).toMatch(/because so/);
  });

  test('is a refusal of this message, or a matter of patience', async () => {
    server.answer((response) => void response.writeHead(413).end());
    expect((await problem()).refusesMessage).toBe(true);
    server.answer((response) => void response.writeHead(503, { 'Retry-After': '120' }).end());
    expect(await problem()).toMatchObject({ refusesMessage: false, waitMs: 120_000 });
  });

  test('is shown on one line, bounded, and without our secrets', async () => {
    server.answer((response, { headers, path }) => {
      response.writeHead(400);
      response.end(`bad ${headers.authorization} for ${path}\n\x1b[31m${'x'.repeat(100_000)}`);
    });
    const { message } = await problem();
    expect(message).not.toMatch(/s3cret|\p{Cc}/u);
    expect(message).toMatch(/bad Bearer … for/);
    expect(message.length).toBeLessThan(400);
  });

  test('a redirect is not followed', async () => {
    const before = server.taken.length;
    server.answer(
      (response) => void response.writeHead(302, { Location: `${server.url}/s3cret-elsewhere` }).end(),
    );
    expect((await problem()).message).toMatch(/redirects to http:\/\/127.0.0.1:\d+ \(302\)/);
    expect(server.taken.length).toBe(before + 1);
  });

  test('a page for people is no answer of a service, but may be one of a webhook', async () => {
    server.answer(
      (response) => void response.writeHead(200, { 'Content-Type': 'text/html' }).end('<p>log in'),
    );
    expect((await problem({ format: slackHook })).message).toMatch(/answered with a page/);
    await send(messageOf(firing()));
  });

  test('an answer without an end does not hold anybody up', async () => {
    server.answer((response) => {
      response.writeHead(200);
      response.write('…');
    });
    await send(messageOf(firing()));
  });
});

describe('nobody is there', () => {
  test('a closed port', async () => {
    const port = await freePort();
    const { message } = await problem({ hook: { url: `http://127.0.0.1:${port}/s3cret-path-token` } });
    expect(message).toBe(`http://127.0.0.1:${port} refuses the connection: nothing listens there`);
  });

  test('no such host', async () => {
    const { message } = await problem({ hook: { url: 'http://nowhere.invalid/s3cret-path-token' } });
    expect(message).toMatch(/^http:\/\/nowhere.invalid cannot be (found|looked up)/);
    expect(message).not.toMatch(/s3cret/);
  });

  test('somebody who takes and never answers is given up', async () => {
    server.answer(() => {});
    const { message } = await problem({ signal: AbortSignal.timeout(200) });
    expect(message).toMatch(/did not answer/);
  });

  test('somebody who does not speak HTTP', async () => {
    const other = createServer((socket) => void socket.end('220 mail.example.org ESMTP\r\n'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    expect((await problem({ hook: { url: `http://127.0.0.1:${port}/` } })).message).toMatch(/not HTTP/);
    expect((await problem({ hook: { url: `https://127.0.0.1:${port}/` } })).message).toMatch(/127.0.0.1/);
    other.close();
  });
});
