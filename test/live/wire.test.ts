import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Frame } from '../../src/live/protocol.ts';
import { acceptableOffer, SharedMessage } from '../../src/live/wire.ts';
import { until } from '../base/until.ts';
import { LiveService } from './live-service.ts';
import { drawing } from './made-room.ts';
import { RawClient, readFrame, textOf } from './raw-client.ts';

describe('a shared message', () => {
  it('comes out whole and valid for any text, number and way of sending', () => {
    const anyRest = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 300 }),
      // Around the sizes at which the frame header and the compression change.
      fc.nat({ max: 200 }).map((n) => 'x'.repeat(n)),
      fc.nat({ max: 200 }).map((n) => 'ü'.repeat(450 + n)),
      fc.integer({ min: 65_400, max: 65_600 }).map((n) => 'y'.repeat(n)),
      fc
        .uint8Array({ minLength: 1000, maxLength: 90_000 })
        .map((bytes) => Buffer.from(bytes).toString('base64')),
    );
    fc.assert(
      fc.property(anyRest, fc.nat(), fc.boolean(), (text, seq, deflate) => {
        const message = new SharedMessage('frame', `,"text":${JSON.stringify(text)}}`);
        const line = new PassThrough({ highWaterMark: 1_000_000 });
        const bytes = message.write(line, seq, deflate);
        const written: Buffer = line.read();
        expect(written.length).toBe(bytes);
        const read = readFrame(written)!;
        expect(read.bytes).toBe(bytes);
        expect(JSON.parse(textOf(read.frame))).toEqual({ type: 'frame', seq, text });
        // RFC 7692 §7.2.1: the end of the sync flush is not sent.
        if (read.frame.compressed)
          expect(read.frame.payload.subarray(-4).toString('hex')).not.toBe('0000ffff');
      }),
    );
  });
});

describe('an offer of compression', () => {
  const plain = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';
  const small = `${plain}; client_max_window_bits=9`;
  it.each([
    ['permessage-deflate', plain],
    ['permessage-deflate; client_max_window_bits', small],
    ['permessage-deflate;client_max_window_bits=15;server_no_context_takeover', small],
    ['permessage-deflate; client_max_window_bits="12"', small],
    ['permessage-deflate; client_max_window_bits=8', plain],
    ['permessage-deflate; server_max_window_bits=15', plain],
    ['x-webkit-deflate-frame, permessage-deflate', plain],
    ['permessage-deflate; server_max_window_bits=10, permessage-deflate; client_no_context_takeover', plain],
    ['permessage-deflate; server_max_window_bits=10', undefined],
    ['permessage-deflate; something=1', undefined],
    ['permessage-deflate; client_max_window_bits=16', undefined],
    ['permessage-deflate; client_no_context_takeover; client_no_context_takeover', undefined],
    ['x-webkit-deflate-frame', undefined],
    [',,;=";', undefined],
    ['', undefined],
  ])('%j is answered with %j', (offer, answer) => {
    expect(acceptableOffer(offer)).toBe(answer);
  });
});

describe('compression', () => {
  let service: LiveService;

  beforeEach(async () => {
    service = await new LiveService().start();
    for (let i = 0; i < 300; i++) service.room.set(`server:hv-${i}`, drawing(100 + i));
  });

  afterEach(() => service.stop());

  it.each([
    ['as browsers offer it', { perMessageDeflate: true }, true],
    ['with its own history given up', { perMessageDeflate: { clientNoContextTakeover: true } }, true],
    ['with a small window of its own', { perMessageDeflate: { clientMaxWindowBits: 8 } }, true],
    [
      'with a small window of the server, which we cannot keep',
      { perMessageDeflate: { serverMaxWindowBits: 9 } },
      false,
    ],
    ['not at all', { perMessageDeflate: false }, false],
  ])('offered %s leaves a stock client with the right figures', async (_, options, compressed) => {
    const reader = await service.connect(options);
    expect(reader.socket.extensions).toBe(compressed ? 'permessage-deflate' : '');
    // A subscription long enough for the client to compress it.
    const names = Array.from({ length: 300 }, (_, i) => `server:hv-${i}`);
    await reader.subscribe({ scopes: names });
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 300; i++) service.room.set(`server:hv-${i}`, drawing(round * 1000 + i / 7));
      service.clock.advance(1000);
      await reader.next();
      expect(reader.figures['server:hv-299']!.watts).toBeCloseTo(round * 1000 + 299 / 7, 3);
      expect(Object.keys(reader.figures).length).toBe(300);
    }
    const textBytes = reader.texts.reduce((sum, text) => sum + text.length, 0);
    const { bytesRead } = reader.connection!;
    if (compressed) expect(bytesRead).toBeLessThan(textBytes / 3);
    else expect(bytesRead).toBeGreaterThan(textBytes);
  });

  it('is declined, not failed, when the offer cannot be kept', async () => {
    const client = await RawClient.connect(service.port, 'permessage-deflate; server_max_window_bits=8');
    expect(client.handshake).toMatch(/^HTTP\/1.1 101 /);
    expect(client.handshake).not.toMatch(/extensions/i);
    client.socket.destroy();
  });

  it('is done once: two hundred clients get the very same bytes after their own number', async () => {
    const chromium = 'permessage-deflate; client_max_window_bits';
    const clients = await Promise.all(
      Array.from({ length: 200 }, () => RawClient.connect(service.port, chromium)),
    );
    expect(clients[0]!.handshake).toMatch(
      /Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover/,
    );
    // Some have been told more than others, so that their numbers differ in length.
    for (const [i, client] of clients.entries()) {
      for (let n = 0; n < i % 12; n++) client.send({ type: 'subscribe', scopes: ['room'] });
      client.send({ type: 'subscribe', scopes: ['server:*'] });
    }
    await until(() => clients.every((client, i) => client.frames.length === (i % 12) + 1), 'the snapshots');
    for (let i = 0; i < 300; i++) service.room.set(`server:hv-${i}`, drawing(i * 1.1));
    const before = service.hub.status();
    service.clock.advance(1000);
    await until(() => clients.every((client, i) => client.frames.length === (i % 12) + 2), 'the frames');
    const after = service.hub.status();
    expect(after.frames - before.frames).toBe(1);
    expect(after.messages - before.messages).toBe(200);
    const shared = clients.map((client, i) => {
      const { payload, compressed } = client.frames.at(-1)!;
      expect(compressed).toBe(true);
      const beginning = `{"type":"frame","seq":${(i % 12) + 1}`;
      expect(payload.subarray(5, 5 + beginning.length).toString()).toBe(beginning);
      return payload.subarray(5 + beginning.length);
    });
    expect(shared.every((bytes) => bytes.equals(shared[0]!))).toBe(true);
    for (const client of clients) {
      const { figures } = client.messages().at(-1) as Frame;
      expect(figures['server:hv-299']).toEqual({ watts: 328.9 });
    }
    for (const client of clients) client.socket.destroy();
  });
});
