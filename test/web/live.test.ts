import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ClientMessage, Frame, LiveEvent, Snapshot } from '../../src/live/protocol.ts';
import {
  type LinkSocket,
  type LinkState,
  LiveLink,
  parseServerMessage,
  retryMs,
  retryMsMax,
} from '../../src/web/live.ts';
import { HandClock } from './hand-clock.ts';

/** A socket a test plays the server's side of. */
class HandSocket implements LinkSocket {
  onopen: LinkSocket['onopen'] = null;
  onmessage: LinkSocket['onmessage'] = null;
  onclose: LinkSocket['onclose'] = null;
  readonly sent: ClientMessage[] = [];
  closed = false;

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.closed = true;
  }

  accept(): void {
    this.onopen?.({} as never);
  }

  say(message: object | string): void {
    const data = typeof message === 'string' ? message : JSON.stringify(message);
    this.onmessage?.({ data } as never);
  }

  end(): void {
    this.onclose?.({} as never);
  }
}

let clock: HandClock;
let sockets: HandSocket[];
let snapshots: Snapshot[];
let frames: Frame[];
let events: LiveEvent[];
let states: LinkState[];
let link: LiveLink;

beforeEach(() => {
  clock = new HandClock();
  sockets = [];
  snapshots = [];
  frames = [];
  events = [];
  states = [];
  link = new LiveLink({
    openSocket: () => {
      const socket = new HandSocket();
      sockets.push(socket);
      return socket;
    },
    clock,
    scopes: ['room', 'server:*'],
    intervalMs: 1_000,
    random: () => 1,
    listener: {
      snapshot: (message) => snapshots.push(message),
      frame: (message) => frames.push(message),
      event: (message) => events.push(message),
      state: (state) => states.push(state),
    },
  });
});

const snapshot = (seq: number) => ({ type: 'snapshot', seq, atMs: 1, figures: {} });
const frame = (seq: number) => ({ type: 'frame', seq, atMs: 1, figures: {} });
const present = () => sockets.at(-1)!;
const phase = () => states.at(-1)?.phase;

function goLive(): void {
  link.start();
  present().accept();
  present().say(snapshot(0));
}

describe('a link', () => {
  it('subscribes when the socket opens, and is live with the first snapshot', () => {
    link.start();
    expect(phase()).toBe('connecting');
    present().accept();
    expect(present().sent).toEqual([{ type: 'subscribe', scopes: ['room', 'server:*'], intervalMs: 1_000 }]);
    expect(phase()).toBe('connecting');
    present().say(snapshot(0));
    expect([snapshots.length, phase()]).toEqual([1, 'live']);
  });

  it('hands on frames and events in their order', () => {
    goLive();
    present().say(frame(1));
    present().say({ type: 'event', seq: 2, event: { kind: 'device' } });
    present().say(frame(3));
    expect([frames.map(({ seq }) => seq), events.length]).toEqual([[1, 3], 1]);
  });

  it('takes nothing for news before there is a snapshot', () => {
    link.start();
    present().accept();
    present().say(frame(0));
    expect(frames).toEqual([]);
  });

  it('asks for a snapshot when a number is missing, and drops frames until it comes', () => {
    goLive();
    present().say(frame(1));
    present().say(frame(3));
    present().say(frame(4));
    expect(present().sent).toHaveLength(2);
    expect(frames.map(({ seq }) => seq)).toEqual([1]);
    present().say(snapshot(5));
    present().say(frame(6));
    expect([snapshots.length, link.gaps]).toEqual([2, 1]);
    expect(frames.map(({ seq }) => seq)).toEqual([1, 6]);
    expect(phase()).toBe('live');
  });

  it('takes a number that went back for a gap too', () => {
    goLive();
    present().say(frame(1));
    present().say(frame(1));
    expect([present().sent.length, frames.length]).toEqual([2, 1]);
  });

  it('needs no other snapshot when the one after a gap is a snapshot', () => {
    goLive();
    present().say(snapshot(7));
    expect([present().sent.length, snapshots.length]).toEqual([1, 2]);
  });

  it('gives up a server that does not answer the question for a snapshot', () => {
    goLive();
    present().say(frame(5));
    for (let seq = 6; seq < 20; seq += 1) {
      clock.pass(1_000);
      present().say(frame(seq));
    }
    expect(states.map((state) => state.phase)).toContain('lost');
    expect(sockets[0]!.closed).toBe(true);
  });

  it('asks for other scopes on the same connection', () => {
    goLive();
    link.subscribe(['room', 'outlet:pdu-a/7']);
    expect(present().sent.at(-1)?.scopes).toEqual(['room', 'outlet:pdu-a/7']);
    present().say(frame(1));
    expect(frames).toHaveLength(1);
    present().end();
    clock.pass(500);
    present().accept();
    expect(present().sent[0]?.scopes).toEqual(['room', 'outlet:pdu-a/7']);
  });
});

