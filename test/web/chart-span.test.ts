import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ChartSpan,
  liveRangeOf,
  parseSpan,
  shifted,
  spanAt,
  spanQuery,
  zoomed,
} from '../../src/web/chart-span.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const nowMs = 1_800_000_000_000;

describe('the span of a chart', () => {
  it.each([
    [{}, { range: '15min' }],
    [{ range: '6h' }, { range: '6h' }],
    [{ range: 'eternity' }, { range: '15min' }],
    [
      { from: '1000000', to: '5000000' },
      { fromMs: 1_000_000, toMs: 5_000_000 },
    ],
    // Backwards, too narrow, half of it, no numbers.
    [{ from: '5000000', to: '1000000' }, { range: '15min' }],
    [{ from: '1', to: '2' }, { range: '15min' }],
    [{ from: '1000000', range: '1h' }, { range: '1h' }],
    [{ from: 'then', to: 'now' }, { range: '15min' }],
  ] as const)('%o in the address is %o', (query, span) => {
    expect(parseSpan(query)).toEqual(span);
  });

  it('is the same again when it was put into the address', () => {
    const range = fc.constantFrom('15min', '1h', '6h', '24h', '7d', '30d').map((name) => ({ range: name }));
    const past = fc
      .tuple(fc.integer({ min: 0, max: nowMs }), fc.integer({ min: minuteMs, max: 400 * 24 * hourMs }))
      .map(([fromMs, lengthMs]) => ({ fromMs, toMs: fromMs + lengthMs }));
    fc.assert(
      fc.property(fc.oneof(range, past), (span) => {
        expect(parseSpan(spanQuery(span as ChartSpan))).toEqual(span);
      }),
    );
  });

  it('goes back by half of itself, and forward until it runs on with the present', () => {
    const before = shifted({ range: '1h' }, -1, nowMs);
    expect(before).toEqual({ fromMs: nowMs - 1.5 * hourMs, toMs: nowMs - hourMs / 2 });
    expect(shifted(before, -1, nowMs)).toEqual({ fromMs: nowMs - 2 * hourMs, toMs: nowMs - hourMs });
    expect(shifted(before, 1, nowMs)).toEqual({ range: '1h' });
  });

  it('that was dragged over is never too narrow to show anything', () => {
    expect(zoomed(nowMs, nowMs + hourMs)).toEqual({ fromMs: nowMs, toMs: nowMs + hourMs });
    const { fromMs, toMs } = spanAt(zoomed(nowMs, nowMs + 1_000), nowMs);
    expect(toMs - fromMs).toBe(minuteMs);
    expect((fromMs + toMs) / 2).toBe(nowMs + 500);
  });

  it('takes its live figures from the finest series that reaches back far enough', () => {
    expect(liveRangeOf({ range: '6h' }, nowMs)).toBe('6h');
    expect(liveRangeOf({ fromMs: nowMs - 20 * minuteMs, toMs: nowMs - minuteMs }, nowMs)).toBe('1h');
    expect(liveRangeOf({ fromMs: 0, toMs: hourMs }, nowMs)).toBe('30d');
  });
});
