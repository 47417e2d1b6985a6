import { describe, expect, it } from 'vitest';
import type { PowerTree } from '../../src/model/power-tree.ts';
import type { StartRecord } from '../../src/model/start.ts';
import { announcedStart, idleEvent, idleVerdict, startEvent } from '../store/made-events.ts';
import { roomOf, server, startMs, Timeline } from './timeline.ts';

const two = (watts: number) => ({ 'pdu-A1/s1': watts / 2, 'pdu-B1/s1': watts / 2 });
const only = (yaml: string) =>
  `{ serverOff: { enabled: false }, failoverOverload: { enabled: false }, deviceSilent: { enabled: false }, ${yaml.replace(/^\{|\}$/g, '')} }`;

describe('redundancy-lost', () => {
  it('fires when one input is at 0 and the other took over, and clears when it carries again', () => {
    const t = new Timeline(roomOf([server('s1')]))
      .at('0s', two(200))
      .at('5m', { 'pdu-A1/s1': 0, 'pdu-B1/s1': 200 })
      .at('10m', two(200))
      .run('15m');
    const { alert } = t.expectBetween('6m', '6m10s', 'firing', 'redundancy-lost', 'server:s1');
    expect(alert.text).toBe(
      's1 has lost its redundancy: input pdu-A1/s1 (breaker A1) draws nothing while the other carries 200 W. Look for a dead supply, an open breaker or a loose cord.',
    );
    // Counting inputs would read as nonsense beside a limit.
    expect(alert.value).toBeUndefined();
    expect(alert.limit).toBeUndefined();
    t.expectBetween('11m', '11m10s', 'resolved', 'redundancy-lost', 'server:s1');
    expect(t.told).toHaveLength(2);
    const [row] = t.alerts.ruleRows(t.nowMs, { rule: 'redundancy-lost' });
    expect(row!.scopes[0]).toMatchObject({ state: 'ok', why: 'Each of its inputs carries a part.' });
  });

  it('says nothing of a sleeping hot spare, of a cord that never carried, or of a server that is off', () => {
    new Timeline(roomOf([server('s1'), server('s2'), server('s3')]), only('{}'))
      .at('0s', {
        'pdu-A1/s1': 2.2,
        'pdu-B1/s1': 200,
        'pdu-A1/s2': 0,
        'pdu-B1/s2': 200,
        'pdu-A1/s3': 50,
        'pdu-B1/s3': 50,
      })
      .at('5m', { 'pdu-A1/s3': 0, 'pdu-B1/s3': 0 })
      .run('20m')
      .expectTold();
  });

  it('learns that an input which comes and goes is a hot spare', () => {
    const t = new Timeline(roomOf([server('s1')]), only('{}')).at('0s', two(400));
    for (let i = 0; i < 6; i += 1)
      t.at(`${10 + 10 * i}m`, { 'pdu-A1/s1': 0, 'pdu-B1/s1': 150 }).at(`${15 + 10 * i}m`, two(400));
    t.run('80m');
    expect(t.told.filter(({ kind }) => kind === 'firing')).toHaveLength(1);
  });

  it('tells again of a supply that was replaced and died again: it came back at the same draw', () => {
    const t = new Timeline(roomOf([server('s1')]), only('{}')).at('0s', two(100));
    for (const minute of [10, 40])
      t.at(`${minute}m`, { 'pdu-A1/s1': 0, 'pdu-B1/s1': 200 }).at(`${minute + 15}m`, two(100));
    t.run('80m');
    expect(t.told.filter(({ kind }) => kind === 'firing')).toHaveLength(2);
  });

  it('finds a supply that was dead before the service began, from what the store knows', () => {
    const t = new Timeline(roomOf([server('s1')])).at('0s', { 'pdu-A1/s1': 0, 'pdu-B1/s1': 200 });
    t.at('2m', () => void t.carried.add('pdu-A1/s1')).run('6m');
    t.expectBetween('3m', '4m', 'firing', 'redundancy-lost', 'server:s1');
  });
});

