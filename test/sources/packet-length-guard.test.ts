import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PacketLengthGuard } from '../../src/sources/packet-length-guard.ts';

it('accepts packets up to the limit, in whatever pieces they come, and none above', () => {
  const lengths = fc.array(fc.nat(40_000), { maxLength: 6 });
  fc.assert(
    fc.property(lengths, fc.array(fc.integer({ min: 1, max: 9_000 }), { minLength: 1 }), (sizes, cuts) => {
      const limit = 20_000;
      const bytes = Buffer.concat(sizes.map(packetOf));
      const guard = new PacketLengthGuard(limit);
      let accepted = true;
      for (let at = 0, i = 0; at < bytes.length && accepted; i += 1) {
        const step = cuts[i % cuts.length] ?? 1;
        accepted = guard.accepts(bytes.subarray(at, at + step));
        at += step;
      }
      expect(accepted).toBe(sizes.every((size) => size <= limit));
    }),
  );
});

it('refuses a length of more than four bytes', () => {
  expect(new PacketLengthGuard(1e9).accepts(Buffer.from([0x30, 0x80, 0x80, 0x80]))).toBe(true);
  expect(new PacketLengthGuard(1e9).accepts(Buffer.from([0x30, 0x80, 0x80, 0x80, 0x80]))).toBe(false);
});

function packetOf(length: number): Buffer {
  const header = [0x30];
  let rest = length;
  do {
    header.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.concat([Buffer.from(header), Buffer.alloc(length, 0xff)]);
}
