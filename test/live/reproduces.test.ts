import { Writable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Channel, type Frame, type Subscriber } from '../../src/live/channel.ts';
import { Lag } from '../../src/live/lag.ts';
import { noCounts } from '../../src/live/live-counts.ts';
import type { ServerMessage } from '../../src/live/protocol.ts';
import { ScopeKeys } from '../../src/live/watched-figures.ts';
import type { SharedMessage } from '../../src/live/wire.ts';
import type { Figure } from '../../src/model/figure.ts';
import { scopeMatches } from '../../src/model/scope.ts';
import { HandClock } from '../base/hand-clock.ts';
import { applyFrame, LiveService } from './live-service.ts';
import { MadeRoom } from './made-room.ts';
import { readFrame, textOf } from './raw-client.ts';

const names = ['room', 'feed:A', 'server:a', 'server:b', 'server:*x', 'outlet:d/1', 'outlet:d/2'];
const patterns = ['*', 'room', 'server:*', 'server:a', 'outlet:*', 'outlet:d/2', 'rack:r1'];

/** Values as the stream sends them, so that they compare exactly. */
const quantity = fc.integer({ min: -20_000, max: 20_000 }).map((n) => n / 100);
const figure: fc.Arbitrary<Partial<Figure>> = fc.record(
  {
    watts: quantity,
    amps: quantity,
    volts: quantity,
    todayWattHours: quantity,
    state: fc.constantFrom('off', 'standby', 'starting', 'idle', 'active', 'unknown'),
    basis: fc.constantFrom('measured', 'partial', 'estimated', 'unknown'),
    stale: fc.boolean(),
    atMs: fc.nat(),
  },
  { requiredKeys: [] },
);
const change = fc.record({ do: fc.constant('change' as const), scope: fc.constantFrom(...names), figure });
const quantityChange = fc.record({
  do: fc.constant('quantity' as const),
  scope: fc.constantFrom(...names),
  key: fc.constantFrom('watts', 'amps', 'hertz', 'idleWatts'),
  value: fc.option(quantity, { nil: undefined }),
});

describe('a snapshot and the frames after it', () => {
  it('give the room again for any sequence of changes, newcomers, pauses and catchings up', () => {
    const step = fc.oneof(
      { weight: 2, arbitrary: change },
      { weight: 4, arbitrary: quantityChange },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('tick' as const) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('join' as const) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), who: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('pause' as const), who: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('goOn' as const), who: fc.nat() }) },
    );
    const watched = fc.uniqueArray(fc.constantFrom(...patterns), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(watched, fc.array(step, { maxLength: 80, size: 'max' }), (wanted, steps) => {
        const stage = new Stage(wanted);
        for (const action of steps) {
          if (action.do === 'change') stage.room.set(action.scope, action.figure);
          else if (action.do === 'quantity') stage.room.change(action.scope, { [action.key]: action.value });
          else if (action.do === 'tick') stage.clock.advance(1000);
          else if (action.do === 'join') stage.join();
          else if (action.do === 'leave') stage.leave(action.who);
          else if (action.do === 'pause') stage.some(action.who).pause();
          else stage.some(action.who).goOn();
        }
        for (const reader of stage.readers) reader.goOn();
        stage.clock.advance(1000);
        const expected = stage.room.figures((scope) =>
          wanted.some((pattern) => scopeMatches(pattern, scope)),
        );
        for (const reader of stage.readers) expect(reader.figures).toEqual(expected);
      }),
      { numRuns: 400 },
    );
  });

  it('fit when newcomers to a big room share a snapshot, before and after a frame', () => {
    const stage = new Stage(['*']);
    for (let i = 0; i < 3000; i++) stage.room.set(`server:${i}`, { watts: i });
    stage.clock.advance(960);
    const shared = stage.join();
    stage.room.set('server:1', { watts: -1 });
    stage.clock.advance(30);
    expect(stage.join()).toBe(shared);
    stage.clock.advance(10);
    stage.room.set('server:2', { watts: -2 });
    expect(stage.join()).not.toBe(shared);
    stage.clock.advance(1000);
    for (const reader of stage.readers) expect(reader.figures).toEqual(stage.room.figures());
  });

  it('never step back for one who subscribes again while a frame is still going out', () => {
    const stage = new Stage(['*']);
    stage.room.set('room', { watts: 1 });
    for (let i = 0; i < 600; i++) stage.join();
    const [first, last] = [stage.readers[0]!, stage.readers.at(-1)!];
    first.whenTold = () => {
      first.whenTold = () => {};
      stage.room.set('room', { watts: 3 });
      stage.channel.join(last);
      last.take(stage.channel.snapshot());
    };
    stage.room.set('room', { watts: 2 });
    stage.clock.advance(1000);
    expect(stage.readers[300]!.figures.room).toMatchObject({ watts: 2 });
    expect(last.figures.room).toMatchObject({ watts: 3 });
    stage.clock.advance(1000);
    for (const reader of stage.readers) expect(reader.figures.room).toMatchObject({ watts: 3 });
  });

  it('do so over the line too, with subscriptions changing on the way', async () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.array(change, { minLength: 1, maxLength: 4 }) },
      {
        weight: 1,
        arbitrary: fc.record({
          do: fc.constant('subscribe' as const),
          who: fc.nat(1),
          pattern: fc.constantFrom(...patterns),
        }),
      },
    );
    const service = await new LiveService().start();
    const readers = [await service.connect(), await service.connect({ perMessageDeflate: false })];
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12, size: 'max' }), async (steps) => {
        const subscribed = ['*', '*'];
        for (const reader of readers) await reader.subscribe({ scopes: ['*'], intervalMs: 100 });
        for (const action of steps) {
          if (Array.isArray(action)) {
            for (const { scope, figure } of action) service.room.set(scope, figure);
            service.clock.advance(100);
          } else {
            subscribed[action.who] = action.pattern;
            await readers[action.who]!.subscribe({ scopes: [action.pattern], intervalMs: 100 });
          }
        }
        service.clock.advance(100);
        for (const [i, reader] of readers.entries()) {
          await reader.roundTrip();
          expect(reader.figures).toEqual(
            service.room.figures((scope) => scopeMatches(subscribed[i]!, scope)),
          );
          expect(reader.messages.map(({ seq }) => seq)).toEqual(reader.messages.map((_, seq) => seq));
        }
        // Heartbeat of a new quarter minute, so that the limit of subscriptions starts anew.
        service.clock.advance(15_000);
        for (const reader of readers) await reader.roundTrip();
      }),
      { numRuns: 40 },
    );
    await service.stop();
  });
});

