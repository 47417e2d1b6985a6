import { expect, it } from 'vitest';
import { inSteps } from '../../src/first-contact.ts';

it('takes each step once, in order, and a step that fails again at the next call', async () => {
  const taken: string[] = [];
  let away = true;
  const go = inSteps([
    async () => void taken.push('one'),
    async () => {
      if (away) throw new Error('away');
      taken.push('two');
    },
    async () => void taken.push('three'),
  ]);
  const first = go();
  expect(go(), 'while it runs').toBeUndefined();
  await expect(first).rejects.toThrow('away');
  expect(taken).toEqual(['one']);
  away = false;
  await go();
  expect(taken).toEqual(['one', 'two', 'three']);
  expect(go()).toBeUndefined();
});
