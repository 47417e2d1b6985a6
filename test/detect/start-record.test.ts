import { describe, expect, it } from 'vitest';
import { Watch } from '../../src/detect/watch.ts';
import type { PowerEvent } from '../../src/model/event.ts';
import { beginMs, boot, hour, lastTold, minute, noTree, observe, type Part, seen, wave } from './waves.ts';

const off: Part = [hour, 1, 0.2];
const atMs = beginMs + 3_600_000;

describe('the record of a start', () => {
  const { events, starts } = seen(wave([off, ...boot(250), [hour, 250, 2]]));
  const told = events.filter((event) => event.kind === 'start').map(({ start }) => start);

  it('is announced at once and completed later under the same id', () => {
    expect(new Set(told.map(({ id }) => id)).size).toBe(1);
    expect(told[0]).toMatchObject({ atMs, complete: false });
    expect(told[0]!.detectedAtMs).toBeLessThanOrEqual(atMs + 2_000);
    expect(told[0]).not.toHaveProperty('settledWatts');
    expect(told.map(({ complete }) => complete)).toEqual([false, false, true]);
  });

  it('has the level before, the largest reading as a lower bound, and the distance of readings', () => {
    expect(starts[0]!.fromWatts).toBeCloseTo(1, 0);
    expect(starts[0]!.peakWatts).toBeGreaterThan(495);
    expect(starts[0]).toMatchObject({ peakIs: 'lower-bound', sampleMs: 1000 });
    expect(starts[0]!.peakAtMs).toBeLessThan(atMs + 15_000);
  });

  it('takes no plateau of the boot for the settled level', () => {
    expect(starts[0]!.settledWatts).toBeCloseTo(250, -1);
    expect(starts[0]!.settleMs).toBeGreaterThan(130_000);
    expect(starts[0]!.settleMs).toBeLessThan(160_000);
  });

  it('has the energy until it settled', () => {
    const joules = 15 * 500 + 40 * 325 + 90 * 400;
    expect(starts[0]!.wattHours).toBeCloseTo(joules / 3600, 0);
  });

  it('is the same from a meter put on backwards, but for the trace', () => {
    const backwards = wave([off, ...boot(250), [hour, 250, 2]]).map((one) => ({ ...one, watts: -one.watts }));
    const { trace: _, ...rest } = starts[0]!;
    expect(seen(backwards).starts).toMatchObject([rest]);
  });

  it('has its trace at full resolution, from the reading before', () => {
    const { trace } = starts[0]!;
    expect(trace!.atMs[0]).toBe(atMs - 1000);
    expect(trace!.atMs.slice(0, 200)).toEqual(Array.from({ length: 200 }, (_, i) => atMs + (i - 1) * 1000));
    expect(trace!.watts).toHaveLength(trace!.atMs.length);
  });

  it('estimates the charging of the supplies only where they had no mains, and says so', () => {
    expect(starts[0]!.inrushEstimate).toMatchObject({ ampsPeak: 35, supplies: 1, rule: expect.any(String) });
    const fromStandby = seen(wave([[hour, 12, 0.5], ...boot(250), [hour, 250, 2]])).starts;
    expect(fromStandby[0]).not.toHaveProperty('inrushEstimate');
  });

  it('settles in what is left where it is switched off again', () => {
    const short = seen(wave([off, [4 * minute, 300, 3], off])).starts;
    expect(short).toMatchObject([{ complete: true }]);
    expect(short[0]!.settledWatts).toBeCloseTo(300, -1);
  });

  it('waits for the surge that comes minutes after the BMC', () => {
    const late = seen(wave([off, [2 * minute, 15, 0.5], ...boot(250), [hour, 250, 2]])).starts;
    expect(late).toHaveLength(1);
    expect(late[0]!.peakWatts).toBeGreaterThan(490);
  });
});

describe('the voltage at a start', () => {
  it('is that of before, and the lowest of the surge', () => {
    const readings = wave([off, ...boot(250), [20 * minute, 250, 2]]).map((one) => {
      const amps = one.watts / 230;
      return { ...one, volts: 231 - 2 * amps, amps };
    });
    const [start] = seen(readings).starts;
    expect(start!.voltsBefore).toBeCloseTo(231, 1);
    expect(start!.voltsMin).toBeCloseTo(231 - (2 * start!.peakWatts) / 230, 1);
    expect(start!.trace!.volts).toHaveLength(start!.trace!.atMs.length);
  });

  it('is absent where no reading told any', () => {
    const [start] = seen(wave([off, ...boot(250), [20 * minute, 250, 2]])).starts;
    expect(start).not.toHaveProperty('voltsBefore');
    expect(start).not.toHaveProperty('voltsMin');
    expect(start!.trace).not.toHaveProperty('volts');
  });
});

describe('a start that is heard late', () => {
  const lateMs = 2 * hour * 1000;
  const readings = wave([[10 * minute, 1, 0.5], ...boot(250), [hour, 250, 3]]);

  it('from a queue of the broker, while the clock goes on, is summed up as if it had been heard in time', () => {
    const events: PowerEvent[] = [];
    const watch = new Watch({ tree: noTree, event: (event) => events.push(event) });
    watch.opened(0, 'server:a', ['pdu/1']);
    const endMs = readings.at(-1)!.atMs + lateMs;
    for (const [i, { atMs, watts }] of readings.entries()) {
      if (i % 100 === 0) watch.tick(endMs + 10 * i);
      observe(watch, 0, atMs, watts, Number.NaN, Number.NaN);
    }
    const [inTime] = seen(readings).starts;
    expect(lastTold(events)).toEqual([inTime]);
  });

  it('and whose meter falls silent in the surge has no settled level: nobody saw it', () => {
    const surge = readings.filter(({ atMs }) => atMs < readings[0]!.atMs + 610_000);
    const { starts } = seen(surge, 2 * hour);
    expect(starts).toMatchObject([{ complete: true, peakWatts: expect.any(Number) }]);
    expect(starts[0]).not.toHaveProperty('settledWatts');
    expect(starts[0]).not.toHaveProperty('settleMs');
  });
});
