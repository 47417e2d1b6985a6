import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ServerMessage } from '../../src/live/protocol.ts';
import { until } from '../base/until.ts';
import { applyFrame, LiveService } from './live-service.ts';
import { drawing } from './made-room.ts';
import { RawClient } from './raw-client.ts';

/** Few, with long names: big frames that are cheap to make. */
const names = Array.from({ length: 1500 }, (_, i) => `server:${'a long name '.repeat(20)}${i}`);
const intervalMs = 100;
let service: LiveService;
let slow: RawClient;

beforeEach(async () => {
  service = await new LiveService().start();
  changeAll(0);
  slow = await RawClient.connect(service.port);
  slow.send({ type: 'subscribe', scopes: ['*'], intervalMs });
  await until(() => slow.frames.length === 1, 'the snapshot');
});

afterEach(async () => {
  slow.socket.destroy();
  await service.stop();
});

describe('a reader that stops reading', () => {
  it('costs a bounded queue, delays nobody, and gets one merged frame with the latest values when it goes on', async () => {
    const fast = await service.subscribed({ intervalMs }, { perMessageDeflate: false });
    const { rounds } = await stopReading();
    const queued = waitingBytes();
    for (let i = 1; i <= 5; i++) {
      changeAll(rounds + i);
      service.room.set('server:late', drawing(i));
      service.clock.advance(intervalMs);
      await fast.next();
    }
    expect(waitingBytes()).toBe(queued);
    expect(fast.frames().length).toBe(rounds + 5);
    expect(fast.figures).toEqual(service.room.figures());

    slow.socket.resume();
    await until(() => service.hub.status().merged === 1, 'the merged frame');
    expect(service.hub.status().lagging).toBe(0);
    await until(() => lastSlow().atMs === service.clock.nowMs(), 'the merged frame to arrive');
    // It missed the frame that found it too slow and the five after; in their place came one.
    expect(slow.messages().length).toBe(1 + rounds - 1 + 1);
    expect(slow.messages().map(({ seq }) => seq)).toEqual(slow.messages().map((_, i) => i));
    expect(figuresOfSlow()).toEqual(service.room.figures());

    changeAll(-1);
    service.clock.advance(intervalMs);
    await until(() => lastSlow().atMs === service.clock.nowMs(), 'an ordinary frame');
    expect(figuresOfSlow()).toEqual(service.room.figures());
    expect(service.hub.status().merged).toBe(1);
  });

  it('gets the events it missed, the oldest of too many left out', async () => {
    await stopReading();
    for (let i = 0; i < 130; i++) {
      service.hub.event({ kind: 'device', scope: 'device:a', atMs: i, change: 'back' });
    }
    expect(service.hub.status().eventsDropped).toBe(30);
    slow.socket.resume();
    await until(() => slow.messages().filter(({ type }) => type === 'event').length === 100, 'the events');
    const events = slow.messages().filter((message) => message.type === 'event');
    expect(events.map(({ event }) => event.atMs)).toEqual(Array.from({ length: 100 }, (_, i) => 30 + i));
    expect(slow.messages().map(({ seq }) => seq)).toEqual(slow.messages().map((_, i) => i));
  });

  it('that subscribes anew gets the new snapshot once it goes on, and nothing of the old', async () => {
    await service.subscribed({ intervalMs });
    await stopReading();
    slow.send({ type: 'subscribe', scopes: ['server:late'], intervalMs });
    await until(() => service.hub.status().channels === 2, 'the subscription');
    service.room.set('server:late', drawing(1));
    service.clock.advance(intervalMs);
    service.room.set('server:late', drawing(2));
    slow.socket.resume();
    await until(() => slow.messages().filter(({ type }) => type === 'snapshot').length === 2, 'the snapshot');
    expect(figuresOfSlow()).toEqual(service.room.figures((scope) => scope === 'server:late'));
  });

  it('for half a minute is sent away', async () => {
    const { lagSinceMs } = await stopReading();
    service.clock.advance(29_999 - (service.clock.nowMs() - lagSinceMs));
    expect(service.hub.status()).toMatchObject({ lagging: 1, clients: 1 });
    service.clock.advance(1);
    expect(service.hub.status()).toMatchObject({ closed: { 'too-slow': 1 }, channels: 0 });
    service.clock.advance(1000);
    await until(() => service.hub.status().clients === 0, 'the connection to be cut');
    slow.socket.resume();
    await until(() => slow.ended, 'the end');
  });

  it('for half a minute, and then reads on, finds the goodbye at the end of what was queued', async () => {
    await stopReading();
    service.clock.advance(30_000);
    slow.socket.resume();
    await until(() => slow.frames.at(-1)!.opcode === 8, 'the close');
    expect(lastSlow()).toMatchObject({ type: 'goodbye', reason: 'too-slow' });
    expect(slow.frames.at(-1)!.payload.readUInt16BE(0)).toBe(4008);
  });
});

function lastSlow(): ServerMessage & { atMs?: number } {
  return slow.messages().at(-1)!;
}

function figuresOfSlow(): Record<string, Record<string, unknown>> {
  let figures: Record<string, Record<string, unknown>> = {};
  for (const message of slow.messages()) {
    if (message.type === 'snapshot') figures = { ...message.figures } as unknown as typeof figures;
    if (message.type === 'frame') applyFrame(figures, message.figures);
  }
  return figures;
}

/** In the server's socket of the slow reader. */
function waitingBytes(): number {
  return Math.max(...[...service.sockets].map((socket) => socket.writableLength));
}

function changeAll(round: number): void {
  for (const [i, name] of names.entries()) service.room.set(name, drawing(round * 10_000 + i));
}

/** Until more waits in its socket than may. The clock goes on by an interval for each round. */
async function stopReading(): Promise<{ rounds: number; lagSinceMs: number }> {
  slow.socket.pause();
  for (let rounds = 1; rounds < 500; rounds++) {
    changeAll(rounds);
    service.clock.advance(intervalMs);
    await new Promise((resolve) => setImmediate(resolve));
    if (service.hub.status().lagging === 1) return { rounds, lagSinceMs: service.clock.nowMs() };
  }
  throw new Error('never too slow');
}
