import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FigureChange } from '../../src/live/protocol.ts';
import type { Figure } from '../../src/model/figure.ts';
import { FigureTable } from '../../src/web/figures.ts';

const active: Figure = {
  watts: 152,
  volts: 231,
  state: 'active',
  atMs: 1_000,
  stale: false,
  basis: 'measured',
};

function tableWith(figures: Record<string, Figure>): FigureTable {
  const table = new FigureTable();
  table.applySnapshot({ type: 'snapshot', seq: 0, atMs: 0, figures });
  return table;
}

function frame(table: FigureTable, figures: Record<string, FigureChange>): void {
  table.applyFrame({ type: 'frame', seq: 1, atMs: 0, figures });
}

describe('frames', () => {
  it('change what they name and leave the rest', () => {
    const table = tableWith({ room: active });
    frame(table, { room: { watts: 160, atMs: 2_000 } });
    expect(table.get('room')).toEqual({ ...active, watts: 160, atMs: 2_000 });
  });

  it('take a quantity away with null, so that it is absent and not 0', () => {
    const table = tableWith({ room: active });
    frame(table, { room: { watts: null, volts: null } });
    expect(table.get('room')).toEqual({ state: 'active', atMs: 1_000, stale: false, basis: 'measured' });
  });

  it('make a scope of which nothing is known any more unknown and stale', () => {
    const table = tableWith({ room: active });
    frame(table, {
      room: { watts: null, volts: null, atMs: null, state: null, stale: null, basis: null },
    });
    expect(table.get('room')).toEqual({ state: 'unknown', stale: true, basis: 'unknown' });
  });

  it('bring in scopes the snapshot did not have, and tell that the list of scopes changed', () => {
    const table = tableWith({ room: active });
    const before = table.scopesVersion;
    frame(table, { room: { watts: 1 } });
    expect(table.scopesVersion).toBe(before);
    frame(table, { 'server:new': { watts: 5, state: 'idle' } });
    expect(table.scopesVersion).toBeGreaterThan(before);
    expect(table.get('server:new')).toEqual({ watts: 5, state: 'idle', stale: true, basis: 'unknown' });
  });

  it('take nothing but the fields of a figure', () => {
    const table = tableWith({});
    frame(table, { 'server:x': { watts: 1, colour: 'red' } as FigureChange });
    expect(table.get('server:x')).not.toHaveProperty('colour');
  });

  it('may name a scope like a built-in property of objects', () => {
    const table = tableWith({});
    frame(table, JSON.parse('{"__proto__":{"watts":3},"constructor":{"watts":4}}'));
    expect(table.get('__proto__')?.watts).toBe(3);
    expect(table.get('constructor')?.watts).toBe(4);
    expect(table.get('toString')).toBeUndefined();
  });
});

describe('snapshots', () => {
  it('replace everything: a scope they do not name is gone', () => {
    const table = tableWith({ room: active, 'server:a': active });
    const before = table.scopesVersion;
    table.applySnapshot({ type: 'snapshot', seq: 9, atMs: 0, figures: { room: { ...active, watts: 1 } } });
    expect([...table.scopes()]).toEqual(['room']);
    expect(table.get('room')?.watts).toBe(1);
    expect(table.scopesVersion).toBeGreaterThan(before);
  });

  it('with the same scopes leave the list of scopes as it was', () => {
    const table = tableWith({ room: active });
    const before = table.scopesVersion;
    table.applySnapshot({ type: 'snapshot', seq: 9, atMs: 0, figures: { room: active } });
    expect(table.scopesVersion).toBe(before);
  });

  it('and frames in any order end where the last value of each field says', () => {
    const change = fc.record(
      {
        watts: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
        volts: fc.option(fc.integer()),
        stale: fc.boolean(),
        state: fc.constantFrom('off' as const, 'active' as const),
      },
      { requiredKeys: [] },
    );
    const scopes = fc.constantFrom('room', 'server:a', 'server:b');
    fc.assert(
      fc.property(fc.array(fc.dictionary(scopes, change)), (frames) => {
        const table = tableWith({ room: active });
        const expected = new Map<string, Record<string, unknown>>([['room', { ...active }]]);
        for (const figures of frames) {
          frame(table, figures as Record<string, FigureChange>);
          for (const [scope, fields] of Object.entries(figures)) {
            const known = expected.get(scope) ?? { state: 'unknown', stale: true, basis: 'unknown' };
            for (const [key, value] of Object.entries(fields)) {
              if (value === null) delete known[key];
              else known[key] = value;
            }
            expected.set(scope, known);
          }
        }
        for (const [scope, figure] of expected) expect(table.get(scope)).toEqual(figure);
      }),
    );
  });
});
