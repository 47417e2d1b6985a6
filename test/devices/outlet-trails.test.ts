import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OutletTrails } from '../../src/devices/outlet-trails.ts';
import { quantities } from '../../src/model/quantity.ts';
import { emptyReading, type Reading } from '../../src/model/reading.ts';
import { message, startMs } from './made-message.ts';

interface Told extends Partial<Pick<Reading, (typeof quantities)[number] | 'on'>> {
  /** After the start, in ms. */
  received: number;
  /** The device's own time after the start, in ms. */
  device?: number;
  topic?: string;
  slot?: number;
}

/** The instants given, after the start; undefined: dropped. */
function instants(trails: OutletTrails, tellings: readonly Told[]): (number | undefined)[] {
  return tellings.map(({ received, device, topic = 'one', slot = 0, ...figures }) => {
    const receivedAtMs = startMs + received;
    const reading: Reading = Object.assign(
      emptyReading('d', 'd/0', message('t', '', { receivedAtMs })),
      figures,
    );
    if (device !== undefined) {
      reading.atMs = startMs + device;
      reading.atBasis = 'device';
    }
    return trails.admit(slot, reading, topic) === 'known' ? undefined : reading.atMs - startMs;
  });
}

const micros = (atMs: number | undefined) => (atMs === undefined ? undefined : Math.round(atMs * 1000));

describe('readings at the time of receipt', () => {
  test('keep it while it moves on', () => {
    const told = [0, 1, 1.5, 900].map((received) => ({ received, watts: 5 }));
    expect(instants(new OutletTrails(), told)).toEqual([0, 1, 1.5, 900]);
  });

  test('are a microsecond apart within one millisecond, exactly, for as long as the burst lasts', () => {
    const burst = Array.from({ length: 20_000 }, (_, watts) => ({ received: 7, watts }));
    const given = instants(new OutletTrails(), burst).map(micros);
    expect(given).toEqual(burst.map((_, index) => 7_000 + index));
  });

  test('do not collide with those of a burst just before', () => {
    const told = [0, 0, 0, 0.001, 0.002, 0.0064, 1].map((received, watts) => ({ received, watts }));
    expect(instants(new OutletTrails(), told).map(micros)).toEqual([0, 1, 2, 3, 4, 6, 1_000]);
  });

  test('are put off by no more than a second, then dropped', () => {
    const trails = new OutletTrails();
    const reading = emptyReading('d', 'd/0', message('t', ''));
    reading.watts = 5;
    let kept = 0;
    for (let count = 0; count < 1_000_100; count++) {
      reading.atMs = startMs;
      if (trails.admit(0, reading, 'one') !== 'known') kept += 1;
    }
    expect([kept, reading.atMs]).toEqual([1_000_001, startMs]);
    expect(instants(trails, [{ received: 2_000, watts: 6 }])).toEqual([2_000]);
  });

  test('are put off, not given twice, when our own clock is set back a little', () => {
    const told = [1_000, 400, 401, 1_000].map((received, watts) => ({ received, watts }));
    expect(instants(new OutletTrails(), told).map(micros)).toEqual([
      1_000_000, 1_000_001, 1_000_002, 1_000_003,
    ]);
  });

  test('go on when our own clock is set back', () => {
    const told = [100_000, 100_010, 40_000, 40_010, 40_010].map((received, watts) => ({ received, watts }));
    expect(instants(new OutletTrails(), told).map(micros)).toEqual([
      100_000_000, 100_010_000, 40_000_000, 40_010_000, 40_010_001,
    ]);
  });

  test('never share an instant, whatever arrives when, unless our clock is set back by more than a second', () => {
    const step = fc.record({ step: fc.double({ min: -0.5, max: 3, noNaN: true }), watts: fc.integer() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let received = 1_000;
        const told = steps.map(({ step, watts }) => {
          received += step;
          return { received, watts };
        });
        const given = instants(new OutletTrails(), told).filter((atMs) => atMs !== undefined);
        const written = given.map((atMs) => micros(atMs));
        expect(new Set(written).size).toBe(written.length);
        expect(given.length).toBe(told.length);
      }),
    );
  });
});

describe("readings at the device's own time", () => {
  test('keep it, also when they come late or out of order', () => {
    const told = [3_000, 1_000, 2_000, 500].map((device, watts) => ({
      received: 9_000 + watts,
      device,
      watts,
    }));
    expect(instants(new OutletTrails(), told)).toEqual([3_000, 1_000, 2_000, 500]);
  });

  test('are dropped when they are delivered again, also the last two in a row', () => {
    const one = { received: 10, device: 0, watts: 5, volts: 230 };
    const two = { received: 20, device: 1_000, watts: 6, volts: 230 };
    const told = [one, two, { ...one, received: 5_000 }, { ...two, received: 5_001 }];
    expect(instants(new OutletTrails(), told)).toEqual([0, 1_000, undefined, undefined]);
  });

  test('that bring the rest of the same sample keep its instant, so that the store joins them', () => {
    const told: Told[] = [
      { received: 1, device: 0, watts: 5 },
      { received: 2, device: 0, volts: 230 },
      { received: 3, device: 0, watts: 5, volts: 230 },
      { received: 4, device: 0, on: true },
      { received: 5, device: 0, on: true, watts: 5 },
    ];
    expect(instants(new OutletTrails(), told)).toEqual([0, 0, undefined, 0, undefined]);
  });

  test('of a clock that only knows seconds do not overwrite each other', () => {
    const told: Told[] = [
      { received: 100, device: 0, watts: 5 },
      { received: 300, device: 0, watts: 9 },
      { received: 600, device: 0, watts: 7 },
      { received: 700, device: 0, watts: 7 },
      { received: 1_200, device: 1_000, watts: 7 },
    ];
    expect(instants(new OutletTrails(), told).map(micros)).toEqual([0, 1, 2, undefined, 1_000_000]);
  });
});

