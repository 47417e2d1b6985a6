import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { messageSum, Receipts, receiptsMax } from '../../src/sources/receipts.ts';

describe('receipts', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rackwatt-receipts-'));
    path = join(folder, 'rackwatt.receipts');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('give no two messages the same moment, and none a moment far from the clock', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3), { maxLength: 200 }), (steps) => {
        const receipts = new Receipts();
        let nowMs = 1_760_000_000_000;
        const micros = steps.map((step) => {
          nowMs += step;
          const atMs = receipts.momentOf(nowMs);
          expect(atMs - nowMs).toBeGreaterThanOrEqual(0);
          expect(atMs - nowMs).toBeLessThan(1);
          return Math.round(atMs * 1000);
        });
        for (let i = 1; i < micros.length; i += 1)
          expect(micros[i]! - micros[i - 1]!).toBeGreaterThanOrEqual(3);
      }),
    );
  });

  it('follow a clock that was set back', () => {
    const receipts = new Receipts();
    receipts.momentOf(1_760_000_000_000);
    expect(receipts.momentOf(1_750_000_000_000)).toBe(1_750_000_000_000);
  });

  it('know what this process has taken, by message id, topic and payload', () => {
    const receipts = new Receipts();
    const sum = messageSum('tele/a/SENSOR', Buffer.from('{"watts":1}'));
    receipts.note(7, sum, 1_760_000_000_000, 12);
    expect(receipts.find(7, sum)).toEqual({ receivedAtMs: 1_760_000_000_000, sequence: 12 });
    expect(receipts.find(8, sum)).toBeUndefined();
    expect(receipts.find(7, messageSum('tele/b/SENSOR', Buffer.from('{"watts":1}')))).toBeUndefined();
    // A meter may have sent the same twice: two messages.
    receipts.note(9, sum, 1_760_000_000_001, 13);
    expect(receipts.find(9, sum)?.sequence).toBe(13);
    expect(receipts.find(7, sum)?.sequence).toBe(12);
  });

  it('outlive the process: the moment is known, whether it was stored is not', async () => {
    const first = await Receipts.open(path);
    for (let i = 0; i < 10; i += 1) first.note(i, 100 + i, 1_760_000_000_000.003 + i, i + 1);
    await first.saved();
    const next = await Receipts.open(path);
    expect(next.find(4, 104)).toEqual({ receivedAtMs: 1_760_000_000_004.003, sequence: 0 });
    // What comes next is later than all that was there.
    expect(next.momentOf(1_760_000_000_009)).toBeGreaterThan(1_760_000_000_009.003);
    next.note(1, 500, 1_760_000_000_020, 1);
    await next.close();
    const third = await Receipts.open(path);
    expect(third.find(1, 500)?.receivedAtMs).toBe(1_760_000_000_020);
    expect(third.find(4, 104)?.receivedAtMs).toBe(1_760_000_000_004.003);
    await third.close();
    await first.close();
  });

  it('keep the newest when more come than there is room for', async () => {
    const first = await Receipts.open(path);
    const count = receiptsMax + 1000;
    for (let i = 0; i < count; i += 1) {
      first.note(i & 0xffff, i, 1_760_000_000_000 + i, i + 1);
      if (i % 20_000 === 0) await first.saved();
    }
    await first.close();
    const next = await Receipts.open(path);
    expect(next.find(999, 999)).toBeUndefined();
    for (const i of [1000, 40_000, count - 1])
      expect(next.find(i & 0xffff, i)?.receivedAtMs).toBe(1_760_000_000_000 + i);
    await next.close();
  });

  it('make do without a file that can be used, and with one that holds anything', async () => {
    const nowhere = await Receipts.open(join(folder, 'missing', 'receipts'));
    nowhere.note(1, 2, 1_760_000_000_000, 1);
    expect(nowhere.saved()).toBeUndefined();
    expect(nowhere.find(1, 2)?.sequence).toBe(1);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        writeFileSync(path, bytes);
        const receipts = await Receipts.open(path);
        receipts.note(3, 4, 1_760_000_000_000, 1);
        expect(receipts.find(3, 4)).toEqual({ receivedAtMs: 1_760_000_000_000, sequence: 1 });
        await receipts.close();
      }),
      { numRuns: 50 },
    );
  });
});