describe('feed-lost', () => {
  const servers = ['s1', 's2', 's3'].map((name) => server(name));
  const all = (a: number | null, b: number) =>
    Object.fromEntries(
      ['s1', 's2', 's3'].flatMap((name) => [
        [`pdu-A1/${name}`, a],
        [`pdu-B1/${name}`, b],
      ]),
    );

  it('is one alert that names the servers, in place of theirs, when meters die with the feed', () => {
    const t = new Timeline(roomOf([...servers, server('single', ['A1'])]))
      .at('0s', { ...all(100, 100), 'pdu-A1/single': 80 })
      .at('15m', { ...all(null, 200), 'pdu-A1/single': null })
      .at('30m', { ...all(100, 100), 'pdu-A1/single': 80 })
      .run('50m');
    const { alert } = t.expectBetween('15m5s', '16m', 'firing', 'feed-lost', 'feed:A');
    expect(alert.touched).toEqual(['server:s1', 'server:s2', 'server:s3', 'server:single']);
    expect(alert.text).toContain('One has no other: single.');
    expect(alert.limit).toBeUndefined();
    t.expectBetween('30m', '32m', 'resolved', 'feed-lost', 'feed:A');
    expect(t.told.map(({ alert: { rule } }) => rule)).toEqual(['feed-lost', 'feed-lost']);
    const held = t.shown.filter(({ alert: { suppressedBy } }) => suppressedBy === 'inhibited');
    expect(new Set(held.map(({ alert: { rule } }) => rule))).toEqual(new Set(['feed-lost', 'device-silent']));
  });

  it('is seen from zero volts too, while servers switched off leave the voltage there', () => {
    const dead = { watts: 0, volts: 0, amps: 0 };
    const t = new Timeline(roomOf(servers), only('{ redundancyLost: { enabled: false } }'))
      .at('0s', all(100, 100))
      .at('5m', { 'pdu-A1/s1': dead, 'pdu-A1/s2': dead, 'pdu-A1/s3': dead })
      .run('7m');
    t.expectTold('firing feed-lost feed:A');
    new Timeline(roomOf(servers), only('{ redundancyLost: { enabled: false } }'))
      .at('0s', all(100, 100))
      .at('5m', all(0, 0))
      .run('10m')
      .expectTold();
  });

  it('is not said of meters that fall silent while nothing took over: that is the network', () => {
    const t = new Timeline(roomOf(servers)).at('0s', all(100, 100)).at('15m', all(null, 100)).run('20m');
    t.expectTold('firing device-silent device:pdu-A1');
  });
});

describe('circuit-load', () => {
  const load = (percentOfUsable: number) => ({
    'pdu-A1/s1': { watts: 1, volts: 230, amps: 0.128 * percentOfUsable },
  });
  const yaml = '{ failoverOverload: { enabled: false }, meterImplausible: { enabled: false } }';

  it('grows graver with the load, says when a breaker trips, and clears below its gap', () => {
    const t = new Timeline(roomOf([server('s1', ['A1'])]), yaml)
      .at('0s', load(60))
      .at('5m', load(75))
      .at('10m', load(185))
      .at('20m', load(68))
      .at('30m', load(60))
      .run('40m');
    const { alert } = t.expectBetween('7m', '7m10s', 'firing', 'circuit-load', 'breaker:A1');
    expect(alert).toMatchObject({ severity: 'info', limit: 70, unit: '%' });
    const worse = t.expectBetween('12m', '12m10s', 'changed', 'circuit-load', 'breaker:A1').alert;
    expect(worse).toMatchObject({ severity: 'critical', value: 185, limit: 100 });
    expect(worse.text).toContain('At this load a breaker trips within 52 min.');
    t.expectBetween('35m', '35m10s', 'resolved', 'circuit-load', 'breaker:A1');
  });

  it('does not flap on noise at the limit', () => {
    const t = new Timeline(roomOf([server('s1', ['A1'])]), yaml);
    for (let second = 0; second < 3600; second += 5)
      t.at(`${second}s`, load(70 + (second % 10 === 0 ? 1.5 : -1.5)));
    t.run('60m').expectTold();
    const up = new Timeline(roomOf([server('s1', ['A1'])]), yaml).at('0s', load(75));
    for (let second = 600; second < 3600; second += 5)
      up.at(`${second}s`, load(70 + (second % 10 === 0 ? 1.5 : -1.5)));
    up.run('60m').expectTold('firing circuit-load breaker:A1');
  });

  it('is muted while a start is under way, unless it is critical', () => {
    const start: StartRecord = { ...announcedStart('server:s1', startMs + 300_000), complete: false };
    const t = new Timeline(roomOf([server('s1', ['A1'])]), yaml)
      .at('0s', load(60))
      .event('5m', startEvent(start))
      .at('5m', load(75))
      .event('12m', startEvent({ ...start, complete: true }))
      .run('15m');
    t.expectBetween('12m', '12m5s', 'firing', 'circuit-load', 'breaker:A1');
  });
});

