import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Watch } from '../../src/detect/watch.ts';
import { noTree, observe } from './waves.ts';

const watts = fc.oneof(
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 2, 12, 40, 250, 500, 65_535, Number.MAX_VALUE, Number.MIN_VALUE),
);
const stepMs = fc.oneof(
  fc.integer({ min: -5_000, max: 60_000 }),
  fc.double({ min: -1e9, max: 1e9, noNaN: true }),
  fc.constantFrom(0, 1000, 1000, 300_000, 86_400_000),
);
const maybe = fc.oneof(fc.constant(Number.NaN), fc.double({ min: -10, max: 500, noNaN: true }));
const readings = fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), stepMs, watts, maybe, maybe), {
  minLength: 50,
  maxLength: 400,
});

/** Every number in it. */
function numbersIn(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbersIn) : [];
}

describe('whatever is read', () => {
  it('nothing throws, and no event, start or idle row has a number that is none', () => {
    fc.assert(
      fc.property(readings, (list) => {
        const told: unknown[] = [];
        const watch = new Watch({ tree: noTree, event: (event) => told.push(event) });
        for (let i = 0; i < 3; i += 1) watch.opened(i, `server:${i}`, [`pdu/${i}`]);
        let nowMs = 1.7e12;
        for (const [scope, byMs, draw, volts, amps] of list) {
          nowMs = Math.max(1, nowMs + byMs);
          watch.tick(nowMs);
          observe(watch, scope, nowMs, draw, volts, amps);
        }
        told.push(watch.openStarts(), watch.idle(), watch.impedances());
        expect(numbersIn(told).filter((number) => !Number.isFinite(number))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the state of a load', () => {
  it('stays the same size through a year of noise', () => {
    const watch = new Watch({ tree: noTree, event: () => {} });
    watch.opened(0, 'server:0', ['pdu/0']);
    const sizes: number[] = [];
    let draw = 1;
    for (let i = 0; i < 60_000; i += 1) {
      draw = (draw * 16_807) % 2_147_483_647;
      observe(watch, 0, 1.7e12 + i * 500_000, draw % 700, 230, (draw % 700) / 230);
      if (i % 1_000 === 0)
        sizes.push([...watch.save(1.7e12)].reduce((bytes, part) => bytes + part.length, 0));
    }
    expect(Math.max(...sizes)).toBeLessThan(120_000);
  });

  it('has a trace of two thousand points at most while it starts', () => {
    const watch = new Watch({ tree: noTree, event: () => {} });
    watch.opened(0, 'server:0', ['pdu/0']);
    for (let i = 0; i < 15_000; i += 1)
      observe(watch, 0, 1.7e12 + i * 50, i < 1_000 ? 0 : 300 + (i % 7), Number.NaN, Number.NaN);
    const [start] = watch.openStarts();
    expect(start!.trace!.watts.length).toBeGreaterThan(1_000);
    expect(start!.trace!.watts.length).toBeLessThanOrEqual(2_048);
  });
});