describe('a lost link', () => {
  it('comes back half a second later', () => {
    goLive();
    present().end();
    expect(states.at(-1)).toEqual({ phase: 'lost', reason: 'closed', attempts: 1 });
    clock.pass(499);
    expect(sockets).toHaveLength(1);
    clock.pass(1);
    expect(sockets).toHaveLength(2);
    present().accept();
    present().say(snapshot(0));
    expect(phase()).toBe('live');
  });

  it('waits longer each time, up to fifteen seconds, and soon again after it was live', () => {
    goLive();
    const waitsMs: number[] = [];
    for (let i = 0; i < 7; i += 1) {
      const from = clock.nowMs();
      const before = sockets.length;
      present().end();
      while (sockets.length === before) clock.pass(100);
      waitsMs.push(clock.nowMs() - from);
    }
    expect(waitsMs).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
    present().accept();
    present().say(snapshot(0));
    present().end();
    const before = sockets.length;
    clock.pass(500);
    expect(sockets).toHaveLength(before + 1);
  });

  it('is noticed after twice the longest silence, though the socket says nothing', () => {
    goLive();
    clock.pass(10_000);
    expect(phase()).toBe('live');
    clock.pass(1_000);
    expect(states.at(-1)).toMatchObject({ phase: 'lost', reason: 'no-answer' });
    expect(sockets[0]!.closed).toBe(true);
  });

  it('is not taken for one while empty frames come', () => {
    goLive();
    for (let seq = 1; seq < 20; seq += 1) {
      clock.pass(5_000);
      present().say(frame(seq));
    }
    expect([phase(), sockets.length]).toEqual(['live', 1]);
  });

  it('is noticed when the server never takes the connection', () => {
    link.start();
    clock.pass(11_000);
    expect(phase()).toBe('lost');
    clock.pass(500);
    expect(sockets.length).toBe(2);
  });

  it('is looked for at once when the tab comes back from sleep', () => {
    goLive();
    clock.sleep(60_000);
    link.wake();
    expect(states.at(-1)).toMatchObject({ phase: 'lost', reason: 'no-answer' });
    link.wake();
    expect(sockets).toHaveLength(2);
    present().accept();
    present().say(snapshot(0));
    link.wake();
    expect([phase(), sockets.length]).toEqual(['live', 2]);
  });

  it('hears nothing more from the socket it gave up', () => {
    goLive();
    const old = present();
    const speak = old.onmessage!;
    clock.pass(11_000);
    speak({ data: JSON.stringify(frame(1)) } as never);
    expect(frames).toEqual([]);
  });

  it('says why the server sent it away, and does not knock again soon where that cannot help', () => {
    goLive();
    present().say({ type: 'goodbye', seq: 1, reason: 'not-allowed' });
    present().end();
    expect(states.at(-1)).toMatchObject({ phase: 'lost', reason: 'not-allowed' });
    clock.pass(14_999);
    expect(sockets).toHaveLength(1);
    clock.pass(1);
    expect(sockets).toHaveLength(2);
  });

  it('survives a clock that is set back', () => {
    goLive();
    clock.sleep(-3_600_000);
    clock.pass(3_000);
    expect(phase()).toBe('live');
    clock.pass(3_612_000);
    expect(states.map((state) => state.phase)).toContain('lost');
  });

  it('stays away once stopped', () => {
    goLive();
    link.stop();
    clock.pass(100_000);
    expect([sockets.length, sockets[0]!.closed]).toEqual([1, true]);
  });
});

describe('messages', () => {
  it.each([
    '',
    'hello',
    '[]',
    'null',
    '{"type":"frame"}',
    '{"seq":1.5,"type":"frame","figures":{},"atMs":1}',
  ])('%j is none, and ends the connection', (text) => {
    goLive();
    present().say(text);
    expect(states.at(-1)).toMatchObject({ phase: 'lost', reason: 'garbled' });
  });

  it('of a kind this page does not know are counted and left alone', () => {
    goLive();
    present().say({ type: 'weather', seq: 1 });
    present().say(frame(2));
    expect([frames.length, link.gaps, phase()]).toEqual([1, 0, 'live']);
  });

  it('may be anything at all without a throw', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.constant(undefined), fc.uint8Array()), (data) => {
        const message = parseServerMessage(data);
        if (message) expect(Number.isSafeInteger(message.seq)).toBe(true);
      }),
    );
  });

  it('of any numbers leave the link either in order or waiting for a snapshot', () => {
    const message = fc.record({ type: fc.constantFrom('snapshot', 'frame'), skip: fc.nat({ max: 2 }) });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 40 }), (messages) => {
        const taken: number[] = [];
        const socket = new HandSocket();
        const each = new LiveLink({
          openSocket: () => socket,
          clock: new HandClock(),
          scopes: [],
          intervalMs: 1_000,
          listener: {
            snapshot: ({ seq }) => taken.push(seq),
            frame: ({ seq }) => {
              // A frame is only good right after what was taken before it.
              expect(seq).toBe(taken.at(-1)! + 1);
              taken.push(seq);
            },
            event: () => {},
            state: () => {},
          },
        });
        each.start();
        socket.accept();
        let seq = 0;
        for (const { type, skip } of messages) {
          seq += skip;
          socket.say({ type, seq, atMs: 1, figures: {} });
          seq += 1;
        }
      }),
    );
  });
});

it('waits of many pages are spread, never above the longest', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (attempts, random) => {
        const waitMs = retryMs(attempts, 'closed', () => random);
        expect(waitMs).toBeGreaterThanOrEqual(400);
        expect(waitMs).toBeLessThanOrEqual(retryMsMax);
      },
    ),
  );
});