describe('circuit-load of a feed', () => {
  // Feed A: A1 on L1, A2 on L2, A3 on L3.
  const threePhase = (amps?: number): PowerTree => ({
    ...roomOf([server('s1', ['A1']), server('s2', ['A2']), server('s3', ['A3'])]),
    feeds: [
      {
        name: 'A',
        volts: 230,
        amps,
        breakers: (['L1', 'L2', 'L3'] as const).map((phase, i) => ({ name: `A${i + 1}`, amps: 100, phase })),
      },
    ],
  });
  const amps = (...each: number[]) =>
    Object.fromEntries(
      each.map((one, i) => [`pdu-A${i + 1}/s${i + 1}`, { watts: one * 230, volts: 230, amps: one }]),
    );

  it('is told of the one phase that is over, while the total is far from it', () => {
    const t = new Timeline(threePhase(32), only('{}'))
      .at('0s', amps(10, 10, 10))
      .at('5m', amps(2, 27, 2))
      .at('20m', amps(10, 10, 10))
      .run('30m');
    const { alert } = t.expectBetween('7m', '7m10s', 'firing', 'circuit-load', 'feed:A');
    expect(alert).toMatchObject({ severity: 'critical', value: 105.469, limit: 100, unit: '%' });
    expect(alert.text).toBe(
      'Feed A carries 105 % of its usable current (limit 100 %): on L2, its most loaded phase, 27 A of 25.6 A usable (32 A × 0.8).',
    );
    t.expectBetween('25m', '25m10s', 'resolved', 'circuit-load', 'feed:A');
    t.expectTold('firing circuit-load feed:A', 'resolved circuit-load feed:A');
  });

  it('is not told of a load that is spread evenly, nor of a feed without a rating', () => {
    new Timeline(threePhase(32), only('{}'))
      .at('0s', amps(17, 17, 17))
      .run('10m')
      .expectTold();
    const t = new Timeline(threePhase(), only('{}')).at('0s', amps(1, 70, 1)).run('10m');
    t.expectTold('firing circuit-load breaker:A2');
    expect(t.alerts.ruleRows(t.nowMs, { rule: 'circuit-load', scope: 'feed:A' })[0]!.scopes).toEqual([]);
  });

  it('adds up breakers of which no phase is named', () => {
    const tree = threePhase(32);
    const feeds = tree.feeds.map((feed) => ({
      ...feed,
      breakers: feed.breakers.map(({ phase: _, ...breaker }) => breaker),
    }));
    const t = new Timeline({ ...tree, feeds }, only('{}')).at('0s', amps(9, 9, 9)).run('10m');
    t.expectTold('firing circuit-load feed:A');
    expect(t.told[0]!.alert.text).toContain(': 27 A of 25.6 A usable');
  });

  it('takes a rating of an override as one of each phase too', () => {
    const yaml = '{ overrides: [ { scopes: [ feed:A ], circuitLoad: { ratingAmps: 32 } } ] }';
    const t = new Timeline(threePhase(), only(yaml)).at('0s', amps(2, 27, 2)).run('10m');
    const { alert } = t.expectBetween('2m', '2m10s', 'firing', 'circuit-load', 'feed:A');
    expect(alert.text).toContain('on L2, its most loaded phase');
  });
});

