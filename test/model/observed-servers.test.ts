import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PowerState } from '../../src/model/figure.ts';
import type { PowerTree } from '../../src/model/power-tree.ts';
import { emptyReading, type Reading } from '../../src/model/reading.ts';
import { Room } from '../../src/model/room.ts';
import { type ServerObserver, told } from '../../src/model/server-observer.ts';

const noon = Date.UTC(2026, 5, 15, 12);
const second = 1000;

const tree: PowerTree = {
  name: 'Test room',
  timezone: 'UTC',
  feeds: [],
  racks: [],
  servers: [
    { name: 'two', inputs: [{ outlet: 'a/1' }, { outlet: 'b/1' }] },
    { name: 'one', inputs: [{ outlet: 'a/2' }] },
  ],
};

/** Writes down what it is told, by scope id, and answers what the test says. */
class Diary implements ServerObserver {
  readonly ids = new Map<number, string>();
  readonly lines: unknown[][] = [];
  /** Of the input that spoke. */
  readonly own: unknown[][] = [];
  readonly inputs: unknown[][] = [];
  state: PowerState | undefined;
  idleWatts = Number.NaN;

  opened(scope: number, id: string, outlets: readonly string[]): void {
    this.ids.set(scope, id);
    this.lines.push(['opened', id, ...outlets]);
  }
  observe(scope: number, row: Float64Array): void {
    const at = (row[told.atMs]! - noon) / second;
    this.lines.push([this.ids.get(scope), at, row[told.watts], row[told.volts]]);
    this.own.push([row[told.input], row[told.inputWatts], row[told.inputVolts]]);
  }
  observeInput(scope: number, row: Float64Array): void {
    const at = (row[told.atMs]! - noon) / second;
    this.inputs.push([this.ids.get(scope), at, row[told.input], row[told.inputVolts], row[told.inputAmps]]);
  }
  lost(scope: number, atMs: number): void {
    this.lines.push(['lost', this.ids.get(scope), (atMs - noon) / second]);
  }
  stateOf(): PowerState | undefined {
    return this.state;
  }
  idleWattsOf(): number {
    return this.idleWatts;
  }
}

function makeRoom(of: PowerTree = tree) {
  const observer = new Diary();
  const room = new Room({ tree: of, rollUp: () => {}, observer });
  room.tick(noon);
  observer.lines.length = 0;
  const tell = (outlet: string, at: number, what: Partial<Reading>, receivedAt = at) => {
    const device = outlet.slice(0, outlet.lastIndexOf('/'));
    const message = {
      topic: '',
      payload: new Uint8Array(),
      receivedAtMs: noon + receivedAt * second,
      retained: what.retained ?? false,
      qos: 0 as const,
      sequence: 0,
    };
    const reading = emptyReading(device, outlet, message);
    room.apply(Object.assign(reading, { atMs: noon + at * second }, what), 10 * second);
  };
  const figure = (scope: string) => room.figureAt(room.indexOf(scope));
  return { room, observer, tell, figure };
}

