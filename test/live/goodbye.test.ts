import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { livePath, subprotocol } from '../../src/live/protocol.ts';
import { until } from '../base/until.ts';
import { LiveService } from './live-service.ts';
import { drawing } from './made-room.ts';
import { RawClient } from './raw-client.ts';

let service: LiveService;

beforeEach(async () => {
  service = await new LiveService({ clientsMax: 3 }).start();
  service.room.set('room', drawing(300));
});

afterEach(() => service.stop());

describe('a bad message', () => {
  const bad: [string, unknown, RegExp][] = [
    ['no JSON', 'hello', /not a JSON object; send \{"type":"subscribe"/],
    ['a list', [], /not a JSON object/],
    ['null', null, /not a JSON object/],
    ['depth', '['.repeat(100_000), /not a JSON object/],
    ['another type', { type: 'unsubscribe' }, /type "unsubscribe" is not known/],
    ['no type', {}, /type missing is not known/],
    ['no scopes', { type: 'subscribe' }, /scopes missing is not a list, such as/],
    ['scopes in a text', { type: 'subscribe', scopes: 'room' }, /scopes "room" is not a list/],
    ['a number as scope', { type: 'subscribe', scopes: [1] }, /scope 1 is not a text/],
    [
      'an unknown kind',
      { type: 'subscribe', scopes: ['plug:1'] },
      /scope "plug:1": \*, room, or feed\|breaker/,
    ],
    ['a kind without name', { type: 'subscribe', scopes: ['server:'] }, /scope "server:"/],
    [
      'a long scope',
      { type: 'subscribe', scopes: [`server:${'x'.repeat(300)}`] },
      /307 characters is too long; 256/,
    ],
    [
      'many scopes',
      { type: 'subscribe', scopes: Array(1001).fill('room') },
      /1001 scopes are too many; 1000 at most/,
    ],
    [
      'a short interval',
      { type: 'subscribe', scopes: [], intervalMs: 99 },
      /intervalMs 99 is not within 100…60000/,
    ],
    [
      'a long interval',
      { type: 'subscribe', scopes: [], intervalMs: 60_001 },
      /intervalMs 60001 is not within/,
    ],
    [
      'an interval in words',
      { type: 'subscribe', scopes: [], intervalMs: '1s' },
      /intervalMs "1s" is not within/,
    ],
    [
      'no interval but null',
      { type: 'subscribe', scopes: [], intervalMs: null },
      /intervalMs null is not within/,
    ],
    ['length', ' '.repeat(600_000), /a message of 600000 bytes is too long/],
    ['a wide script', { type: '电'.repeat(100) }, /^type "电+… is not known; it can only be "subscribe"$/],
  ];

  it.each(bad)(
    'with %s is answered with goodbye and a close reason that says what is wrong',
    async (_, message, reason) => {
      const reader = await service.connect();
      reader.send(message);
      expect(await reader.untilClosed()).toEqual({ code: 4000, reason: expect.stringMatching(reason) });
      expect(reader.messages).toEqual([{ type: 'goodbye', seq: 0, reason: 'bad-request' }]);
      expect(service.hub.status().closed['bad-request']).toBe(1);
    },
  );

  it('in binary is refused', async () => {
    const reader = await service.connect();
    reader.socket.send(Buffer.from('{"type":"subscribe","scopes":["*"]}'));
    expect(await reader.untilClosed()).toEqual({ code: 4000, reason: 'binary message; send JSON text' });
  });

  it('beyond all measure is cut off before it is read, with the code of RFC 6455', async () => {
    const reader = await service.connect();
    reader.send(' '.repeat(5_000_000));
    expect((await reader.untilClosed()).code).toBe(1009);
    await until(() => service.hub.status().clients === 0, 'the client to be gone');
  });

  it('after too many good ones in a short time ends it', async () => {
    const reader = await service.connect();
    for (let i = 0; i < 101; i++) reader.send({ type: 'subscribe', scopes: ['room'] });
    expect(await reader.untilClosed()).toEqual({ code: 4000, reason: 'more than 100 subscriptions in 15 s' });
    expect(reader.messages.filter(({ type }) => type === 'snapshot').length).toBe(100);
  });
});

describe('the heartbeat', () => {
  it('pings every 15 s and keeps whoever answers', async () => {
    const reader = await service.connect();
    let pings = 0;
    reader.socket.on('ping', () => {
      pings += 1;
    });
    for (let i = 0; i < 6; i++) {
      service.clock.advance(15_000);
      await reader.roundTrip();
    }
    expect(pings).toBe(6);
    expect(service.hub.status().clients).toBe(1);
  });

  it('closes whoever misses two pongs', async () => {
    const reader = await service.connect({ autoPong: false });
    service.clock.advance(44_999);
    await reader.roundTrip();
    expect(reader.closed).toBeUndefined();
    service.clock.advance(1);
    expect(await reader.untilClosed()).toEqual({ code: 4009, reason: '2 pings without a pong' });
    expect(reader.messages).toEqual([{ type: 'goodbye', seq: 0, reason: 'silent' }]);
  });

  it('cuts the connection of one that does not even close', async () => {
    const reader = await service.connect({ autoPong: false });
    reader.socket.pause();
    service.clock.advance(45_000);
    expect(service.hub.status().clients).toBe(1);
    service.clock.advance(1000);
    await until(() => service.hub.status().clients === 0, 'the connection to be cut');
  });
});

describe('one that leaves but does not let go of its connection', () => {
  it.each([
    ['after its own goodbye', Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8])],
    ['after a broken frame', Buffer.from([0xff, 0xff, 0xff, 0xff])],
  ])('%s is cut off soon', async (_, bytes) => {
    const client = await RawClient.connect(service.port);
    await until(() => service.hub.status().clients === 1, 'the client');
    // It neither reads nor closes any more.
    client.socket.pause();
    client.socket.write(bytes);
    await until(() => service.hub.status().clients === 0, 'the connection to be cut');
  });
});

