import { describe, expect, it } from 'vitest';
import { cablingOf, cablingSince, recablingBetween } from '../../src/analysis/cabling.ts';
import type { PowerTree, ServerInput } from '../../src/model/power-tree.ts';

const nowMs = Date.UTC(2026, 5, 22);
const day = (date: string) => Date.parse(`${date}T00:00:00Z`);

function tree(inputs: Record<string, readonly ServerInput[]>): PowerTree {
  const servers = Object.entries(inputs).map(([name, own]) => ({ name, inputs: own }));
  return { name: 'Room', timezone: 'UTC', feeds: [], racks: [], servers };
}
const plain = cablingOf(tree({ a: [{ outlet: 'pdu/1' }], b: [{ outlet: 'pdu/2' }] }));
const moved = cablingOf(
  tree({
    a: [{ outlet: 'pdu/1', to: '2026-06-08' }],
    b: [{ outlet: 'pdu/2' }, { outlet: 'pdu/1', from: '2026-06-08' }],
  }),
);

describe('what the past has to be made again for', () => {
  it('is the time since a date that the settings came to say, of those who counted or ought to', () => {
    expect(recablingBetween(plain, moved, nowMs)).toEqual({
      fromMs: day('2026-06-08'),
      toMs: nowMs,
      outlets: ['pdu/1'],
      scopes: ['server:a', 'server:b'],
    });
  });

  it('is nothing when the settings say the same, or the date is to come', () => {
    expect(recablingBetween(moved, moved, nowMs)).toBeUndefined();
    expect(recablingBetween(plain, moved, day('2026-06-01'))).toBeUndefined();
  });

  it('is the same time when the date is taken back', () => {
    expect(recablingBetween(moved, plain, nowMs)).toMatchObject({ fromMs: day('2026-06-08'), toMs: nowMs });
  });

  it('is all time of dated outlets where it is not known how sums were made', () => {
    const recabling = recablingBetween(undefined, moved, nowMs);
    expect(recabling?.outlets).toEqual(['pdu/1']);
    expect(recabling?.fromMs).toBeLessThan(0);
  });

  it('is the time between when a change without a date gets its date later', () => {
    const undated = cablingOf(tree({ b: [{ outlet: 'pdu/2' }, { outlet: 'pdu/1' }], a: [] }));
    expect(recablingBetween(plain, undated, day('2026-06-20'))).toBeUndefined();
    const since = cablingSince(plain, undated, day('2026-06-20'));
    expect(recablingBetween(since, moved, nowMs)).toMatchObject({
      fromMs: day('2026-06-08'),
      toMs: day('2026-06-20'),
      outlets: ['pdu/1'],
    });
    expect(recablingBetween(cablingSince(since, moved, nowMs), moved, nowMs)).toBeUndefined();
  });
});