describe('who observes servers', () => {
  it('is told of every server of the tree with all its outlets, and of others when they are first heard', () => {
    const observer = new Diary();
    new Room({ tree, rollUp: () => {}, observer });
    expect(observer.lines).toEqual([
      ['opened', 'server:two', 'a/1', 'b/1'],
      ['opened', 'server:one', 'a/2'],
    ]);
    const made = makeRoom();
    made.tell('plug/0', 0, { on: true });
    expect(made.observer.lines).toEqual([]);
    made.tell('plug/0', 1, { watts: 5 });
    made.tell('plug/0', 2, { watts: 5 });
    expect(made.observer.lines).toEqual([
      ['opened', 'server:plug/0', 'plug/0'],
      ['server:plug/0', 1, 5, NaN],
      ['server:plug/0', 2, 5, NaN],
    ]);
  });

  it('gets the whole server: only when every input is fresh, exactly summed, at the newest moment', () => {
    const { tell, observer } = makeRoom();
    tell('a/1', 0, { watts: 100.1, volts: 230, amps: 0.5 });
    expect(observer.lines).toEqual([]);
    tell('b/1', 2, { watts: 120.2, volts: 232, amps: 0.6 });
    tell('a/1', 1, { watts: 110.1, volts: 231 });
    tell('a/1', 3, { volts: 229 });
    expect(observer.lines).toEqual([
      ['server:two', 2, 220.3, 231],
      ['server:two', 2, 230.3, 231.5],
    ]);
    expect(observer.own).toEqual([
      [1, 120.2, 232],
      [0, 110.1, 231],
    ]);
  });

  it('is told twice a minute of a flat load whose meter tells only what changes, as long as it tells anything', () => {
    const { tell, observer } = makeRoom();
    tell('a/2', 0, { watts: 1000 });
    observer.lines.length = 0;
    for (let at = 10; at <= 70; at += 10) tell('a/2', at, { wattHoursTotal: 5000 + at });
    expect(observer.lines).toEqual([
      ['server:one', 30, 1000, NaN],
      ['server:one', 60, 1000, NaN],
    ]);
  });

  it('gets volts and amps of each input as they were told, whether the others are fresh or not', () => {
    const { tell, observer } = makeRoom();
    tell('a/1', 0, { watts: 100, volts: 230, amps: 0.5 });
    tell('b/1', 1, { amps: 0.6 });
    tell('a/1', 2, { volts: 229 });
    tell('b/1', 3, { watts: 90 });
    expect(observer.inputs).toEqual([
      ['server:two', 0, 0, 230, 0.5],
      ['server:two', 1, 1, NaN, 0.6],
      ['server:two', 2, 0, 229, NaN],
    ]);
  });

  it('is told what a server is plugged into after it was plugged over', () => {
    const { room, tell, observer } = makeRoom();
    tell('a/2', 0, { watts: 100 });
    const servers = [tree.servers[0]!, { name: 'one', inputs: [{ outlet: 'c/7' }] }];
    room.recable({ ...tree, servers }, noon + second);
    expect(observer.lines.at(-1)).not.toEqual(['opened', 'server:one', 'a/2']);
    expect(observer.lines).toContainEqual(['opened', 'server:one', 'c/7']);
  });

  it('loses a server once when an input falls silent, and has it back when that is heard again', () => {
    const { room, tell, observer } = makeRoom();
    tell('a/1', 0, { watts: 100 });
    tell('b/1', 0, { watts: 100 });
    for (let at = 5; at <= 60; at += 5) {
      room.tick(noon + at * second);
      tell('b/1', at, { watts: 100 });
    }
    const losses = observer.lines.filter(([what]) => what === 'lost');
    expect(losses).toEqual([['lost', 'server:two', 30]]);
    expect(observer.lines.at(-1)![0]).toBe('lost');
    tell('a/1', 61, { watts: 90 });
    expect(observer.lines.at(-1)).toEqual(['server:two', 61, 190, NaN]);
  });

  it('loses a server when its device says that it goes', () => {
    const { room, tell, observer } = makeRoom();
    tell('a/2', 0, { watts: 100 });
    room.setOnline('a', false, noon + second);
    room.setOnline('a', false, noon + 2 * second);
    expect(observer.lines.slice(1)).toEqual([['lost', 'server:one', 1]]);
  });

  it('does not hear of retained readings, nor of late ones', () => {
    const { tell, observer } = makeRoom();
    tell('a/2', 0, { watts: 100, retained: true });
    tell('a/2', -3600, { watts: 100 }, 0);
    expect(observer.lines).toEqual([]);
  });

  it('hears that a relay opened as a reading of 0 W', () => {
    const { tell, observer } = makeRoom();
    tell('a/2', 0, { watts: 100 });
    tell('a/2', 1, { on: false });
    expect(observer.lines).toEqual([
      ['server:one', 0, 100, NaN],
      ['server:one', 1, 0, NaN],
    ]);
  });

  it('loses an outlet that turns out to be part of what its device told as a whole', () => {
    const { tell, observer } = makeRoom();
    tell('strip/total', 0, { watts: 500 });
    tell('strip/1', 1, { watts: 200 });
    expect(observer.lines).toEqual([
      ['opened', 'server:strip/total', 'strip/total'],
      ['server:strip/total', 0, 500, NaN],
      ['lost', 'server:strip/total', 1],
      ['opened', 'server:strip/1', 'strip/1'],
      ['server:strip/1', 1, 200, NaN],
    ]);
  });

  it('never hears of a sum that is not the sum of fresh inputs, whatever comes in which order', () => {
    const step = fc.record({
      outlet: fc.constantFrom('a/1', 'b/1', 'a/2', 'c/0', 'c/total'),
      forSeconds: fc.integer({ min: 0, max: 40 }),
      watts: fc.option(fc.integer({ min: 0, max: 900 }), { nil: undefined }),
      retained: fc.boolean(),
      goes: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { room, tell, observer, figure } = makeRoom();
        let at = 0;
        for (const { outlet, forSeconds, watts, retained, goes } of steps) {
          at += forSeconds;
          room.tick(noon + at * second);
          observer.lines.length = 0;
          if (goes) room.setOnline(outlet.slice(0, outlet.indexOf('/')), false, noon + at * second);
          else tell(outlet, at, { watts, retained });
          for (const [who, , told] of observer.lines) {
            if (typeof told !== 'number' || who === 'lost' || who === 'opened') continue;
            expect(figure(String(who))).toMatchObject({ watts: told, basis: 'measured', stale: false });
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('a figure', () => {
  it('has state and idle level from the observer, where it knows better', () => {
    const { tell, observer, figure } = makeRoom();
    tell('a/2', 0, { watts: 100 });
    expect(figure('server:one').state).toBe('active');
    observer.state = 'idle';
    observer.idleWatts = 95.1234;
    for (const scope of ['server:one', 'outlet:a/2'])
      expect(figure(scope)).toMatchObject({ state: 'idle', idleWatts: 95.123 });
    expect(figure('room')).toMatchObject({ state: 'active' });
    expect(figure('room').idleWatts).toBeUndefined();
  });

  it('of one input of two stays simple, and so does a server of which an input is missing', () => {
    const { room, tell, observer, figure } = makeRoom();
    tell('a/1', 0, { watts: 100 });
    tell('b/1', 0, { watts: 100 });
    observer.state = 'standby';
    observer.idleWatts = 95;
    expect(figure('server:two').state).toBe('standby');
    expect(figure('outlet:a/1').state).toBe('active');
    expect(figure('outlet:a/1').idleWatts).toBeUndefined();
    room.setOnline('a', false, noon + second);
    expect(figure('server:two')).toMatchObject({ state: 'active', basis: 'partial', idleWatts: 95 });
  });

  it('is told anew when the observer says that it changed', () => {
    const { room, tell } = makeRoom();
    tell('a/2', 0, { watts: 100 });
    const before = room.version;
    room.changed(room.indexOf('server:one'));
    expect(room.versionAt(room.indexOf('server:one'))).toBeGreaterThan(before);
    expect(room.versionAt(room.indexOf('outlet:a/2'))).toBeGreaterThan(before);
    expect(room.versionAt(room.indexOf('server:two'))).toBeLessThanOrEqual(before);
  });
});
