import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EnergyTrail } from '../../src/analysis/energy-trail.ts';

const quarterMs = 900_000;
const fromMs = Date.UTC(2026, 0, 15, 12);

function trail() {
  const doubts: [number, number][] = [];
  const late: number[] = [];
  const made = new EnergyTrail({
    doubt: (_, from, to) => doubts.push([from, to]),
    late: (_, atMs) => late.push(atMs),
  });
  return { made, doubts, late };
}

describe('the energy trail', () => {
  it('books what a counter counts from its first tick on, no more and no less, by quarters', () => {
    const plan = fc.record({
      everyMs: fc.constantFrom(10_000, 30_000, 60_000),
      count: fc.constantFrom(0.1, 1, 10),
      loads: fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 4, maxLength: 30 }),
      factor: fc.constantFrom(0.97, 1, 1.03),
      hours: fc.integer({ min: 3, max: 9 }),
    });
    fc.assert(
      fc.property(plan, ({ everyMs, count, loads, factor, hours }) => {
        const { made, doubts } = trail();
        const truth = new Map<number, number>();
        const told = new Map<number, number>();
        let drawn = 0;
        let nextMs = fromMs;
        const toMs = fromMs + hours * 3_600_000;
        for (let atMs = fromMs, i = 0; atMs < toMs; atMs += everyMs, i += 1) {
          const watts = loads[Math.floor(i / 7) % loads.length]!;
          const raw = 1_000 + Math.floor(drawn / count + 1e-9) * count;
          made.take(0, atMs, watts * factor, raw, everyMs);
          const quarter = atMs - (atMs % quarterMs);
          truth.set(quarter, (truth.get(quarter) ?? 0) + (watts * everyMs) / 3_600_000);
          drawn += (watts * everyMs) / 3_600_000;
          // As the service does: a quarter is told 75 minutes after its end.
          for (; atMs >= nextMs + 6 * quarterMs; nextMs += quarterMs) {
            const row = made.settle(0, nextMs)!;
            told.set(nextMs, row.counterWattHours + row.integratedWattHours);
            expect(row.observedMs).toBe(quarterMs);
          }
        }
        // Up to its first tick in the next hour it is for the ledger.
        const ticks = doubts.length > 0;
        if (ticks) expect(doubts).toEqual([[fromMs, expect.any(Number)]]);
        // When a load changes between two readings nobody knows.
        const slack = 2.1 * count + (Math.max(...loads) * everyMs) / 2 / 3_600_000;
        const sure = [...told].filter(([at]) => !ticks || at > doubts[0]![1]);
        for (const [at, wattHours] of sure)
          expect(Math.abs(wattHours - truth.get(at)!)).toBeLessThan(slack + 0.08 * truth.get(at)!);
        const whole = sure.reduce((sum, [at]) => sum + truth.get(at)!, 0);
        const all = sure.reduce((sum, [, wattHours]) => sum + wattHours, 0);
        expect(Math.abs(all - whole)).toBeLessThan(slack + 0.02 * whole);
      }),
      { numRuns: 60 },
    );
  });

  it('books an open hour again, not half of it, when a gap breaks it', () => {
    const { made, doubts } = trail();
    // 360 W, 10 Wh counts; a tick at every hundredth second.
    const tell = (seconds: number) =>
      made.take(0, fromMs + seconds * 1_000, 360, Math.floor(seconds / 100) * 10, 10_000);
    for (let s = 0; s <= 5_000; s += 10) tell(s);
    for (let s = 5_600; s <= 8_000; s += 10) tell(s);
    const at = (s: number) => fromMs + s * 1_000;
    expect(doubts).toEqual([
      [at(0), at(3_600)],
      [at(3_600), at(5_600)],
      [at(5_600), at(7_200)],
    ]);
  });

  it('books nothing of a counter that falls, jumps, or was silent: it calls that a doubt', () => {
    const { made, doubts } = trail();
    const tell = (seconds: number, raw: number) => made.take(0, fromMs + seconds * 1_000, 100, raw, 10_000);
    for (let s = 0; s <= 300; s += 10) tell(s, 5_000 + Math.floor(s / 36));
    tell(310, 0);
    tell(320, 5_008);
    tell(330, 5_000_008);
    expect(doubts).toHaveLength(3);
    tell(1_330, 5_000_036);
    expect(doubts.at(-1)).toEqual([fromMs + 330_000, fromMs + 1_330_000]);
    expect(made.settle(0, fromMs)!.counterWattHours).toBeLessThan(10);
  });

  it('takes a counter that stands still while watts flow for stuck: the watts count', () => {
    const { made } = trail();
    for (let s = 0; s < 6_000; s += 10) made.take(0, fromMs + s * 1_000, 360, 7_000, 10_000);
    const row = made.settle(0, fromMs)!;
    expect(row).toMatchObject({ counterWattHours: 0, observedMs: quarterMs });
    expect(row.integratedWattHours).toBeCloseTo(90, 6);
  });

  it('says which readings are late, but not what merely comes twice', () => {
    const { made, late } = trail();
    for (const s of [0, 10, 20, 20, 10, 30]) made.take(0, fromMs + s * 1_000, 100, 1, 10_000);
    expect(late).toEqual([]);
    made.take(0, fromMs + 5_000, 100, 1, 10_000);
    expect(late).toEqual([fromMs + 5_000]);
  });
});
