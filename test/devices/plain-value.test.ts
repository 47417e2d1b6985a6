import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { plainValue } from '../../src/devices/plain-value.ts';

describe('a payload that is one bare value', () => {
  test('is the number that is written there, to the last bit', () => {
    const decimal = fc
      .tuple(fc.constantFrom('', '-'), fc.nat(99_999_999), fc.constantFrom('', '.'), fc.nat(9_999_999))
      .map(([sign, whole, dot, rest]) => `${sign}${whole}${dot}${dot === '' ? '' : rest}`);
    fc.assert(
      fc.property(decimal, (text) => {
        expect(plainValue(Buffer.from(text))).toBe(Number(text) === 0 ? 0 : Number(text));
      }),
      { numRuns: 2_000 },
    );
  });

  test('is text when it is anything but a plain decimal', () => {
    const alphabet = fc.constantFrom(...'0123456789.-+eE nax'.split(''));
    const text = fc.oneof(
      fc.array(alphabet, { maxLength: 24 }).map((all) => all.join('')),
      fc.string(),
    );
    fc.assert(
      fc.property(text, (written) => {
        const value = plainValue(Buffer.from(written));
        const isPlain = /^-?(\d+\.?\d*|\.\d+)$/.test(written) && written.replace(/\D/g, '').length <= 15;
        expect(value).toBe(isPlain ? Number(written) || 0 : Buffer.from(written).toString());
      }),
      { numRuns: 2_000 },
    );
  });
});
