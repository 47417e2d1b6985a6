import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextRecabling, treeAt } from '../../src/analysis/tree-at.ts';
import type { PowerTree, ServerInput } from '../../src/model/power-tree.ts';
import { Room } from '../../src/model/room.ts';
import { reading } from '../store/made-readings.ts';

const dayMs = 86_400_000;
const april = Date.UTC(2026, 3, 1);
const tree = (a: ServerInput[], b: ServerInput[]): PowerTree => ({
  name: 'Room',
  timezone: 'UTC',
  feeds: [{ name: 'A', breakers: [{ name: 'A1' }, { name: 'A2' }] }],
  racks: [{ name: 'r1' }],
  servers: [
    { name: 'hv-01', rack: 'r1', inputs: a },
    { name: 'db-01', inputs: b },
  ],
});
const moved = tree(
  [
    { outlet: 'pdu/1', breaker: 'A1', to: '2026-04-01' },
    { outlet: 'pdu/2', breaker: 'A2', from: '2026-04-01' },
  ],
  [{ outlet: 'pdu/1', breaker: 'A1', from: '2026-04-01T06:00' }],
);

describe('a server that is plugged in elsewhere', () => {
  it('has at each time the inputs of that time', () => {
    const inputs = (atMs: number) =>
      treeAt(moved, atMs).servers.map((server) => server.inputs.map(({ outlet }) => outlet));
    expect(inputs(april - 1)).toEqual([['pdu/1'], []]);
    expect(inputs(april)).toEqual([['pdu/2'], []]);
    expect(inputs(april + dayMs)).toEqual([['pdu/2'], ['pdu/1']]);
    expect(nextRecabling(moved, april - dayMs)).toBe(april);
    expect(nextRecabling(moved, april)).toBe(april + 6 * 3_600_000);
    expect(nextRecabling(moved, april + dayMs)).toBe(Number.POSITIVE_INFINITY);
  });

  it('is the same tree where nothing has a time', () => {
    const plain = tree([{ outlet: 'pdu/1' }], [{ outlet: 'pdu/2' }]);
    expect(treeAt(plain, april)).toBe(plain);
  });

  it('is summed up from its new inputs at once, like a room that was always cabled so', () => {
    const outlets = ['pdu/1', 'pdu/2', 'pdu/3', 'pdu/total'];
    const cabling = fc.shuffledSubarray(outlets).chain((some) =>
      fc.nat(some.length).map((cut) => {
        const input = (outlet: string) => ({ outlet, breaker: outlet === 'pdu/1' ? 'A1' : 'A2' });
        return tree(some.slice(0, cut).map(input), some.slice(cut).map(input));
      }),
    );
    fc.assert(
      fc.property(cabling, cabling, fc.shuffledSubarray(outlets), (before, after, heard) => {
        const tell = (room: Room, atMs: number) => {
          for (const outlet of heard)
            room.apply(reading(outlet, atMs, { watts: 100 + outlets.indexOf(outlet) }), 10_000);
        };
        const recabled = new Room({ tree: before, rollUp: () => {} });
        recabled.tick(april);
        tell(recabled, april);
        recabled.recable(after, april + 1_000);
        tell(recabled, april + 2_000);
        const fresh = new Room({ tree: after, rollUp: () => {} });
        fresh.tick(april);
        tell(fresh, april);
        tell(fresh, april + 2_000);
        for (let i = 0; i < fresh.scopeCount; i += 1) {
          const scope = fresh.scopeAt(i);
          const index = recabled.indexOf(scope);
          // A device's total may have been a server of its own until one of its outlets was heard.
          if (index < 0) expect(fresh.figureAt(i).basis).toBe('unknown');
          if (index < 0) continue;
          const { watts, basis } = recabled.figureAt(index);
          expect({ scope, watts, basis }).toEqual({
            scope,
            watts: fresh.figureAt(i).watts,
            basis: fresh.figureAt(i).basis,
          });
        }
      }),
    );
  });
});
