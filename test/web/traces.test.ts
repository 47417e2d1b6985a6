import { describe, expect, it } from 'vitest';
import { tracePath } from '../../src/web/sparkline.tsx';
import { Traces, traceStepMs, traceSteps } from '../../src/web/traces.ts';

const startMs = 1_000 * traceStepMs;
const read = (traces: Traces, scope: string) =>
  Array.from(traces.read(scope, new Float32Array(traceSteps)) ?? []);

describe('traces', () => {
  it('keep the largest value of a step, so that a short start shows', () => {
    const traces = new Traces(10);
    traces.advance(startMs);
    for (const watts of [100, 612, 140]) traces.put('server:a', watts);
    expect(read(traces, 'server:a').at(-1)).toBe(612);
  });

  it('move on together, and leave a gap where nothing was known', () => {
    const traces = new Traces(10);
    traces.advance(startMs);
    traces.put('server:a', 1);
    traces.advance(startMs + 2 * traceStepMs);
    traces.put('server:a', 3);
    traces.put('server:b', undefined);
    expect(read(traces, 'server:a').slice(-4)).toEqual([Number.NaN, 1, Number.NaN, 3]);
    expect(traces.has('server:b')).toBe(false);
  });

  it('forget what is older than ten minutes, also after a long silence', () => {
    const traces = new Traces(10);
    traces.advance(startMs);
    traces.put('server:a', 1);
    traces.advance(startMs + traceSteps * traceStepMs);
    expect(read(traces, 'server:a').every(Number.isNaN)).toBe(true);
    traces.put('server:a', 2);
    traces.advance(startMs + 100 * traceSteps * traceStepMs);
    expect(read(traces, 'server:a').every(Number.isNaN)).toBe(true);
  });

  it('survive a clock set back, a little and far', () => {
    const traces = new Traces(10);
    traces.advance(startMs);
    traces.put('server:a', 1);
    traces.advance(startMs - 3 * traceStepMs);
    expect(read(traces, 'server:a').at(-1)).toBe(1);
    traces.advance(startMs - 10 * traceSteps * traceStepMs);
    expect(read(traces, 'server:a').every(Number.isNaN)).toBe(true);
  });

  it('trace no more scopes than allowed, and make room when scopes go', () => {
    const traces = new Traces(2);
    traces.advance(startMs);
    for (const scope of ['a', 'b', 'c']) traces.put(scope, 1);
    expect(['a', 'b', 'c'].map((scope) => traces.has(scope))).toEqual([true, true, false]);
    traces.keepOnly((scope) => scope === 'b');
    traces.put('c', 1);
    expect(['a', 'b', 'c'].map((scope) => traces.has(scope))).toEqual([false, true, true]);
  });

  it('take history for the time before, drawn through the middles of its buckets, gaps kept, live values standing', () => {
    const traces = new Traces(2);
    traces.advance(startMs);
    traces.put('a', 50);
    const minuteMs = 60_000;
    const fromMs = startMs - 5 * minuteMs;
    traces.fill(
      'a',
      [0, 1, 2, 3].map((i) => fromMs + i * minuteMs),
      minuteMs,
      [100, 200, null, 400],
    );
    const values = read(traces, 'a');
    const ago = (minutes: number) => values[traceSteps - 1 - (minutes * minuteMs) / traceStepMs]!;
    expect(ago(4.5)).toBeCloseTo(100, -1);
    expect(ago(4)).toBeCloseTo(150, -1);
    expect(ago(2.5)).toBeNaN();
    expect(ago(1.5)).toBe(400);
    // The last minute is not closed yet; the line reaches up to what is seen live.
    expect(ago(0.5)).toBe(400);
    expect(values.at(-1)).toBe(50);
    expect(ago(6)).toBeNaN();
  });
});

describe('the path of a trace', () => {
  const trace = (fill: (i: number) => number) => Float32Array.from({ length: traceSteps }, (_, i) => fill(i));
  const heights = (path: string) => [...path.matchAll(/[ML]\d+ ([\d.]+)/g)].map(([, y]) => Number(y));

  it('is empty when nothing is known', () => {
    expect(tracePath(trace(() => Number.NaN))).toBe('');
  });

  it('breaks at a gap', () => {
    const path = tracePath(trace((i) => (i === 50 ? Number.NaN : 100)));
    expect(path.match(/M/g)).toHaveLength(2);
  });

  it('draws a steady load as a calm line and a start as a peak', () => {
    const steady = heights(tracePath(trace((i) => 200 + (i % 2))));
    expect(Math.max(...steady) - Math.min(...steady)).toBeLessThan(10);
    const start = heights(tracePath(trace((i) => (i === 60 ? 600 : 200))));
    expect(Math.max(...start) - Math.min(...start)).toBeGreaterThan(150);
  });

  it('stays within its box, also for nothing but zeros', () => {
    for (const path of [tracePath(trace(() => 0)), tracePath(trace((i) => i * i))]) {
      for (const y of heights(path)) {
        expect(y).toBeGreaterThanOrEqual(0);
        expect(y).toBeLessThanOrEqual(240);
      }
    }
  });
});
