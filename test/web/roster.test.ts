import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TreeAnswer } from '../../src/api/shapes.ts';
import type { Figure } from '../../src/model/figure.ts';
import { HeldOrder, nextTurn, reorderMs } from '../../src/web/held-order.ts';
import {
  countRoster,
  filterRows,
  makeRoster,
  nextSort,
  type RosterRow,
  type Sort,
  type SortKey,
  sortKeys,
  sortRows,
} from '../../src/web/roster.ts';

const tree: TreeAnswer = {
  name: 'room',
  timezone: 'UTC',
  demo: false,
  feeds: [],
  racks: [],
  servers: [
    {
      name: 'hv-10',
      scope: 'server:hv-10',
      rack: 'r1',
      inputs: [
        { outlet: 'pdu-a/7', feed: 'A', breaker: 'A1' },
        { outlet: 'pdu-b/7', feed: 'B' },
      ],
    },
    { name: 'hv-2', scope: 'server:hv-2', rack: 'r2', inputs: [{ outlet: 'pdu-a/2' }] },
  ],
  unclaimed: [{ outlet: 'plug/0', device: 'plug', name: 'Coffee' }],
};

const figure = (fields: Partial<Figure>): Figure => ({
  state: 'active',
  stale: false,
  basis: 'measured',
  ...fields,
});

const byScope = (figures: Record<string, Figure>) => (scope: string) => figures[scope];
const names = (rows: readonly RosterRow[]) => rows.map(({ name }) => name);
const sorted = (rows: readonly RosterRow[], sort: Sort, figures: Record<string, Figure>) =>
  names(sortRows(rows, sort, byScope(figures)));

describe('the roster', () => {
  it('lists servers, unclaimed outlets by their own name, and what only the stream knows, each once', () => {
    const rows = makeRoster(tree, ['room', 'server:hv-2', 'server:plug/0', 'server:new/1', 'outlet:new/1']);
    expect(rows.map(({ scope, name }) => [scope, name])).toEqual([
      ['server:hv-10', 'hv-10'],
      ['server:hv-2', 'hv-2'],
      ['server:plug/0', 'Coffee'],
      ['server:new/1', 'new/1'],
    ]);
    expect(rows.at(-1)?.inputs).toEqual([{ outlet: 'new/1' }]);
  });

  it('is there before the tree is', () => {
    expect(names(makeRoster(undefined, ['server:a', 'room']))).toEqual(['a']);
  });

  it('counts states, and what a total lacks', () => {
    const rows = makeRoster(tree, []);
    const figures = {
      'server:hv-10': figure({ watts: 100, basis: 'partial' }),
      'server:hv-2': figure({ watts: 3, state: 'unknown', stale: true, basis: 'unknown' }),
    };
    const count = countRoster(rows, byScope(figures));
    expect([count.partial, count.unknown]).toEqual([1, 2]);
    expect(count.states).toMatchObject({ active: 1, unknown: 2, off: 0 });
  });

  it.each<[Partial<Figure>[], number | undefined]>([
    [[], undefined],
    [[{ state: 'active', watts: 90 }], undefined],
    [[{ state: 'active', watts: 90, idleWatts: 40 }], 0],
    [[{ state: 'off', watts: 0 }], 0],
    [
      [
        { state: 'active', watts: 90 },
        { state: 'idle', watts: 50 },
      ],
      50,
    ],
  ])('is said to draw for nothing what is known of that: %j', (known, watts) => {
    const rows = makeRoster(tree, []);
    const figures = Object.fromEntries(known.map((fields, i) => [rows[i]!.scope, figure(fields)]));
    expect(countRoster(rows, byScope(figures)).idlingWatts).toBe(watts);
  });
});

describe('filtering', () => {
  const rows = makeRoster(tree, []);
  const filtered = (text: string) => names(filterRows(rows, { text }, () => undefined));

  it.each([
    ['', ['hv-10', 'hv-2', 'Coffee']],
    ['HV', ['hv-10', 'hv-2']],
    ['hv r2', ['hv-2']],
    ['pdu-b/7', ['hv-10']],
    ['coff', ['Coffee']],
    ['hv coffee', []],
  ])('%j finds %j', (text, found) => {
    expect(filtered(text)).toEqual(found);
  });

  it('by state takes a server never heard of for unknown, not for off', () => {
    const figures = { 'server:hv-2': figure({ state: 'off', watts: 0 }) };
    expect(names(filterRows(rows, { text: '', state: 'unknown' }, byScope(figures)))).toEqual([
      'hv-10',
      'Coffee',
    ]);
    expect(names(filterRows(rows, { text: '', state: 'off' }, byScope(figures)))).toEqual(['hv-2']);
  });
});

