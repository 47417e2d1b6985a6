import { describe, expect, it } from 'vitest';
import { Watch } from '../../src/detect/watch.ts';
import type { PowerTree, Server } from '../../src/model/power-tree.ts';
import { type ServerObserver, told, toldWidth } from '../../src/model/server-observer.ts';
import { beginMs, chance, noTree, observe } from './waves.ts';

const second = 1_000;

interface Supply {
  readonly breaker: string;
  /** Of the machine's current. */
  readonly share: number;
}

interface Drawn {
  /** By breaker, from the outlets to the source. */
  readonly ohms: Readonly<Record<string, number>>;
  /** Of each of eight machines. */
  readonly supplies: readonly Supply[];
  readonly noiseVolts?: number;
  /** Volts are told in steps of this. */
  readonly stepVolts?: number;
  /** How the meters tell: all in one message, or volts and amps each in its own. */
  readonly apart?: 'volts first' | 'amps first';
  readonly everySeconds?: number;
  /** Do all machines step at the same second? */
  readonly together?: boolean;
  readonly hours?: number;
  readonly feeds?: PowerTree['feeds'];
}

const machines = 8;

function treeWith(supplies: readonly Supply[], feeds: PowerTree['feeds'] = []): PowerTree {
  const servers = Array.from({ length: machines }, (_, i): Server => {
    const inputs = supplies.map(({ breaker }, k) => ({ outlet: `pdu-${k}/${i}`, breaker }));
    return { name: `s${i}`, inputs };
  });
  return { ...noTree, feeds, servers };
}

/** Eight machines that draw 1 A and, for two minutes at times of their own, 4–6 A. */
function drawn(room: Drawn): Watch {
  const { supplies, ohms, noiseVolts = 0.3, stepVolts = 0.1, everySeconds = 1, hours = 4 } = room;
  const watch = new Watch({ tree: treeWith(supplies, room.feeds), event: () => {} });
  const next = chance(11);
  const amps = new Array<number>(machines).fill(1);
  for (let i = 0; i < machines; i += 1)
    watch.opened(
      i,
      `server:s${i}`,
      supplies.map((_, k) => `pdu-${k}/${i}`),
    );
  const input = (i: number, atMs: number, place: number, volts: number, ampere: number) =>
    tell(watch, i, atMs, place, volts, ampere);
  for (let at = 0; at < hours * 3600; at += 1) {
    for (let i = 0; i < machines; i += 1) {
      if ((at + (room.together ? 0 : 97 * i)) % 800 === 120) amps[i] = 4 + 2 * next();
      if ((at + (room.together ? 0 : 97 * i)) % 800 === 240) amps[i] = 1;
    }
    const all = amps.reduce((sum, one) => sum + one, 0);
    for (let i = 0; i < machines; i += 1) {
      if ((at + i) % everySeconds !== 0) continue;
      for (const [place, { breaker, share }] of supplies.entries()) {
        const load = supplies.reduce((sum, one) => sum + (one.breaker === breaker ? one.share : 0), 0) * all;
        const grid = 232 + Math.sin(at / 700) + noiseVolts * (2 * next() - 1);
        const volts = Math.round((grid - ohms[breaker]! * load) / stepVolts) * stepVolts;
        const atMs = beginMs + at * second + 40 * i + 7 * place;
        const ampere = Math.round(amps[i]! * share * 1000) / 1000;
        if (room.apart === undefined) input(i, atMs, place, volts, ampere);
        else if (room.apart === 'volts first') {
          input(i, atMs, place, volts, Number.NaN);
          input(i, atMs + 3, place, Number.NaN, ampere);
        } else {
          input(i, atMs, place, Number.NaN, ampere);
          input(i, atMs + 3, place, volts, Number.NaN);
        }
      }
    }
  }
  watch.tick(beginMs + (hours * 3600 + 60) * second);
  return watch;
}

const row = new Float64Array(toldWidth);

function tell(
  watch: ServerObserver,
  load: number,
  atMs: number,
  input: number,
  volts: number,
  amps: number,
): void {
  row[told.atMs] = atMs;
  row[told.input] = input;
  row[told.inputVolts] = volts;
  row[told.inputAmps] = amps;
  watch.observeInput(load, row);
}

const byScope = (watch: Watch) => new Map(watch.impedances().map((one) => [one.scope, one]));
const oneSupply = [{ breaker: 'A1', share: 1 }];
const twoSupplies = [
  { breaker: 'A1', share: 0.55 },
  { breaker: 'B1', share: 0.45 },
];

