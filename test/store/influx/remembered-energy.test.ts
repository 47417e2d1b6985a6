import { beforeEach, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../../src/base/clock.ts';
import type { RollUpTier } from '../../../src/model/roll-up.ts';
import type { AnswerSeries, InfluxAsker, Question } from '../../../src/store/influx/ask.ts';
import { rollUpLines } from '../../../src/store/influx/lines.ts';
import { RememberedEnergy } from '../../../src/store/influx/remembered-energy.ts';
import { rollUp } from '../made-readings.ts';

const dayMs = 86_400_000;
const quarterMs = 900_000;
const nowMs = 20_000 * dayMs + dayMs / 2;
const range = { tier: 'quarter', fromMs: nowMs - 4.5 * dayMs, toMs: nowMs } as const;

/** Answers as InfluxDB does, from whatever stands in `watts`, and notes which times it was asked for. */
class Answering {
  readonly asked: [number, number][] = [];
  watts = 100;
  /** To happen while the next question is on its way. */
  meanwhile: (() => void) | undefined;

  async ask({ statement }: Question): Promise<readonly AnswerSeries[]> {
    const [fromMs, toMs] = [...statement.matchAll(/(\d+)u/g)].map((found) => Number(found[1]) / 1000);
    this.asked.push([fromMs!, toMs!]);
    const values: number[][] = [];
    for (let atMs = Math.ceil(fromMs! / quarterMs) * quarterMs; atMs < toMs!; atMs += quarterMs)
      values.push([atMs * 1000, this.watts / 4, quarterMs]);
    this.meanwhile?.();
    this.meanwhile = undefined;
    return values.length === 0 ? [] : [{ columns: [], tags: { scope: 'room' }, values }];
  }
}

let influx: Answering;
let clockMs: number;
let energy: RememberedEnergy;
beforeEach(() => {
  influx = new Answering();
  clockMs = nowMs;
  const clock: Clock = { ...systemClock, nowMs: () => clockMs };
  energy = new RememberedEnergy(influx as unknown as InfluxAsker, clock);
});

async function wattHours(
  scopes = ['room'],
  question: { fromMs: number; toMs: number } = range,
): Promise<number[]> {
  return [...((await energy.rows({ tier: 'quarter', scopes, ...question })).get('room')?.wattHours ?? [])];
}

function write(tier: RollUpTier, fromMs: number): void {
  energy.written(energy.encoded(rollUpLines(tier, []), [rollUp('room', fromMs, quarterMs, 1, 1, 1)]));
}

/** Of what is asked for when the same is asked again. */
async function askedAgain(): Promise<[number, number][]> {
  influx.asked.length = 0;
  expect(await wattHours()).toHaveLength(4.5 * 96);
  return influx.asked;
}

it('asks nothing again while nothing is written, and then only for the day that is not over', async () => {
  expect(await wattHours()).toHaveLength(4.5 * 96);
  expect(await askedAgain()).toEqual([]);
  write('quarter', nowMs - quarterMs);
  expect(await askedAgain()).toEqual([[nowMs - dayMs / 2, nowMs]]);
});

it('does not ask again for the same rows because the time asked for moved within a step', async () => {
  await wattHours(['room'], { fromMs: nowMs - 3 * quarterMs + 1, toMs: nowMs - 500 });
  influx.asked.length = 0;
  expect(await wattHours(['room'], { fromMs: nowMs - 3 * quarterMs + 999, toMs: nowMs })).toHaveLength(2);
  expect(influx.asked).toEqual([]);
});

it('asks in pieces for what it knows only in part', async () => {
  const twoDays = { fromMs: nowMs - 3.5 * dayMs, toMs: nowMs - 1.5 * dayMs };
  expect(await wattHours(['room'], twoDays)).toHaveLength(2 * 96);
  const asked = await askedAgain();
  expect(asked.reduce((sum, [fromMs, toMs]) => sum + toMs - fromMs, 0)).toBe(2.5 * dayMs);
});

it('answers other scopes by themselves', async () => {
  await wattHours();
  influx.asked.length = 0;
  await wattHours(['room', 'server:*']);
  expect(influx.asked.length).toBeGreaterThan(0);
});

it('asks for minutes again when one of them is written, and not for others or quarters', async () => {
  const hour = { fromMs: nowMs - 3_600_000, toMs: nowMs };
  const askAgain = async () => {
    influx.asked.length = 0;
    await energy.rows({ tier: 'minute', scopes: ['room'], ...hour });
    return influx.asked;
  };
  expect(await askAgain()).toEqual([[hour.fromMs, hour.toMs]]);
  write('minute', hour.fromMs - 60_000);
  write('minute', hour.toMs);
  write('quarter', hour.fromMs);
  expect(await askAgain()).toEqual([]);
  write('minute', hour.toMs - 60_000);
  expect(await askAgain()).toEqual([[hour.fromMs, hour.toMs]]);
});

it('asks again for the days a write touches, and for no others', async () => {
  await wattHours();
  const touchedMs = (20_000 - 2) * dayMs;
  write('quarter', touchedMs + 5);
  influx.watts = 500;
  expect(await askedAgain()).toEqual([[touchedMs, touchedMs + dayMs]]);
});

it('asks for all again after a write of which it does not know what it touches', async () => {
  await wattHours();
  energy.written(rollUpLines('quarter', []));
  expect((await askedAgain())[0]![0]).toBe(range.fromMs);
});

it('is not changed by minutes', async () => {
  await wattHours();
  energy.written(rollUpLines('minute', []));
  write('minute', nowMs - dayMs);
  expect(await askedAgain()).toEqual([]);
});

it('remembers no answer that was on its way while something was written', async () => {
  influx.meanwhile = () => energy.written(rollUpLines('quarter', []));
  await wattHours();
  expect((await askedAgain())[0]![0]).toBe(range.fromMs);
});

it('asks again after a while, of days that are long over after an hour: others may write too', async () => {
  await wattHours();
  clockMs += 6 * 60_000;
  expect((await askedAgain())[0]![0]).toBe((20_000 - 2) * dayMs);
  clockMs += 60 * 60_000;
  expect((await askedAgain())[0]![0]).toBe(range.fromMs);
});

it('remembers days of a grid by themselves, and forgets those a write touches', async () => {
  const grid = { stepMs: dayMs, offsetMs: 6 * 3_600_000 };
  const ask = () => energy.rows({ ...range, scopes: ['room'], grid });
  await ask();
  influx.asked.length = 0;
  await ask();
  expect(influx.asked).toEqual([]);
  await wattHours();
  expect(influx.asked.at(-1)![0]).toBeLessThan(nowMs - dayMs);
  // The first hours of a day of UTC lie in the day of the grid before.
  write('quarter', (20_000 - 2) * dayMs + quarterMs);
  influx.asked.length = 0;
  await ask();
  expect(influx.asked).toEqual([
    [(20_000 - 3) * dayMs + grid.offsetMs, (20_000 - 2) * dayMs + grid.offsetMs],
  ]);
});

it('remembers no more than it may', async () => {
  for (let i = 0; i < 17; i += 1)
    await wattHours([`scope ${i}`], { fromMs: nowMs - 1000.5 * dayMs, toMs: nowMs - 0.5 * dayMs });
  influx.asked.length = 0;
  await wattHours(['scope 16'], { fromMs: nowMs - 900.5 * dayMs, toMs: nowMs - 0.5 * dayMs });
  expect(influx.asked).toEqual([]);
  await wattHours(['scope 0'], { fromMs: nowMs - 900.5 * dayMs, toMs: nowMs - 0.5 * dayMs });
  expect(influx.asked.length).toBeGreaterThan(0);
});
