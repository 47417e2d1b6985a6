import { expect, test } from 'vitest';
import { TopicMemory } from '../../src/devices/topic-memory.ts';

test('what is remembered is found again, and forgotten when told to', () => {
  const memory = new TopicMemory<number>(10);
  memory.set('a', 1);
  memory.set('b', 2);
  expect([memory.get('a'), memory.get('b'), memory.get('c'), memory.size]).toEqual([1, 2, undefined, 2]);
  memory.delete('a');
  expect([memory.get('a'), memory.size]).toEqual([undefined, 1]);
});

test('a flood of topics stays within the bound, is counted, and does not push out what is in use', () => {
  const memory = new TopicMemory<number>(100);
  memory.set('in use', -1);
  for (let index = 0; index < 10_000; index++) {
    memory.set(`flood ${index}`, index);
    if (index % 20 === 0) expect(memory.get('in use')).toBe(-1);
    expect(memory.size).toBeLessThanOrEqual(100);
  }
  expect(memory.forgotten + memory.size).toBe(10_001);
  expect(memory.get('flood 0')).toBe(undefined);
  expect(memory.get('flood 9999')).toBe(9_999);
});

test('what moved back to the young half can still be forgotten', () => {
  const memory = new TopicMemory<number>(4);
  for (const [index, topic] of ['a', 'b', 'c'].entries()) memory.set(topic, index);
  expect(memory.get('a')).toBe(0);
  memory.delete('a');
  expect(memory.get('a')).toBe(undefined);
});