describe('the impedance of a source', () => {
  it('is learnt from clean steps within a tenth, through the noise of the grid', () => {
    const learnt = byScope(drawn({ supplies: oneSupply, ohms: { A1: 0.45 } })).get('breaker:A1')!;
    expect(Math.abs(learnt.ohms - 0.45)).toBeLessThan(0.045);
    expect(learnt.steps).toBeGreaterThan(20);
    expect(learnt.confidence).toBeGreaterThan(0.7);
  });

  it('is learnt for each breaker, from servers with a supply on either', () => {
    const learnt = byScope(drawn({ supplies: twoSupplies, ohms: { A1: 0.45, B1: 0.25 } }));
    expect(Math.abs(learnt.get('breaker:A1')!.ohms - 0.45)).toBeLessThan(0.06);
    expect(Math.abs(learnt.get('breaker:B1')!.ohms - 0.25)).toBeLessThan(0.06);
  });

  it.each([
    ['volts first', 1],
    ['amps first', 1],
    ['volts first', 5],
    ['amps first', 5],
  ] as const)(
    'is right where volts and amps come each in its message, %s, every %i s',
    (apart, everySeconds) => {
      const learnt = byScope(
        drawn({ supplies: twoSupplies, ohms: { A1: 0.45, B1: 0.25 }, apart, everySeconds, hours: 8 }),
      );
      expect(Math.abs(learnt.get('breaker:A1')!.ohms - 0.45)).toBeLessThan(0.08);
      expect(Math.abs(learnt.get('breaker:B1')!.ohms - 0.25)).toBeLessThan(0.08);
    },
  );

  it('is learnt from meters that tell whole volts and report every 10 s', () => {
    const learnt = byScope(
      drawn({ supplies: oneSupply, ohms: { A1: 0.3 }, stepVolts: 1, everySeconds: 10, hours: 8 }),
    ).get('breaker:A1')!;
    expect(Math.abs(learnt.ohms - 0.3)).toBeLessThan(0.06);
  });

  it('is learnt where both supplies hang on one breaker', () => {
    const supplies = [
      { breaker: 'A1', share: 0.5 },
      { breaker: 'A1', share: 0.5 },
    ];
    const learnt = byScope(drawn({ supplies, ohms: { A1: 0.4 } })).get('breaker:A1')!;
    expect(Math.abs(learnt.ohms - 0.4)).toBeLessThan(0.06);
  });

  it('of a feed is that of its breakers as the outlets see it', () => {
    const feeds = [{ name: 'A', breakers: [{ name: 'A1' }] }];
    const learnt = byScope(drawn({ supplies: oneSupply, ohms: { A1: 0.45 }, feeds }));
    expect(learnt.get('feed:A')!.ohms).toBeCloseTo(learnt.get('breaker:A1')!.ohms, 3);
  });

  it('is not learnt from steps of several at once', () => {
    expect(
      drawn({ supplies: twoSupplies, ohms: { A1: 0.45, B1: 0.25 }, together: true }).impedances(),
    ).toEqual([]);
  });

  it('is not made up where the voltage does not follow', () => {
    const learnt = byScope(drawn({ supplies: oneSupply, ohms: { A1: 0 } })).get('breaker:A1');
    expect(learnt?.confidence ?? 0).toBeLessThan(0.4);
  });

  it('is not learnt from less than an ampere', () => {
    const supplies = [{ breaker: 'A1', share: 0.15 }];
    const watch = drawn({ supplies, ohms: { A1: 0.45 } });
    expect(watch.impedances()).toEqual([]);
    expect(watch.unlearntSupplies()).toEqual([{ scope: 'breaker:A1', steps: 0 }]);
  });

  it('goes on with the breaker that the outlets hang on after they were plugged over', () => {
    const watch = drawn({ supplies: oneSupply, ohms: { A1: 0.45 } });
    const steps = watch.impedances()[0]!.steps;
    watch.recable(treeWith([{ breaker: 'C9', share: 1 }]));
    const from = beginMs + 6 * 3600 * second;
    for (let at = 0; at < 3600; at += 1) {
      const amps = at % 240 < 120 ? 1 : 6;
      for (let i = 1; i < machines; i += 1) tell(watch, i, from + at * second, 0, 230, 1);
      tell(watch, 0, from + at * second + 5, 0, 232 - 0.2 * amps, amps);
    }
    const learnt = byScope(watch);
    expect(learnt.get('breaker:A1')!.steps).toBe(steps);
    expect(learnt.get('breaker:C9')!.ohms).toBeCloseTo(0.2, 2);
  });
});

describe('the current of the usual start', () => {
  it('counts for each breaker only what flows there', () => {
    const watch = new Watch({ tree: treeWith(twoSupplies), event: () => {} });
    watch.opened(0, 'server:s0', ['pdu-0/0', 'pdu-1/0']);
    const one = (at: number, watts: number, input: number, share: number) => {
      const amps = (share * watts) / 230;
      const own = { input, watts: share * watts };
      observe(watch, 0, beginMs + at * second + input, watts, 230 - 0.4 * amps, amps, own);
    };
    for (let at = 0; at < 12_000; at += 1) {
      const phase = at % 1_500;
      const watts = phase < 300 ? 1 : phase < 330 ? 1841 : 1381;
      one(at, watts, 0, 0.75);
      one(at, watts, 1, 0.25);
    }
    watch.tick(beginMs + 20_000 * second);
    const learnt = byScope(watch);
    expect(learnt.get('breaker:A1')!.ampsPerStart).toBeCloseTo(6, 1);
    expect(learnt.get('breaker:B1')!.ampsPerStart).toBeCloseTo(2, 1);
  });
});
