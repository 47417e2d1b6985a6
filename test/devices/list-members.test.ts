import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { listMembers } from '../../src/devices/list-members.ts';
import { anyCharacter } from '../base/any-character.ts';

const bytesOf = (text: string) => Buffer.from(text);

function taken(text: string): unknown {
  const members = listMembers(bytesOf(text), 'name', 1_000);
  if (typeof members === 'string') return members;
  return members.map(({ name, bytes }) => [name, JSON.parse(Buffer.from(bytes).toString())]);
}

describe('a list taken apart', () => {
  const named = fc.record(
    { name: fc.oneof(fc.string({ unit: anyCharacter }), fc.integer()), more: fc.jsonValue() },
    { requiredKeys: [] },
  );
  const member = fc.oneof(named, fc.jsonValue());

  test('has the objects that are in it, and the text under the key', () => {
    fc.assert(
      fc.property(fc.array(member, { maxLength: 8 }), fc.nat(3), (list, indent) => {
        const text = JSON.stringify(list, undefined, indent);
        const objects = (JSON.parse(text) as unknown[]).filter(
          (one) => typeof one === 'object' && one !== null && !Array.isArray(one),
        ) as { name?: unknown }[];
        expect(taken(text)).toEqual(
          objects.map((one) => [typeof one.name === 'string' ? one.name : undefined, one]),
        );
      }),
    );
  });

  test.each([
    ['{"a":1}', 'wrong-shape'],
    ['', 'wrong-shape'],
    ['[{"a":1}', 'not-json'],
    ['[{"a":"]}', 'not-json'],
    ['[{"a":1}]]', 'not-json'],
    ['[{"a":1}}', 'not-json'],
    [`[${'['.repeat(300)}`, 'too-deep'],
  ])('is refused where it is none: %s', (text, reason) => {
    expect(taken(text)).toBe(reason);
  });

  test('takes the last of two names, and no name from a value or from further down', () => {
    expect(taken('[{"name" : "a","name":"b\\"\\u00b5"}]')).toEqual([['b"\u00b5', { name: 'b"\u00b5' }]]);
    expect(taken('[{"x":"name","y":"c","z":{"name":"d"},"w":["name"]}]')).toMatchObject([[undefined, {}]]);
  });

  test('ends with any bytes', () => {
    const marks = fc.array(fc.constantFrom(...'[]{}",:\\ a'), { maxLength: 60 }).map((all) => all.join(''));
    fc.assert(
      fc.property(fc.oneof(marks, fc.string()), (text) => {
        listMembers(bytesOf(`[${text}`), 'a', 10);
      }),
    );
  });
});