describe('circuit-load beside a start', () => {
  it('is told all the same where what starts is too small to explain it', () => {
    const start = announcedStart('server:s1', startMs + 300_000);
    const small: StartRecord = { ...start, fromWatts: 0, peakWatts: 20, complete: false };
    new Timeline(
      roomOf([server('s1', ['A1'])]),
      '{ failoverOverload: { enabled: false }, meterImplausible: { enabled: false } }',
    )
      .at('0s', { 'pdu-A1/s1': { watts: 1, volts: 230, amps: 7.5 } })
      .event('5m', startEvent(small))
      .at('5m', { 'pdu-A1/s1': { watts: 1, volts: 230, amps: 9.6 } })
      .run('8m')
      .expectTold('firing circuit-load breaker:A1');
  });
});

describe('failover-overload', () => {
  it('is found for each single loss, and over when the load is', () => {
    const t = new Timeline(
      roomOf([server('s1'), server('s2')]),
      only('{}').replace('failoverOverload: { enabled: false }, ', ''),
    )
      .at('0s', { 'pdu-A1/s1': 1000, 'pdu-B1/s1': 1000, 'pdu-A1/s2': 300, 'pdu-B1/s2': 300 })
      .at('20m', { 'pdu-A1/s1': 1200, 'pdu-B1/s1': 1200 })
      .at('60m', { 'pdu-A1/s1': 800, 'pdu-B1/s1': 800 })
      .run('150m');
    for (const breaker of ['breaker:A1', 'breaker:B1']) {
      const { alert } = t.expectBetween('30m', '31m', 'firing', 'failover-overload', breaker);
      expect(alert).toMatchObject({ value: 13.043, limit: 12.8, unit: 'A' });
      t.expectBetween('120m', '121m', 'resolved', 'failover-overload', breaker);
    }
    expect(t.told[0]!.alert.text).toContain('could not take over: the loss of breaker');
  });
});

describe('failover-overload of a feed', () => {
  // Feeds A and B: breakers 1 on L1, 2 on L2, of 100 A each; the ratings of the feeds are given.
  const twoFeeds = (amps?: number): PowerTree => ({
    ...roomOf([server('s1', ['A1', 'B1']), server('s2', ['A2', 'B2'])]),
    feeds: ['A', 'B'].map((name) => ({
      name,
      volts: 230,
      amps,
      breakers: [
        { name: `${name}1`, amps: 100, phase: 'L1' },
        { name: `${name}2`, amps: 100, phase: 'L2' },
      ],
    })),
  });
  const yaml = '{ serverOff: { enabled: false }, redundancyLost: { enabled: false } }';
  const amps = (l1: number, l2: number) =>
    Object.fromEntries(
      [1, 2].flatMap((n) =>
        ['A', 'B'].map((feed) => {
          const own = n === 1 ? l1 : l2;
          return [`pdu-${feed}${n}/s${n}`, { watts: own * 230, volts: 230, amps: own }];
        }),
      ),
    );

  it('is found on the phase that could not take over, and over when its load is', () => {
    const t = new Timeline(twoFeeds(32), yaml)
      .at('0s', amps(5, 5))
      .at('20m', amps(2, 14))
      .at('60m', amps(5, 5))
      .run('150m');
    for (const feed of ['feed:A', 'feed:B']) {
      const { alert } = t.expectBetween('30m', '31m', 'firing', 'failover-overload', feed);
      expect(alert).toMatchObject({ value: 28, limit: 25.6, unit: 'A' });
      expect(alert.text).toContain('moves 14 A to the 14 A it carries on L2, 28 A in all');
      t.expectBetween('120m', '121m', 'resolved', 'failover-overload', feed);
    }
    expect(t.told).toHaveLength(4);
  });

  it('is not told of a load that is spread evenly, nor of feeds without a rating', () => {
    new Timeline(twoFeeds(32), yaml).at('0s', amps(10, 10)).run('30m').expectTold();
    new Timeline(twoFeeds(), yaml).at('0s', amps(2, 14)).run('30m').expectTold();
  });

  it('counts what moves within a phase once', () => {
    const tree = { ...twoFeeds(32), servers: [server('s1', ['A1', 'A2'])] };
    const oneFeed = {
      ...tree,
      feeds: tree.feeds.map((feed) => ({
        ...feed,
        breakers: feed.breakers.map((breaker) => ({ ...breaker, phase: 'L1' as const })),
      })),
    };
    const draws = (one: number) => ({
      'pdu-A1/s1': { watts: one * 230, volts: 230, amps: one },
      'pdu-A2/s1': { watts: one * 230, volts: 230, amps: one },
    });
    const t = new Timeline(oneFeed, '{ circuitLoad: { enabled: false } }');
    t.at('0s', draws(11)).run('30m').expectTold();
  });
});

