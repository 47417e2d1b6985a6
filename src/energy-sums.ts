import { ledgerStepMs } from './analysis/ledger-row.ts';
import type { EnergyColumns } from './model/columns.ts';
import { splitOutlet, totalLabel } from './model/reading.ts';
import type { RollUpChange } from './model/roll-up.ts';
import type { Room } from './model/room.ts';
import { scopeId } from './model/scope.ts';

/** Energy of one quarter with its parts, and how much of the time is known. */
export interface QuarterEnergy {
  readonly counterWattHours: number;
  readonly integratedWattHours: number;
  readonly spreadWattHours: number;
  readonly observedMs: number;
  readonly spreadMs: number;
}

/** The row of a scope that says so; times of sums are means over its outlets. */
export function energyRow(
  scope: string,
  fromMs: number,
  energy: QuarterEnergy,
  outlets = 1,
): Required<Pick<RollUpChange, 'wattHours' | 'observedMs' | 'spreadMs' | 'counterWattHours'>> & RollUpChange {
  const { counterWattHours, integratedWattHours, spreadWattHours } = energy;
  return {
    scope,
    fromMs,
    wattHours: counterWattHours + integratedWattHours + spreadWattHours,
    counterWattHours,
    integratedWattHours,
    spreadWattHours,
    observedMs: Math.min(ledgerStepMs, energy.observedMs / Math.max(1, outlets)),
    spreadMs: Math.min(ledgerStepMs, energy.spreadMs / Math.max(1, outlets)),
  };
}

/** Row `i`; without parts all of it is integrated. */
export function energyAt(columns: EnergyColumns, i: number): QuarterEnergy {
  const part = (values: Float64Array | undefined) => {
    const value = values?.[i] ?? Number.NaN;
    return Number.isNaN(value) ? undefined : value;
  };
  const counterWattHours = part(columns.counterWattHours);
  return {
    counterWattHours: counterWattHours ?? 0,
    integratedWattHours:
      (counterWattHours === undefined ? part(columns.wattHours) : part(columns.integratedWattHours)) ?? 0,
    spreadWattHours: part(columns.spreadWattHours) ?? 0,
    observedMs: part(columns.observedMs) ?? 0,
    spreadMs: part(columns.spreadMs) ?? 0,
  };
}

const outletPrefix = scopeId('outlet', '');

/** A room as it was cabled for a share of a quarter. */
export interface CabledRoom {
  readonly room: Room;
  /** 0…1 */
  readonly share: number;
}

/**
 * Rows of one quarter that was cabled in several ways, from those of each way for the whole quarter: what an outlet drew in it
 * counts by the share of the time, here and there. Of one way alone: its rows, of any quarters.
 */
export function joinShares(
  ways: readonly { readonly share: number; readonly rows: readonly RollUpChange[] }[],
): RollUpChange[] {
  if (ways.length === 1) return [...ways[0]!.rows];
  const joined = new Map<string, Mutable<QuarterEnergy> & { fromMs: number }>();
  for (const { share, rows } of ways)
    for (const row of rows) {
      const sum = joined.get(row.scope) ?? { ...noEnergy, fromMs: row.fromMs };
      for (const key of Object.keys(noEnergy) as (keyof QuarterEnergy)[]) sum[key] += (row[key] ?? 0) * share;
      joined.set(row.scope, sum);
    }
  return [...joined].map(([scope, { fromMs, ...energy }]) => energyRow(scope, fromMs, energy));
}

/** Of a quarter in which nothing was heard. */
export const noEnergy: QuarterEnergy = {
  counterWattHours: 0,
  integratedWattHours: 0,
  spreadWattHours: 0,
  observedMs: 0,
  spreadMs: 0,
};

/**
 * Rows of `scopes` for `quarters`, added up from the rows of all outlets by who counts where: nothing twice, a
 * device's total only where it has no outlets. Outlets that the room has not met yet count as unclaimed ones.
 */
export function sumScopes(
  outletRows: ReadonlyMap<string, EnergyColumns>,
  quarters: ReadonlySet<number>,
  scopes: ReadonlySet<string>,
  room: Room,
): RollUpChange[] {
  const sums = new Map<string, Map<number, Mutable<QuarterEnergy> & { outlets: number }>>();
  for (const [id, columns] of outletRows) {
    const outlet = id.slice(outletPrefix.length);
    const counted = scopesOf(outlet, room, outletRows).filter((scope) => scopes.has(scope));
    if (counted.length === 0) continue;
    for (let i = 0; i < columns.fromMs.length; i += 1) {
      const fromMs = columns.fromMs[i]!;
      if (!quarters.has(fromMs)) continue;
      const energy = energyAt(columns, i);
      for (const scope of counted) add(sums, scope, fromMs, energy);
    }
  }
  return [...sums].flatMap(([scope, rows]) => {
    const number = room.indexOf(scope);
    const expected = number < 0 ? 0 : room.expectedIn(number);
    return [...rows].map(([fromMs, sum]) => energyRow(scope, fromMs, sum, Math.max(expected, sum.outlets)));
  });
}

/** The same for quarters that were all cabled alike, or for one that was not. */
export function sumCabled(
  outletRows: ReadonlyMap<string, EnergyColumns>,
  quarters: ReadonlySet<number>,
  scopes: ReadonlySet<string>,
  cabled: readonly CabledRoom[],
): RollUpChange[] {
  return joinShares(
    cabled.map(({ room, share }) => ({ share, rows: sumScopes(outletRows, quarters, scopes, room) })),
  );
}

/** Wider scopes in whose sums an outlet counts. */
export function scopesOf(
  outlet: string,
  room: Room,
  outletRows: { has(scope: string): boolean; keys(): Iterable<string> },
): string[] {
  const number = room.outletNumber(outlet);
  if (number >= 0)
    return room
      .scopesOf(number)
      .slice(1)
      .map((scope) => room.scopeAt(scope));
  const { device, label } = splitOutlet(outlet);
  const own = [scopeId('device', device)];
  const beginning = `${outletPrefix}${device}/`;
  const isPart =
    label === totalLabel
      ? [...outletRows.keys()].some((id) => id.startsWith(beginning) && id !== `${beginning}${totalLabel}`)
      : false;
  return isPart ? own : [...own, scopeId('server', outlet), scopeId('room', '')];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function add(
  sums: Map<string, Map<number, Mutable<QuarterEnergy> & { outlets: number }>>,
  scope: string,
  fromMs: number,
  energy: QuarterEnergy,
): void {
  let rows = sums.get(scope);
  if (rows === undefined) {
    rows = new Map();
    sums.set(scope, rows);
  }
  const sum = rows.get(fromMs);
  if (sum === undefined) {
    rows.set(fromMs, { ...energy, outlets: 1 });
    return;
  }
  sum.counterWattHours += energy.counterWattHours;
  sum.integratedWattHours += energy.integratedWattHours;
  sum.spreadWattHours += energy.spreadWattHours;
  sum.observedMs += energy.observedMs;
  sum.spreadMs += energy.spreadMs;
  sum.outlets += 1;
}
