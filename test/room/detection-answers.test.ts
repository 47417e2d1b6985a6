import { describe, expect, it } from 'vitest';
import { DetectionAnswers } from '../../src/detection-answers.ts';
import type { IdleVerdict } from '../../src/model/idle.ts';
import type { PowerTree } from '../../src/model/power-tree.ts';
import { Room } from '../../src/model/room.ts';
import type { StartRecord } from '../../src/model/start.ts';
import type { EventQuery, Store } from '../../src/store/store.ts';

const start = (id: string, scope: string, atMs: number, complete = true) =>
  ({ id, scope, atMs, complete }) as StartRecord;

function treeOf(servers: number): PowerTree {
  return {
    name: 'x',
    timezone: 'UTC',
    feeds: [{ name: 'A', volts: 230, breakers: [{ name: 'A1' }] }],
    racks: [{ name: 'r1' }],
    servers: Array.from({ length: servers }, (_, i) => ({
      name: `s${i}`,
      rack: 'r1',
      inputs: [{ outlet: `p/${i}`, breaker: 'A1' }],
    })),
  };
}

function made(servers: number, stored: StartRecord[], newest: StartRecord[] = []) {
  const tree = treeOf(servers);
  const asked: EventQuery[] = [];
  const answers = new DetectionAnswers({
    tree,
    room: new Room({ tree, rollUp: () => {} }),
    pastScopes: () => new Set(['room', 'outlet:plug/0', 'outlet:p/0', 'device:plug', 'server:plug/0']),
    store: {
      starts: async (query: EventQuery) => {
        asked.push(query);
        return stored;
      },
      start: async (id: string) => stored.find((one) => one.id === id),
    } as unknown as Store,
    detection: {
      starts: () => newest,
      idle: () => [{ scope: 'server:s0' }, { scope: 'server:plug/0' }] as IdleVerdict[],
      unlearntSupplies: () => [{ scope: 'breaker:A2', steps: 3 }],
      impedances: () => [
        { scope: 'breaker:A1', ohms: 0.5, steps: 4, confidence: 0.6, ampsPerStart: 4.6 },
        { scope: 'device:p', ohms: 0.4, steps: 4, confidence: 0.6, ampsPerStart: 1 },
        { scope: 'feed:A', ohms: 0.3, steps: 4, confidence: 0.6, ampsPerStart: 4.6 },
      ],
    },
  });
  return { answers, asked };
}
const ask = (scope: string, limit = 10) => ({ scope, fromMs: 100, toMs: 200, limit });

describe('the starts told', () => {
  it('are those of the store, and over them what is newer in memory', async () => {
    const stored = [start('b', 'server:s1', 150, false), start('a', 'server:s0', 110)];
    const newest = [
      start('b', 'server:s1', 150),
      start('c', 'server:s1', 160, false),
      start('early', 'server:s1', 99),
      start('late', 'server:s1', 200),
    ];
    const { answers, asked } = made(2, stored, newest);
    const rows = await answers.starts(ask('*'));
    expect(rows.map(({ id, complete }) => [id, complete])).toEqual([
      ['c', false],
      ['b', true],
      ['a', true],
    ]);
    expect(asked).toEqual([{ scopes: ['server:*'], fromMs: 100, toMs: 200, limit: 10 }]);
    expect((await answers.starts(ask('*', 1))).map(({ id }) => id)).toEqual(['c']);
    expect((await answers.start('b'))?.complete).toBe(true);
    expect((await answers.start('a'))?.complete).toBe(true);
    expect(await answers.start('z')).toBeUndefined();
  });

  it('are those of the servers asked about, in memory too', async () => {
    const { answers, asked } = made(2, [], [start('c', 'server:s1', 160), start('d', 'server:x', 170)]);
    expect((await answers.starts(ask('rack:r1'))).map(({ id }) => id)).toEqual(['c']);
    expect(asked[0]!.scopes).toEqual(['server:s0', 'server:s1']);
    expect(await answers.starts(ask('outlet:nobody/0'))).toEqual([]);
  });

  it('are told too of an outlet that was heard before this start alone', async () => {
    const { answers } = made(2, [start('x', 'server:plug/0', 150)]);
    for (const scope of ['server:plug/0', 'outlet:plug/0', 'device:plug'])
      expect([scope, (await answers.starts(ask(scope))).map(({ id }) => id)]).toEqual([scope, ['x']]);
  });

  it('of several together are told where their feed, breaker or device is asked about, and only there', async () => {
    const stored = [start('f', 'feed:A', 110), start('g', 'breaker:A1', 115), start('a', 'server:s0', 110)];
    const newest = [start('h', 'device:p', 160)];
    const ids = async (scope: string) =>
      (await made(2, stored, newest).answers.starts(ask(scope))).map(({ id }) => id);
    expect(await ids('*')).toEqual(['a']);
    expect(await ids('room')).toEqual(['a']);
    expect(await ids('server:s0')).toEqual(['a']);
    expect(await ids('breaker:A1')).toEqual(['g', 'a']);
    expect(await ids('feed:*')).toEqual(['f', 'a']);
    expect(await ids('device:p')).toEqual(['h', 'a']);
    const { answers, asked } = made(2, stored);
    await answers.starts(ask('breaker:A1'));
    expect(asked[0]!.scopes).toEqual(['server:s0', 'server:s1', 'breaker:A1']);
  });

  it('of very many servers are sorted out here', async () => {
    const { answers, asked } = made(600, [start('a', 'server:s599', 110), start('b', 'server:plug/0', 120)]);
    expect((await answers.starts(ask('feed:A'))).map(({ id }) => id)).toEqual(['a']);
    expect(asked).toEqual([{ fromMs: 100, toMs: 200, limit: 10_000 }]);
  });
});

it('idle levels are those of the servers asked about', () => {
  const { answers } = made(2, []);
  expect(answers.idle('*')).toHaveLength(2);
  expect(answers.idle('breaker:A1').map(({ scope }) => scope)).toEqual(['server:s0']);
  expect(answers.idle('outlet:p/1')).toEqual([]);
});

it('sags are in percent of the feed, and of nothing where its volts are not known', () => {
  const rows = made(2, []).answers.sag().rows;
  expect(rows[0]!.predicted).toEqual([
    { starts: 1, voltsDrop: 2.3, percent: 1 },
    { starts: 2, voltsDrop: 4.6, percent: 2 },
  ]);
  expect(rows[1]!.predicted[0]).toEqual({ starts: 1, voltsDrop: 0.4 });
  expect(rows[2]!.predicted[0]).toEqual({ starts: 1, voltsDrop: 1.38, percent: 0.6 });
});

it('supplies of which too little was seen are named beside them', () => {
  expect(made(2, []).answers.sag().learning).toEqual([{ scope: 'breaker:A2', steps: 3 }]);
});