describe('at the most clients', () => {
  it('one more is told so and closed, and there is room again when one leaves', async () => {
    const readers = [await service.connect(), await service.connect(), await service.connect()];
    const tooMany = await service.connect();
    expect(await tooMany.untilClosed()).toEqual({ code: 1013, reason: 'there are already 3 clients' });
    expect(tooMany.messages).toEqual([{ type: 'goodbye', seq: 0, reason: 'too-many-clients' }]);
    readers[0]!.socket.close();
    await until(() => service.hub.status().clients === 2, 'one to be gone');
    const after = await service.subscribed({});
    expect(after.last.type).toBe('snapshot');
  });
});

describe('stopping', () => {
  it('says goodbye to all and resolves when they have closed', async () => {
    const readers = [await service.subscribed({}), await service.connect()];
    await service.hub.stop();
    for (const reader of readers) {
      expect(await reader.untilClosed()).toEqual({ code: 1001, reason: 'the service is stopping' });
      expect(reader.last).toMatchObject({ type: 'goodbye', reason: 'shutdown' });
    }
    expect(service.hub.status()).toMatchObject({ clients: 0, channels: 0, closed: { shutdown: 2 } });
    expect(service.clock.pending).toBe(0);
  });

  it('waits a second at most for those who do not close', async () => {
    const reader = await service.connect();
    reader.socket.pause();
    const stopped = service.hub.stop();
    service.clock.advance(1000);
    await stopped;
    expect(service.hub.status().clients).toBe(0);
  });

  it('refuses newcomers', async () => {
    await service.hub.stop();
    expect(await refusal(service.url)).toMatchObject({
      status: 503,
      problem: { detail: 'The service is stopping.' },
    });
  });
});

describe('the handshake', () => {
  it('chooses our subprotocol among others', async () => {
    const reader = await service.connect({}, ['other', subprotocol]);
    expect(reader.socket.protocol).toBe(subprotocol);
  });

  it('takes clients that offer none', async () => {
    const reader = await service.connect({}, []);
    expect(reader.socket.protocol).toBe('');
    expect(await reader.subscribe({})).toMatchObject({ type: 'snapshot' });
  });

  it('refuses clients that speak only something else', async () => {
    expect(await refusal(service.url, ['mqtt', 'rackwatt.live.v2'])).toEqual({
      status: 400,
      problem: {
        type: 'about:blank',
        title: 'Bad Request',
        status: 400,
        detail: 'The only subprotocol spoken here is rackwatt.live.v1.',
      },
    });
  });

  it('refuses other addresses', async () => {
    expect(await refusal(service.url.replace(livePath, '/live'))).toMatchObject({
      status: 404,
      problem: { detail: `The live stream is at ${livePath}.` },
    });
  });

  it('answers what is not a WebSocket handshake with a client error', async () => {
    const statuses = [
      await upgradeStatus({ headers: { Connection: 'Upgrade', Upgrade: 'h2c' } }),
      await upgradeStatus({ headers: { Connection: 'Upgrade', Upgrade: 'websocket' } }),
      await upgradeStatus({ method: 'POST', headers: { Connection: 'Upgrade', Upgrade: 'websocket' } }),
    ];
    expect(statuses).toEqual([400, 400, 405]);
    expect(service.hub.status().clients).toBe(0);
  });
});

function upgradeStatus(options: {
  method?: string;
  headers: Record<string, string>;
}): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request({ port: service.port, path: livePath, ...options }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on('error', reject);
    sent.end();
  });
}

function refusal(
  url: string,
  protocols: string[] = [subprotocol],
): Promise<{ status: number | undefined; problem: unknown }> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, protocols);
    socket.on('open', () => reject(new Error('was not refused')));
    socket.on('error', reject);
    socket.on('unexpected-response', (_, response) => {
      expect(response.headers['content-type']).toBe('application/problem+json');
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode, problem: JSON.parse(text) }));
    });
  });
}
