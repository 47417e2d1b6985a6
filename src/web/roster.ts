import type { TreeAnswer } from '../api/shapes.ts';
import type { Figure, PowerState } from '../model/figure.ts';

/** A server as the table lists it; what it draws now is in the figures, under its scope. */
export interface RosterRow {
  readonly scope: string;
  readonly name: string;
  readonly rack?: string;
  readonly inputs: readonly RosterInput[];
  /** Lower case, for the filter. */
  readonly haystack: string;
}

export interface RosterInput {
  readonly outlet: string;
  readonly breaker?: string;
  readonly feed?: string;
}

const serverPrefix = 'server:';

/** The servers of the settings, the outlets no server claims, and whatever else the stream names as a server. */
export function makeRoster(tree: TreeAnswer | undefined, scopes: Iterable<string>): RosterRow[] {
  const rows = new Map<string, RosterRow>();
  for (const server of tree?.servers ?? []) {
    rows.set(server.scope, makeRow(server.scope, server.name, server.inputs, server.rack));
  }
  for (const { outlet, name } of tree?.unclaimed ?? []) {
    const scope = `${serverPrefix}${outlet}`;
    if (!rows.has(scope)) rows.set(scope, makeRow(scope, name ?? outlet, [{ outlet }]));
  }
  for (const scope of scopes) {
    if (!scope.startsWith(serverPrefix) || rows.has(scope)) continue;
    const outlet = scope.slice(serverPrefix.length);
    rows.set(scope, makeRow(scope, outlet, [{ outlet }]));
  }
  return [...rows.values()];
}

function makeRow(scope: string, name: string, inputs: readonly RosterInput[], rack?: string): RosterRow {
  const words = [name, rack ?? '', ...inputs.flatMap(({ outlet, feed }) => [outlet, feed ?? ''])];
  return {
    scope,
    name,
    inputs,
    haystack: words.join('\n').toLowerCase(),
    ...(rack !== undefined && { rack }),
  };
}

/** What can be sorted by; `desc` first where the largest is what one looks for. */
export const sortKeys = {
  name: { label: 'Server', first: 'ascending' },
  rack: { label: 'Rack', first: 'ascending' },
  state: { label: 'State', first: 'ascending' },
  watts: { label: 'Power', first: 'descending' },
  idle: { label: 'Idle', first: 'descending' },
  today: { label: 'Today', first: 'descending' },
  age: { label: 'Age', first: 'descending' },
} as const;
export type SortKey = keyof typeof sortKeys;

export interface Sort {
  readonly key: SortKey;
  readonly direction: 'ascending' | 'descending';
}

/** A click on a column: its own first direction, then the other way round. */
export function nextSort(sort: Sort, key: SortKey): Sort {
  if (sort.key !== key) return { key, direction: sortKeys[key].first };
  return { key, direction: sort.direction === 'ascending' ? 'descending' : 'ascending' };
}

export interface RowFilter {
  /** All of its words must be found in name, rack, feeds or outlets. */
  readonly text: string;
  readonly state?: PowerState;
  readonly rack?: string;
}

export type FigureOf = (scope: string) => Figure | undefined;

export function filterRows(rows: readonly RosterRow[], filter: RowFilter, figureOf: FigureOf): RosterRow[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter(
    (row) =>
      words.every((word) => row.haystack.includes(word)) &&
      (filter.rack === undefined || row.rack === filter.rack) &&
      (filter.state === undefined || stateOf(figureOf(row.scope)) === filter.state),
  );
}

const stateRank: Record<PowerState, number> = {
  starting: 0,
  active: 1,
  idle: 2,
  standby: 3,
  off: 4,
  unknown: 5,
};

/** Sorted copy. What is not known comes last in either direction; equals are in order of their names. */
export function sortRows(rows: readonly RosterRow[], sort: Sort, figureOf: FigureOf): RosterRow[] {
  const sign = sort.direction === 'ascending' ? 1 : -1;
  const keyed = rows.map((row) => ({ row, key: sortValue(row, sort.key, figureOf(row.scope)) }));
  keyed.sort((a, b) => compare(a.key, b.key, sign) || byName.compare(a.row.name, b.row.name));
  return keyed.map(({ row }) => row);
}

/** `hv-2` before `hv-10`. */
const byName = new Intl.Collator(undefined, { numeric: true });

function sortValue(row: RosterRow, key: SortKey, figure: Figure | undefined): number | string | undefined {
  switch (key) {
    case 'name':
      return row.name;
    case 'rack':
      return row.rack;
    case 'state':
      return stateRank[stateOf(figure)];
    case 'watts':
      return figure?.watts;
    case 'idle':
      return figure?.idleWatts;
    case 'today':
      return figure?.todayWattHours;
    case 'age':
      return figure?.atMs === undefined ? undefined : -figure.atMs;
  }
}

function compare(a: number | string | undefined, b: number | string | undefined, sign: number): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  if (typeof a === 'number' && typeof b === 'number') return sign * (a - b);
  return sign * byName.compare(String(a), String(b));
}

/** A scope never heard of is unknown, not off. */
export function stateOf(figure: Figure | undefined): PowerState {
  return figure?.state ?? 'unknown';
}

/** How the rows' figures are known: what the total lacks. */
export interface RosterCount {
  readonly states: Record<PowerState, number>;
  /** Servers without a fresh figure. */
  readonly unknown: number;
  /** Servers of which an input is missing. */
  readonly partial: number;
  /** What those draw that are on and do nothing; undefined when nothing says. */
  readonly idlingWatts?: number;
}

export function countRoster(rows: readonly RosterRow[], figureOf: FigureOf): RosterCount {
  const states: Record<PowerState, number> = {
    off: 0,
    standby: 0,
    starting: 0,
    idle: 0,
    active: 0,
    unknown: 0,
  };
  let unknown = 0;
  let partial = 0;
  let idlingWatts: number | undefined;
  for (const { scope } of rows) {
    const figure = figureOf(scope);
    states[stateOf(figure)] += 1;
    if (!figure || figure.stale || figure.watts === undefined) unknown += 1;
    else {
      if (figure.basis === 'partial') partial += 1;
      if (figure.state === 'idle') idlingWatts = (idlingWatts ?? 0) + figure.watts;
      // One that is on while its idle level is still being learnt may idle all the same.
      else if (figure.idleWatts !== undefined || figure.state === 'off' || figure.state === 'standby')
        idlingWatts ??= 0;
    }
  }
  return { states, unknown, partial, ...(idlingWatts !== undefined && { idlingWatts }) };
}