describe('server-off and server-back', () => {
  const yaml = '{ redundancyLost: { enabled: false } }';
  it('tells that a running server went, and by the end of that alert that it is back', () => {
    new Timeline(roomOf([server('s1')]), yaml)
      .at('0s', two(200))
      .at('20m', two(0))
      .at('90m', two(200))
      .run('120m')
      .expectTold('firing server-off server:s1', 'resolved server-off server:s1');
  });

  it('says nothing of a short restart, nor of one that was off from the first', () => {
    new Timeline(roomOf([server('s1'), server('s2')]), yaml)
      .at('0s', { ...two(200), 'pdu-A1/s2': 0, 'pdu-B1/s2': 0 })
      .at('20m', two(0))
      .at('22m', two(200))
      .run('40m')
      .expectTold();
  });

  it('tells that one that was off from the first came up', () => {
    new Timeline(roomOf([server('s1')]), yaml)
      .at('0s', two(0))
      .at('45m', two(200))
      .run('60m')
      .expectTold('firing server-back server:s1', 'resolved server-back server:s1');
  });
});

describe('device-silent', () => {
  it('is told from 0 W, and over with the first reading', () => {
    const t = new Timeline(roomOf([server('s1', ['A1'])]))
      .at('0s', { 'pdu-A1/s1': 0 })
      .at('10m', { 'pdu-A1/s1': null })
      .at('20m', { 'pdu-A1/s1': 0 })
      .run('25m');
    const { alert } = t.expectBetween('12m10s', '12m30s', 'firing', 'device-silent', 'device:pdu-A1');
    expect(alert.text).toContain('Until it speaks again what s1 draws is not known.');
    t.expectBetween('20m30s', '20m40s', 'resolved', 'device-silent', 'device:pdu-A1');
  });

  it('is found from a last will, and of a meter of the settings that is never heard', () => {
    const t = new Timeline(roomOf([server('s1', ['A1']), server('s2', ['A2'])]));
    t.offline.add('pdu-A2');
    t.run('20m');
    t.expectBetween('2m', '3m', 'firing', 'device-silent', 'device:pdu-A2');
    t.expectBetween('12m', '14m', 'firing', 'device-silent', 'device:pdu-A1');
  });
});

