import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { counterStep, countOf } from '../../src/analysis/counter-step.ts';

const step = (before: number, after: number, mostWattHours = 100, likelyWattHours = 20, mayWrap = true) =>
  counterStep(before, after, { mostWattHours, likelyWattHours, mayWrap });

describe('a step of a counter', () => {
  it.each([
    ['stands still', 1234, 1234, 'same'],
    ['stands still but for rounding', 41_207, 41_207.000_000_000_01, 'same'],
    ['counts on', 1234, 1300, 'tick'],
    ['counts on by as much as can flow and two counts', 1234, 1336, 'tick'],
    ['jumps', 1234, 1337, 'impossible'],
    ['slips back by two counts', 1234, 1232, 'jitter'],
    ['slips back by less than flows in the time', 1234, 1216, 'jitter'],
    ['slips back by more', 1234, 1200, 'impossible'],
    ['slips back by a step of a tenth of a kWh', 215_700, 215_600, 'jitter'],
    ['begins anew', 41_207, 0, 'impossible'],
    ['begins anew from little', 15, 3, 'impossible'],
    ['wraps at six digits', 999_990, 12, 'tick'],
    ['wraps at 32 bits', 2 ** 32 - 10, 12, 'tick'],
    ['wraps at 32 bits of thousandths', 4_294_967.296 - 10, 12, 'tick'],
    ['begins anew near no wrap', 899_990, 12, 'impossible'],
    ['begins anew near a wrap, but from where too much would have flowed', 999_990, 80, 'impossible'],
  ])('that %s', (_name, before, after, kind) => {
    expect(step(before, after).kind).toBe(kind);
  });

  it('is no wrap after a long silence, when a reset looks the same', () => {
    expect(step(999_990, 12, 100_000, Number.NaN, false).kind).toBe('impossible');
  });

  it('that wraps tells at what', () => {
    expect(step(999_990, 12)).toEqual({ kind: 'tick', wrapWattHours: 1_000_000 });
  });

  it('never stands for more than can flow', () => {
    const counter = fc.double({ min: 0, max: 1e10, noNaN: true });
    fc.assert(
      fc.property(counter, counter, fc.double({ min: 0, max: 1e4, noNaN: true }), (before, after, most) => {
        const found = step(before, after, most, Number.NaN);
        if (found.kind !== 'tick') return;
        const wattHours = after + found.wrapWattHours - before;
        expect(wattHours).toBeGreaterThanOrEqual(0);
        expect(wattHours).toBeLessThanOrEqual(most + 200 + 1e-3);
      }),
    );
  });
});

describe('one count', () => {
  it.each([
    [41_207, 41_210, 1],
    [58_140, 58_150, 10],
    [58.14 * 1000, 58.15 * 1000, 10],
    [215_700, 215_800, 100],
    [0, 0, 100],
    [12.3, 12.4, 0.1],
    [0.3125, 0.625, 0.001],
    [12.34, 12, 0.01],
  ])('of %f and %f Wh is %f', (one, other, count) => {
    expect(countOf(one, other)).toBe(count);
  });
});
