import { localEdges } from '../../src/analysis/local-time.ts';
import type { EnergyAnswer, EnergyRow, EnergyTotalRow } from '../../src/api/shapes.ts';
import type { RoomScript } from './room-server.ts';

const hourMs = 3_600_000;

/** What may be told of one bucket of the made energy. */
export type EnergyChange = (row: EnergyRow) => Partial<EnergyRow>;

/**
 * Answers as the service would, of the made room: each scope draws as much as its figure says now, in every hour
 * until `nowMs`; half of it costs 0.20, the other half 0.30 a kWh; 200 g a kWh.
 */
export function makeEnergy(
  script: RoomScript,
  asked: URLSearchParams,
  change: EnergyChange = () => ({}),
): EnergyAnswer {
  const [fromMs, toMs] = [Number(asked.get('from')), Number(asked.get('to'))];
  const by = (asked.get('by') ?? 'day') as EnergyAnswer['by'];
  const { timezone } = script.tree;
  const scopes = asked
    .getAll('scope')
    .flatMap((scope) =>
      scope.endsWith(':*')
        ? [...script.figures.keys()].filter((one) => one.startsWith(scope.slice(0, -1)))
        : [scope],
    );
  const nowMs = Date.now();
  const edges = [...localEdges(by, fromMs, toMs, timezone)];
  const rowsOf = (scope: string) =>
    edges.slice(0, -1).flatMap((edgeMs, i): EnergyRow[] => {
      const row = rowOf(scope, Math.max(edgeMs, fromMs), Math.min(edges[i + 1]!, toMs), nowMs, script);
      return row.fromMs >= nowMs ? [] : [{ ...row, ...change(row) }];
    });
  const rows = scopes.flatMap(rowsOf);
  const totals = scopes.map((scope): EnergyTotalRow => totalOf(scope, rowsOf(scope), fromMs, toMs));
  return {
    by,
    timezone,
    fromMs,
    toMs,
    currency: 'EUR',
    tariff: { basis: 'energy by the price that held when it was drawn', timezone, corrections: [] },
    carbon: {
      basis: 'location-based',
      kind: 'average',
      extent: 'life-cycle',
      factors: [{ fromMs, toMs, gramsPerKwh: 200, source: 'somebody', isStandIn: true, year: 2024 }],
      factorsLeftOut: 0,
    },
    rows,
    ...(asked.get('totals') !== 'false' && { totals }),
  };
}

function rowOf(scope: string, fromMs: number, toMs: number, nowMs: number, script: RoomScript): EnergyRow {
  const hours = (Math.min(toMs, nowMs) - fromMs) / hourMs;
  const wattHours = (script.figures.get(scope)?.watts ?? 0) * hours;
  return {
    scope,
    fromMs,
    toMs,
    wattHours,
    coverage: 1,
    cost: wattHours * 0.000_25,
    grams: wattHours * 0.2,
    parts: { counter: wattHours * 0.75, integrated: wattHours * 0.2, spread: wattHours * 0.05 },
  };
}

/** A tenth more than the time before; nothing known where no row is. */
function totalOf(scope: string, rows: readonly EnergyRow[], fromMs: number, toMs: number): EnergyTotalRow {
  const known = rows.filter(({ wattHours }) => wattHours !== null);
  const sum = (pick: (row: EnergyRow) => number | null) =>
    known.every((row) => pick(row) === null) ? null : known.reduce((all, row) => all + (pick(row) ?? 0), 0);
  const wattHours = sum((row) => row.wattHours);
  const cost = sum((row) => row.cost);
  const grams = sum((row) => row.grams);
  const coverage = rows.reduce((all, row) => all + row.coverage, 0) / Math.max(rows.length, 1);
  const isCompared = wattHours !== null && coverage >= 0.9;
  const tenthLess = (value: number | null) => (value === null ? null : value / 1.1);
  return {
    scope,
    fromMs,
    toMs,
    wattHours,
    coverage,
    cost,
    grams,
    parts: {
      counter: sum((row) => row.parts.counter),
      integrated: sum((row) => row.parts.integrated),
      spread: sum((row) => row.parts.spread),
    },
    peak15: wattHours === null ? null : { fromMs, toMs: fromMs + 900_000, watts: 4_321 },
    peak30: null,
    loadFactor: wattHours === null ? null : 0.72,
    before: {
      fromMs: fromMs - (toMs - fromMs),
      toMs: fromMs,
      wattHours: tenthLess(wattHours),
      coverage: 1,
      cost: tenthLess(cost),
      grams: tenthLess(grams),
      differencePercent: isCompared ? 10 : null,
    },
    ...(scope === 'room' && { charges: { fixed: 40, capacity: 0, demand: null, tax: 8 } }),
  };
}