describe('idle', () => {
  it('high: at once where it is far above, after a day where it is not, and clears below the gap', () => {
    const t = new Timeline(roomOf([server('s1'), server('s2')]), only('{}'));
    const verdicts = (s1: number) => [
      idleVerdict('server:s1', { idleWatts: s1, limitWatts: 300, verdict: s1 > 300 ? 'high' : 'ok' }),
      idleVerdict('server:s2', { idleWatts: 310, limitWatts: 300, verdict: 'high' }),
    ];
    t.idle = verdicts(1000);
    t.at('2h', () => {
      t.idle = verdicts(200);
    }).run('3h');
    const { alert } = t.expectBetween('0s', '1s', 'firing', 'high-idle', 'server:s1');
    expect(alert).toMatchObject({ value: 1000, limit: 300, unit: 'W' });
    t.expectBetween('2h30m', '2h46m', 'resolved', 'high-idle', 'server:s1');
    expect(t.told).toHaveLength(2);
    expect(t.alerts.list().map(({ scope, state }) => `${scope} ${state}`)).toContain('server:s2 pending');
  });

  it('moved: told of a change that counts', () => {
    const moved = (idleWatts: number) =>
      idleEvent('server:s1', startMs, { change: 'moved', fromWatts: 100, idleWatts });
    const t = new Timeline(roomOf([server('s1')]), '{ idleMoved: { clearAfter: 1h } }')
      .at('0s', two(100))
      .event('1m', moved(105))
      .event('5m', moved(140))
      .run('70m');
    const { alert } = t.expectBetween('5m', '5m1s', 'firing', 'idle-moved', 'server:s1');
    expect(alert.text).toBe('The idle level of s1 went from 100 W to 140 W (+40 %).');
    // The level before is no limit.
    expect(alert).toMatchObject({ value: 140, unit: 'W' });
    expect(alert.limit).toBeUndefined();
    t.expectBetween('65m', '65m5s', 'resolved', 'idle-moved', 'server:s1');
  });

  it('candidate: after thirty days of nothing else, in words that prove nothing', () => {
    const t = new Timeline(roomOf([server('s1')]), '{ highIdle: { enabled: false } }');
    t.idle = [idleVerdict('server:s1', { idleShare: 0.99, sinceMs: startMs - 31 * 86_400_000 })];
    t.run('70m');
    const { alert } = t.expectBetween('1h', '1h1m', 'firing', 'idle-candidate', 'server:s1');
    expect(alert.text).toContain('a candidate for switching off');
    t.idle = [idleVerdict('server:s1', { idleShare: 0.99, sinceMs: startMs - 20 * 86_400_000 })];
  });
});

describe('starts', () => {
  it('sag: told by depth', () => {
    const start = (given: Partial<StartRecord>) =>
      startEvent({ ...announcedStart('server:s1', startMs + 60_000), voltsBefore: 230, ...given });
    const t = new Timeline(roomOf([server('s1')]))
      .at('0s', two(100))
      .event('1m', start({ voltsMin: 226 }))
      .event('10m', start({ voltsMin: 220, id: 'b' }))
      .run('11m');
    expect(t.expectBetween('10m', '10m1s', 'firing', 'start-sag', 'server:s1').alert).toMatchObject({
      severity: 'warning',
      limit: 3,
      value: 4.348,
    });
  });

  it('surge: many supplies switched on together are more than the breaker stands', () => {
    const servers = Array.from({ length: 4 }, (_, i) => server(`s${i + 1}`, ['A1']));
    const t = new Timeline(roomOf(servers)).at('0s', { 'pdu-A1/s1': 10 });
    for (const { name } of servers)
      t.event(
        '1m',
        startEvent({
          ...announcedStart(`server:${name}`, startMs + 60_000),
          inrushEstimate: { ampsPeak: 35, supplies: 1, rule: '' },
        }),
      );
    t.run('2m');
    const { alert } = t.expectBetween('1m', '1m1s', 'firing', 'start-surge', 'breaker:A1');
    expect(alert.value).toBeCloseTo((4 * 35) / Math.SQRT2, 2);
    expect(alert.limit).toBe(80);
    expect(alert.touchedCount).toBe(4);
  });
});

