import { expect, test } from 'vitest';
import { OneStep } from '../../src/base/one-step.ts';
import { HandClock } from './hand-clock.ts';

function made() {
  const clock = new HandClock(0);
  const failures: unknown[] = [];
  const steps = new OneStep({ clock, retryMs: 30_000, stopMsMax: 1_000, failed: (e) => failures.push(e) });
  return { clock, failures, steps };
}

test('no step is due while one is under way', async () => {
  const { steps } = made();
  const work = Promise.withResolvers<void>();
  steps.take(0, () => work.promise);
  expect(steps.isDue(60_000)).toBe(false);
  work.resolve();
  await expect.poll(() => steps.isDue(1)).toBe(true);
});

test('one that fails is told, and the next is due a while later', async () => {
  const { steps, failures } = made();
  steps.take(0, () => Promise.reject(new Error('away')));
  await expect.poll(() => steps.isDue(30_000)).toBe(true);
  expect(steps.isDue(29_999)).toBe(false);
  expect(failures).toEqual([new Error('away')]);
});

test('the end waits for the step under way, but not for ever, and its failure is no news', async () => {
  const { steps, failures, clock } = made();
  const work = Promise.withResolvers<void>();
  steps.take(0, () => work.promise);
  const stopped = steps.stop();
  expect(steps.isStopped).toBe(true);
  clock.advance(1_000);
  await stopped;
  work.reject(new Error('away'));
  await work.promise.catch(() => {});
  expect(steps.isDue(60_000)).toBe(false);
  expect(failures).toEqual([]);
});