/** A channel with readers that can fall behind, without a network between. */
class Stage {
  readonly room = new MadeRoom();
  readonly clock = new HandClock();
  readonly channel: Channel;
  readonly readers: Reader[] = [];

  constructor(wanted: string[]) {
    this.channel = new Channel({
      subscription: { patterns: wanted, intervalMs: 1000 },
      room: this.room,
      keys: new ScopeKeys(this.room),
      clock: this.clock,
      counts: noCounts(),
      empty: () => {},
    });
    this.join();
  }

  join(): SharedMessage {
    const reader = new Reader(this.channel);
    this.readers.push(reader);
    this.channel.join(reader);
    const snapshot = this.channel.snapshot();
    reader.take(snapshot);
    return snapshot;
  }

  leave(who: number): void {
    if (this.readers.length < 2) return;
    const [gone] = this.readers.splice(who % this.readers.length, 1);
    this.channel.leave(gone!);
  }

  some(who: number): Reader {
    return this.readers[who % this.readers.length]!;
  }
}

class Reader implements Subscriber {
  framesBefore = 0;
  figures: Record<string, Record<string, unknown>> = {};
  whenTold = () => {};
  readonly channel: Channel;
  #lag: Lag | undefined;

  constructor(channel: Channel) {
    this.channel = channel;
  }

  frame(frame: Frame): void {
    this.whenTold();
    if (this.#lag === undefined) this.take(frame.message);
    else this.#lag.missed(frame.changes);
  }

  event(): void {}

  pause(): void {
    this.#lag ??= new Lag(() => {});
  }

  goOn(): void {
    if (this.#lag !== undefined) this.take(this.channel.messageOf(this.#lag.changes()));
    this.#lag = undefined;
  }

  take(shared: SharedMessage): void {
    const chunks: Buffer[] = [];
    const line = new Writable({
      write(chunk, _, done) {
        chunks.push(chunk);
        done();
      },
    });
    shared.write(line, 0, true);
    const message = JSON.parse(textOf(readFrame(Buffer.concat(chunks))!.frame)) as ServerMessage;
    if (message.type === 'snapshot')
      this.figures = structuredClone(message.figures) as unknown as typeof this.figures;
    if (message.type === 'frame') applyFrame(this.figures, message.figures);
  }
}
