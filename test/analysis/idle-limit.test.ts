import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { euAllowance, type IdleRules, idleVerdicts } from '../../src/analysis/idle-limit.ts';
import type { IdleBaseline } from '../../src/model/idle.ts';
import type { PowerTree, Server } from '../../src/model/power-tree.ts';

const rules: IdleRules = { idleLimitWatts: 300, peerFactor: 1.5, idleLimitShare: 0.4 };
const treeOf = (...servers: Server[]): PowerTree => ({
  name: 'Room',
  timezone: 'UTC',
  feeds: [],
  racks: [],
  servers,
});
const server = (name: string, more: Partial<Server> = {}): Server => ({
  name,
  inputs: [{ outlet: `${name}/0` }],
  ...more,
});
const baseline = (name: string, idleWatts: number, more: Partial<IdleBaseline> = {}): IdleBaseline => ({
  scope: `server:${name}`,
  idleWatts,
  basis: 'measured',
  confidence: 0.9,
  hoursObserved: 200,
  idleShare: 0.5,
  sinceMs: 1,
  busyWatts: idleWatts,
  learning: false,
  ...more,
});
const judge = (baselines: IdleBaseline[], tree = treeOf()) => idleVerdicts(baselines, tree, rules);
const only = (one: IdleBaseline, tree = treeOf()) => judge([one], tree)[0]!;

describe('the limit of an idle baseline is the first that applies', () => {
  const hardware = { sockets: 2, memoryGb: 256, drives: 4, redundantSupplies: 1 };

  it("its server's own", () => {
    const tree = treeOf(server('a', { idleLimitWatts: 150, hardware }));
    expect(only(baseline('a', 151), tree)).toMatchObject({
      limitWatts: 150,
      limitRule: 'set for this server (idleLimitWatts)',
      verdict: 'high',
    });
    expect(only(baseline('a', 150), tree).verdict).toBe('ok');
  });

  it("its hardware's allowance, called a yardstick", () => {
    // Without the processor and the network ports, as in the regulation's Annex II: 38 + 252 × 0.18 + 20 + 10.
    expect(only(baseline('a', 113), treeOf(server('a', { hardware })))).toMatchObject({
      limitWatts: 113.4,
      limitRule: expect.stringMatching(
        /^yardstick EU 2019\/424, without the processor.*38 W for two sockets \+ 45\.4 W for 256 GB of memory \+ 20 W for 4 drives \+ 10 W for a redundant supply$/,
      ),
      verdict: 'ok',
    });
    expect(euAllowance({ sockets: 1, memoryGb: 4 })).toMatchObject({ watts: 25 });
    expect(euAllowance({ sockets: 4 })).toBeUndefined();
    expect(euAllowance({ drives: 4 })).toBeUndefined();
  });

  it('machines with the same hardware, of which there must be five others', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const tree = treeOf(...names.map((name) => server(name, { hardware: { sockets: 4, memoryGb: 64 } })));
    const rows = judge(
      names.map((name, i) => baseline(name, i === 0 ? 190 : 100 + i)),
      tree,
    );
    expect(rows[0]).toMatchObject({
      scope: 'server:a',
      limitWatts: 155.3,
      limitRule: '1.5 × the median 103.5 W of 5 machines with the same hardware',
      verdict: 'high',
    });
    expect(rows.slice(1).map(({ verdict }) => verdict)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
    const fewer = judge(
      names.slice(0, 5).map((name) => baseline(name, 100)),
      tree,
    );
    expect(fewer[0]!.limitRule).toContain('detect.idleLimitWatts');
  });

  it('machines that draw as much when busy', () => {
    const others = [80, 90, 100, 110, 120].map((watts, i) => baseline(`p${i}`, watts, { busyWatts: 400 }));
    const rows = judge([baseline('a', 220, { busyWatts: 420 }), ...others]);
    expect(rows[0]).toMatchObject({
      scope: 'server:a',
      limitRule: '1.5 × the median 105 W of 5 machines with a like busy draw',
      limitWatts: 157.5,
      verdict: 'high',
    });
  });

  it('its own busy draw, once that was seen for days', () => {
    expect(only(baseline('a', 250, { busyWatts: 500 }))).toMatchObject({
      limitWatts: 200,
      limitRule: '40 % of its own busy draw of 500 W',
      verdict: 'high',
    });
    expect(only(baseline('a', 250, { busyWatts: 500, hoursObserved: 71 })).limitWatts).toBe(300);
  });

  it("the room's, for machines that draw the same all day", () => {
    expect(only(baseline('switch', 60, { busyWatts: 62 }))).toMatchObject({
      limitWatts: 300,
      limitRule: 'for servers of which nothing nearer is known (detect.idleLimitWatts)',
      verdict: 'ok',
    });
  });
});

describe('the list', () => {
  it('has a 1 kW server that does nothing on top, among any others within their limits', () => {
    const ordinary = fc.record({
      idleWatts: fc.integer({ min: 5, max: 290 }),
      busyRatio: fc.double({ min: 1, max: 1.4, noNaN: true }),
      idleShare: fc.double({ min: 0, max: 1, noNaN: true }),
      learning: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(ordinary, { maxLength: 40 }), (machines) => {
        const rows = judge([
          ...machines.map(({ idleWatts, busyRatio, ...more }, i) =>
            baseline(`m${i}`, idleWatts, { busyWatts: idleWatts * busyRatio, ...more }),
          ),
          baseline('old-erp', 1000, { busyWatts: 1020, idleShare: 0.97 }),
        ]);
        expect(rows[0]).toMatchObject({ scope: 'server:old-erp', verdict: 'high', yearWattHours: 8_497_200 });
      }),
      { numRuns: 100 },
    );
  });

  it('is ordered by verdict, then by what idling draws in a year', () => {
    const rows = judge([
      baseline('small', 20),
      baseline('new', 900, { learning: true }),
      baseline('high', 400, { idleShare: 0.9 }),
      baseline('higher', 1000, { idleShare: 0.8 }),
      baseline('busy', 290, { idleShare: 0.1 }),
    ]);
    expect(rows.map(({ scope }) => scope.slice(7))).toEqual(['higher', 'high', 'busy', 'small', 'new']);
  });

  it('gives no limit and no year while it is learning', () => {
    expect(only(baseline('a', 1000, { learning: true }))).toEqual({
      scope: 'server:a',
      idleWatts: 1000,
      basis: 'measured',
      confidence: 0.9,
      hoursObserved: 200,
      idleShare: 0.5,
      sinceMs: 1,
      busyWatts: 1000,
      verdict: 'learning',
    });
  });

  it('does not blame a machine that never rests: it may idle lower than was ever seen', () => {
    expect(only(baseline('a', 1000, { basis: 'estimated' })).verdict).toBe('learning');
    expect(only(baseline('a', 200, { basis: 'estimated' })).verdict).toBe('ok');
  });

  it('prices the watts that idling takes on average, and leaves out what has no price', () => {
    const [row] = idleVerdicts([baseline('a', 100)], treeOf(), rules, {
      yearCost: (watts) => watts * 2,
      yearGrams: () => undefined,
    });
    expect(row).toMatchObject({ yearWattHours: 438_000, yearCost: 100 });
    expect(row).not.toHaveProperty('yearGrams');
    expect(only(baseline('a', 100))).not.toHaveProperty('yearCost');
  });
});