describe('the same sample on two topics', () => {
  const onTwo = (first: Partial<Told>, second: Partial<Told>) =>
    instants(new OutletTrails(), [
      { received: 0, topic: 'one', ...first },
      { received: 5, topic: 'two', ...second },
    ]);

  test('is dropped the second time, whichever carried a time', () => {
    expect(onTwo({ watts: 5 }, { watts: 5 })).toEqual([0, undefined]);
    expect(onTwo({ watts: 5, device: -80 }, { watts: 5 })).toEqual([-80, undefined]);
    expect(onTwo({ watts: 5, volts: 230 }, { watts: 5, device: -80 })).toEqual([0, undefined]);
    expect(onTwo({ on: true }, { on: true })).toEqual([0, undefined]);
  });

  test('leaves of the second what the first did not bring, once, at the instant of the first', () => {
    const trails = new OutletTrails();
    const tell = (topic: string, received: number, figures: object, device?: number) => {
      const reading = emptyReading('d', 'd/0', message('t', '', { receivedAtMs: startMs + received }));
      Object.assign(reading, figures);
      if (device !== undefined) Object.assign(reading, { atMs: startMs + device, atBasis: 'device' });
      const verdict = trails.admit(0, reading, topic);
      const { watts, volts, amps, on, atMs, atBasis } = reading;
      return verdict === 'known' ? verdict : [verdict, { watts, volts, amps, on }, atMs - startMs, atBasis];
    };
    const nothing = { watts: undefined, volts: undefined, amps: undefined, on: undefined };
    expect(tell('one', 0, { watts: 5, volts: 230 }, -80)).toEqual([
      'news',
      { ...nothing, watts: 5, volts: 230 },
      -80,
      'device',
    ]);
    const whole = { watts: 5, volts: 230, amps: 0.1, on: true };
    expect(tell('two', 10, whole)).toEqual(['rest', { ...nothing, amps: 0.1, on: true }, -80, 'device']);
    expect(tell('two', 20, whole)).toBe('known');
    expect(tell('three', 30, { on: true, amps: 0.1 })).toBe('known');
    expect(tell('two', 40, { ...whole, amps: 0.2 })).toEqual([
      'news',
      { ...whole, amps: 0.2 },
      40,
      'received',
    ]);
  });

  test('is not the same when a figure differs, none is shared, only the relay is, or both times are known', () => {
    expect(onTwo({ watts: 5 }, { watts: 6 })).toEqual([0, 5]);
    expect(onTwo({ watts: 5 }, { watts: 5, received: 1_500 })).toEqual([0, 1_500]);
    expect(onTwo({ watts: 5 }, { volts: 230 })).toEqual([0, 5]);
    expect(onTwo({ on: true }, { on: true, watts: 5 })).toEqual([0, 5]);
    expect(onTwo({ on: true }, { on: false })).toEqual([0, 5]);
    expect(onTwo({ watts: 5, device: -80 }, { watts: 5, device: -10 })).toEqual([-80, -10]);
  });

  test('is still known when the other topic lags one sample behind', () => {
    const told: Told[] = [
      { received: 0, device: -40, watts: 5 },
      { received: 100, device: 60, watts: 6 },
      { received: 101, watts: 5, topic: 'two' },
      { received: 102, watts: 6, topic: 'two' },
    ];
    expect(instants(new OutletTrails(), told)).toEqual([-40, 60, undefined, undefined]);
  });

  test('said again on the same topic is news: still so', () => {
    const told = [0, 100, 200].map((received) => ({ received, watts: 5 }));
    expect(instants(new OutletTrails(), told)).toEqual([0, 100, 200]);
  });
});

test('outlets do not know of each other, however many there are', () => {
  const trails = new OutletTrails();
  const slots = [0, 1, 700, 3, 100_000];
  expect(
    instants(
      trails,
      slots.map((slot) => ({ received: 0, watts: 5, slot })),
    ),
  ).toEqual(slots.map(() => 0));
  expect(
    instants(
      trails,
      slots.map((slot) => ({ received: 0, watts: 6, slot })),
    ).map(micros),
  ).toEqual(slots.map(() => 1));
});

test('every quantity counts when two readings are compared', () => {
  for (const quantity of [...quantities, 'on'] as const) {
    const value = quantity === 'on' ? true : 7;
    const other = quantity === 'on' ? false : 8;
    const told: Told[] = [
      { received: 0, device: 0, [quantity]: value },
      { received: 1, device: 0, [quantity]: value },
      { received: 2, device: 0, [quantity]: other },
    ];
    expect(instants(new OutletTrails(), told).map(micros), quantity).toEqual([0, undefined, 1]);
  }
});
