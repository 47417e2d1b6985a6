import { describe, expect, it } from 'vitest';
import { ReportingPattern } from '../../src/analysis/reporting-pattern.ts';

const startMs = Date.parse('2026-11-01T00:00:00Z');

function shown(intervalsMs: readonly number[], fromMs = startMs) {
  const pattern = new ReportingPattern(300_000);
  let atMs = fromMs;
  for (const intervalMs of intervalsMs) {
    atMs += intervalMs;
    pattern.seen(atMs, intervalMs);
  }
  return { pattern, atMs };
}

const repeat = (count: number, ...values: number[]) => Array.from({ length: count }, () => values).flat();

describe('how a meter reports', () => {
  it.each([
    ['nothing seen: what its family does', [], 300_000, false],
    ['too little seen', repeat(7, 10_000), 300_000, false],
    ['a period', repeat(50, 10_000), 10_000, true],
    ['a period with a little unrest', repeat(20, 9_000, 10_000, 11_000), 10_000, true],
    ['a period with lost messages', repeat(20, 10_000, 10_000, 10_000, 10_000, 20_000, 10_000), 10_000, true],
    ['one sample in two messages', repeat(40, 5, 10_000), 10_000, true],
    ['a period with two outages', [...repeat(30, 10_000), 3_000_000, 2_000_000], 10_000, true],
    [
      'changes, and a sign of life every minute',
      repeat(20, 1_000, 4_000, 9_000, 60_000, 25_000),
      60_000,
      false,
    ],
    ['changes, with two outages', [...repeat(20, 1_000, 4_000, 40_000), 1_000_000, 900_000], 40_000, false],
  ] as const)('%s', (_name, intervals, expectedMs, periodic) => {
    const { pattern, atMs } = shown(intervals);
    const reporting = pattern.at(atMs);
    expect(reporting.periodic).toBe(periodic);
    expect(reporting.expectedMs / expectedMs).toBeCloseTo(1, 1);
  });

  it('is forgotten after six hours', () => {
    const { pattern, atMs } = shown(repeat(100, 10_000));
    expect(pattern.at(atMs + 4 * 3_600_000).expectedMs).toBe(10_000);
    expect(pattern.at(atMs + 7 * 3_600_000).expectedMs).toBe(300_000);
  });

  it('tells at once that a few intervals in a row are alike', () => {
    expect(shown([...repeat(700, 10_000), ...repeat(8, 300_000)]).pattern.evenMs).toBe(300_000);
    expect(shown([...repeat(700, 10_000), ...repeat(7, 300_000)]).pattern.evenMs).toBe(0);
    expect(shown([10_000]).pattern.evenMs).toBe(0);
  });
});