describe('sorting', () => {
  const rows = makeRoster(tree, []);

  it('puts what is not known last, whichever the direction, and 0 is known', () => {
    const figures = { 'server:hv-10': figure({ watts: 0 }), 'server:hv-2': figure({ watts: 90 }) };
    expect(sorted(rows, { key: 'watts', direction: 'descending' }, figures)).toEqual([
      'hv-2',
      'hv-10',
      'Coffee',
    ]);
    expect(sorted(rows, { key: 'watts', direction: 'ascending' }, figures)).toEqual([
      'hv-10',
      'hv-2',
      'Coffee',
    ]);
  });

  it('counts within names: hv-2 before hv-10', () => {
    expect(sorted(rows, { key: 'name', direction: 'ascending' }, {})).toEqual(['Coffee', 'hv-2', 'hv-10']);
  });

  it('by age begins with the oldest figure', () => {
    const figures = { 'server:hv-10': figure({ atMs: 500 }), 'server:hv-2': figure({ atMs: 100 }) };
    expect(sorted(rows, nextSort({ key: 'name', direction: 'ascending' }, 'age'), figures)).toEqual([
      'hv-2',
      'hv-10',
      'Coffee',
    ]);
  });

  it('turns round when the same column is chosen again', () => {
    const once = nextSort({ key: 'name', direction: 'ascending' }, 'watts');
    expect([once.direction, nextSort(once, 'watts').direction]).toEqual(['descending', 'ascending']);
  });

  it('loses and doubles no row, by whatever it sorts', () => {
    const keys = fc.constantFrom(...(Object.keys(sortKeys) as SortKey[]));
    const watts = fc.option(fc.double({ noNaN: true }), { nil: undefined });
    fc.assert(
      fc.property(keys, fc.boolean(), fc.array(watts, { maxLength: 50 }), (key, up, values) => {
        const many = makeRoster(
          undefined,
          values.map((_, i) => `server:s${i}`),
        );
        const figures = Object.fromEntries(
          values.map((value, i) => [`server:s${i}`, figure(value === undefined ? {} : { watts: value })]),
        );
        const result = sorted(many, { key, direction: up ? 'ascending' : 'descending' }, figures);
        expect([...result].sort()).toEqual(names(many).sort());
      }),
    );
  });
});

describe('the order of rows on the page', () => {
  const rows = makeRoster(tree, []);
  const sort: Sort = { key: 'watts', direction: 'descending' };
  const filter = { text: '' };
  const first = { 'server:hv-10': figure({ watts: 2 }), 'server:hv-2': figure({ watts: 1 }) };
  const swapped = { 'server:hv-10': figure({ watts: 1 }), 'server:hv-2': figure({ watts: 2 }) };
  const before = ['hv-10', 'hv-2', 'Coffee'];
  const after = ['hv-2', 'hv-10', 'Coffee'];

  it('follows the figures at each turn, not with every frame, but answers a click at once', () => {
    const order = new HeldOrder();
    const turn = { atMs: 0 };
    const at = (nowMs: number, figures: Record<string, Figure>, sortBy = sort) =>
      names(order.rows(rows, sortBy, filter, byScope(figures), nextTurn(turn, nowMs, false)));
    expect(at(0, first)).toEqual(before);
    expect(at(reorderMs - 1, swapped)).toEqual(before);
    expect(at(reorderMs - 1, first, { key: 'name', direction: 'descending' })).toEqual(before);
    expect(at(reorderMs - 1, swapped, { ...sort })).toEqual(after);
    expect(at(reorderMs, first)).toEqual(before);
  });

  it('has no turn while somebody is at a row', () => {
    const turn = { atMs: 0 };
    expect(nextTurn(turn, 10 * reorderMs, true)).toBe(turn);
    expect(nextTurn(turn, 10 * reorderMs, false)).toEqual({ atMs: 10 * reorderMs });
  });
});