describe('energy', () => {
  it('budget: by its pace, and critical once it is used up', () => {
    const t = new Timeline(
      roomOf([server('s1')]),
      '{ energyBudget: { budgets: [ { scope: room, kwhPerMonth: 100 } ] } }',
    );
    const month = (kwh: number) => ({
      fromMs: startMs - 10 * 86_400_000,
      toMs: startMs + 20 * 86_400_000,
      atMs: startMs,
      wattHours: kwh * 1000,
    });
    t.months.set('room', month(30));
    t.at('10m', () => void t.months.set('room', month(40)))
      .at('20m', () => void t.months.set('room', month(101)))
      .run('30m');
    expect(t.expectBetween('10m', '11m', 'firing', 'energy-budget', 'room').alert).toMatchObject({
      severity: 'warning',
      value: 120,
      limit: 100,
      unit: 'kWh',
    });
    expect(t.expectBetween('20m', '21m', 'changed', 'energy-budget', 'room').alert).toMatchObject({
      severity: 'critical',
      text: 'The room has used up its budget of 100 kWh a month: 101 kWh are used, 33 % of the month has passed.',
    });
  });

  it('demand: while there is time to shed load', () => {
    const t = new Timeline(
      roomOf([server('s1')]),
      '{ demandForecast: { limits: [ { scope: room, kw: 2 } ] }, circuitLoad: { enabled: false }, failoverOverload: { enabled: false } }',
    )
      .at('0s', two(1800))
      .at('5m', two(2600))
      .at('9m', two(1000))
      .run('14m');
    expect(t.expectBetween('6m', '6m10s', 'firing', 'demand-forecast', 'room').alert.unit).toBe('kW');
    t.expectBetween('10m', '10m10s', 'resolved', 'demand-forecast', 'room');
  });
});

describe('the service itself', () => {
  it('broker and store away, each once; the backlog of a store that is away is explained by it', () => {
    const t = new Timeline(roomOf([]));
    t.at('1m', () => {
      t.service = { ...t.service, brokerReady: false, brokerProblem: 'refused' };
    })
      .at('10m', () => {
        t.service = { ...t.service, brokerReady: true, storeOk: false, storeProblem: 'disk full' };
      })
      .run('15m');
    t.expectBetween('2m', '2m5s', 'firing', 'broker-away', 'room');
    t.expectBetween('10m15s', '10m20s', 'resolved', 'broker-away', 'room');
    expect(t.expectBetween('12m', '12m5s', 'firing', 'store-away', 'room').alert.text).toContain('disk full');
    for (let minute = 15; minute < 65; minute += 1)
      t.at(`${minute}m`, () => {
        t.service = { ...t.service, backlogReadings: minute * 10_000, backlogBytes: minute * 10_000 };
      });
    t.run('65m');
    t.expectBetween('60m', '61m', 'firing', 'backlog-growing', 'room');
    expect(t.told.at(-1)!.alert.severity).toBe('critical');
  });

  it('a device whose outlets measure more than its total; less is outlets without a meter', () => {
    const t = new Timeline(roomOf([server('s1', ['A1']), server('s2', ['B1'])]))
      .at('0s', { 'pdu-A1/s1': 200, 'pdu-A1/total': 300, 'pdu-B1/s2': 200, 'pdu-B1/total': 100 })
      .run('12m');
    expect(t.told.map(({ alert: { rule, scope } }) => `${rule} ${scope}`)).toEqual([
      'meter-implausible outlet:pdu-B1/total',
    ]);
    expect(t.told[0]!.alert.text).toContain('its total of 100 W is 50 % less than the 200 W of its outlets');
  });

  it('a meter that contradicts itself', () => {
    const t = new Timeline(roomOf([server('s1', ['A1'])]))
      .at('0s', { 'pdu-A1/s1': { watts: 100, volts: 230, amps: 0.45 } })
      .at('5m', { 'pdu-A1/s1': { watts: 1000, volts: 230, amps: 0.45 } })
      .run('12m');
    expect(
      t.expectBetween('10m', '10m10s', 'firing', 'meter-implausible', 'outlet:pdu-A1/s1').alert.unit,
    ).toBe('%');
  });
});
