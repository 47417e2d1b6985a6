import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LedgerRow, ledgerStepMs, wattHoursOf } from '../../src/analysis/ledger-row.ts';
import { coverageOf, energyRows, lossRows, reconcile, sumRows } from '../../src/analysis/ledger-sums.ts';
import { localEdges } from '../../src/analysis/local-time.ts';

const startMs = Date.parse('2026-10-24T00:00Z');
const row = (quarter: number, change: Partial<LedgerRow> = {}): LedgerRow => ({
  fromMs: startMs + quarter * ledgerStepMs,
  counterWattHours: 10,
  integratedWattHours: 0,
  spreadWattHours: 0,
  observedMs: ledgerStepMs,
  spreadMs: 0,
  checkCounterWattHours: 10,
  checkIntegralWattHours: 10,
  ...change,
});
const rows = (count: number, change: Partial<LedgerRow> = {}) =>
  Array.from({ length: count }, (_, i) => row(i, change));
const all = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;
const total = (list: readonly LedgerRow[]) => list.reduce((sum, one) => sum + wattHoursOf(one), 0);

describe('the energy of a scope', () => {
  it('is that of its inputs, part by part', () => {
    const other = rows(2, {
      counterWattHours: 1,
      integratedWattHours: 2,
      spreadWattHours: 3,
      observedMs: ledgerStepMs / 2,
      spreadMs: ledgerStepMs / 4,
    });
    const [first] = sumRows(
      [
        { outlet: 'a/1', rows: rows(2) },
        { outlet: 'b/1', rows: other },
      ],
      ...all,
    );
    expect(first).toMatchObject({
      counterWattHours: 11,
      integratedWattHours: 2,
      spreadWattHours: 3,
      outlets: 2,
    });
    expect(coverageOf(first!)).toBeCloseTo((1 + 0.75) / 2, 12);
  });

  it('is half known while one of two inputs is not', () => {
    const sum = sumRows(
      [
        { outlet: 'a/1', rows: rows(4) },
        { outlet: 'b/1', rows: rows(2) },
      ],
      ...all,
    );
    expect(sum.map(coverageOf)).toEqual([1, 1, 0.5, 0.5]);
  });

  it('counts an outlet once, and what a device says as a whole only without its outlets', () => {
    const parts = [
      { outlet: 'a/1', rows: rows(2) },
      { outlet: 'a/1', rows: rows(2) },
      { outlet: 'a/total', rows: rows(2, { counterWattHours: 99 }) },
      { outlet: 'meter/total', rows: rows(2) },
    ];
    expect(total(sumRows(parts, ...all))).toBe(40);
  });

  it('follows a server that is plugged in elsewhere', () => {
    const movedMs = startMs + 1.5 * ledgerStepMs;
    const before = { outlet: 'a/1', rows: rows(4), toMs: movedMs };
    const after = { outlet: 'b/1', rows: rows(4, { counterWattHours: 30 }), fromMs: movedMs };
    const sum = sumRows([before, after], ...all);
    expect(sum.map(wattHoursOf)).toEqual([10, 20, 30, 30]);
    expect(sum.map((one) => one.outlets)).toEqual([1, 1, 1, 1]);
    expect(sum.map(coverageOf)).toEqual([1, 1, 1, 1]);
  });

  it('of racks adds up to that of the room, whatever the assignments', () => {
    const outlets = ['a/1', 'a/2', 'b/1', 'b/2', 'b/3'];
    const moves = fc.array(
      fc.record({ outlet: fc.constantFrom(...outlets), quarter: fc.double({ min: 0, max: 8, noNaN: true }) }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(moves, (list) => {
        const racks = new Map<number, { outlet: string; rows: LedgerRow[]; fromMs: number; toMs: number }[]>([
          [0, []],
          [1, []],
        ]);
        for (const outlet of outlets) {
          const edges = [
            ...all.slice(0, 1),
            ...list
              .filter((move) => move.outlet === outlet)
              .map((move) => startMs + move.quarter * ledgerStepMs)
              .sort((a, b) => a - b),
            ...all.slice(1),
          ];
          for (const [i, toMs] of edges.slice(1).entries())
            racks.get(i % 2)!.push({ outlet, rows: rows(8), fromMs: edges[i]!, toMs });
        }
        const room = total(
          sumRows(
            outlets.map((outlet) => ({ outlet, rows: rows(8) })),
            ...all,
          ),
        );
        const sum = [...racks.values()].reduce((both, parts) => both + total(sumRows(parts, ...all)), 0);
        expect(sum).toBeCloseTo(room, 6);
      }),
    );
  });

  it('is asked for a range of quarters', () => {
    const sum = sumRows(
      [{ outlet: 'a/1', rows: rows(8) }],
      startMs + ledgerStepMs,
      startMs + 3 * ledgerStepMs,
    );
    expect(sum.map((one) => one.fromMs)).toEqual([startMs + ledgerStepMs, startMs + 2 * ledgerStepMs]);
  });
});

describe('the loss of a device', () => {
  it('is its inlet less its outlets, where both are known', () => {
    const outlets = [
      { outlet: 'a/1', rows: rows(3) },
      { outlet: 'a/2', rows: [row(0), row(1, { observedMs: 1000 })] },
    ];
    const inlet = [
      row(0, { counterWattHours: 20.5 }),
      row(1, { counterWattHours: 20.5 }),
      row(2, { counterWattHours: 9 }),
    ];
    expect(lossRows(inlet, outlets)).toEqual([{ fromMs: startMs, inletWattHours: 20.5, lossWattHours: 0.5 }]);
  });
});

describe('energy by local time', () => {
  it('adds up over a day of 25 hours, and says how much is known', () => {
    const edges = localEdges('day', startMs, startMs + 47 * 3_600_000, 'Europe/London');
    const byDay = energyRows(rows(4 * 47), edges);
    expect(byDay.map((day) => [day.wattHours, day.coverage])).toEqual([
      [92 * 10, 23 / 24],
      [96 * 10, 24 / 25],
    ]);
  });

  it('of the day under way is complete when all that has passed is known, and of a day to come unknown', () => {
    const edges = localEdges('day', startMs, startMs + 50 * 3_600_000, 'UTC');
    const byDay = energyRows(rows(4 * 30), edges, startMs + 30 * 3_600_000);
    expect(byDay.map((day) => day.coverage)).toEqual([1, 1, 0]);
  });
});

describe('counter and watts', () => {
  it.each([
    ['agree', 1, 'agree', 0],
    ['agree nearly', 1.04, 'agree', 0.04],
    ['disagree', 0.9, 'disagree', -0.1],
    ['disagree, where the counter stands still', Number.POSITIVE_INFINITY, 'disagree', undefined],
  ] as const)('%s', (_name, factor, verdict, difference) => {
    const still = factor === Number.POSITIVE_INFINITY;
    const found = reconcile(
      rows(100, { checkCounterWattHours: still ? 0 : 10, checkIntegralWattHours: still ? 10 : 10 * factor }),
    );
    expect(found.verdict).toBe(verdict);
    if (difference !== undefined) expect(found.difference).toBeCloseTo(difference, 9);
  });

  it('are not compared over next to nothing', () => {
    expect(reconcile(rows(3)).verdict).toBe('too little');
  });
});
