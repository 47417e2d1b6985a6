import type { LedgerReading } from './analysis/energy-ledger.ts';
import { ledgerRows } from './analysis/ledger-remake.ts';
import { type LedgerRow, ledgerStepMs } from './analysis/ledger-row.ts';
import type { EnergyMark } from './energy-marks.ts';
import { energyAt, energyRow, noEnergy, type QuarterEnergy } from './energy-sums.ts';
import type { Series } from './model/columns.ts';
import type { RollUpChange } from './model/roll-up.ts';
import { scopeId } from './model/scope.ts';
import type { Store } from './store/store.ts';

/**
 * A reading changes how the counter's difference lies from the tick of the hour before it to that of the hour after: those
 * quarters are made with it.
 */
const hourMs = 3_600_000;
/** Readings so long before and after a stretch are read with it: as far back as a meter's habits are remembered. */
const aroundMs = 6 * hourMs + 2 * hourMs;
/** Beside a gap readings of so long are wanted: a coarse counter's nearest tick is mostly among them. */
const besideGapMs = 2 * hourMs;
const wattHoursApart = 0.001;
const msApart = 100;
/** Where there is no counter, the watts of the roll-ups are as good as those of the ledger within this. */
const integralApart = 0.0005;

export interface OutletRemake {
  readonly store: Pick<Store, 'series' | 'rollUps'>;
  /** `<device>/<label>` */
  readonly outlet: string;
  readonly mark: EnergyMark;
  readonly expectedIntervalMs: number;
  /** Readings up to now. */
  readonly nowMs: number;
  /** Quarters from here on are not told yet. */
  readonly untilMs: number;
  /** Quarters of which more is stored than comes out stay: not all readings are at hand. */
  readonly neverLess?: boolean;
}

/**
 * Books a stretch of one outlet's past again, from its raw readings with the ledger. Answers the quarters that come
 * out other than they are stored. Rejects with a StoreError.
 */
export async function remakeOutlet(remake: OutletRemake): Promise<RollUpChange[]> {
  const { store, outlet, mark, expectedIntervalMs, untilMs, neverLess = false } = remake;
  const readings = await readingsAround(remake);
  const heardMs = readings.map(({ atMs }) => atMs);
  const hours = hoursAround(heardMs, mark);
  // Nothing is made of a time of which the readings are not there.
  const hoursFromMs = Math.max(hours.fromMs, floorQuarter(heardMs[0] ?? 0) + ledgerStepMs);
  const hoursToMs = Math.min(hours.toMs, floorQuarter(heardMs.at(-1) ?? 0));
  const fromMs = Math.min(floorQuarter(hours.firstMs), hoursFromMs);
  const toMs = Math.min(untilMs, Math.max(floorQuarter(hours.lastMs) + ledgerStepMs, hoursToMs));
  if (readings.length === 0 || fromMs >= toMs) return [];
  const made = new Map(
    ledgerRows(readings, { expectedIntervalMs }, fromMs, toMs).map((row) => [row.fromMs, energyOf(row)]),
  );
  const scope = scopeId('outlet', outlet);
  const stored = await store.rollUps({ tier: 'quarter', scope, fromMs, toMs });
  const changes: RollUpChange[] = [];
  for (const [i, quarterMs] of stored.fromMs.entries()) {
    const energy = made.get(quarterMs) ?? noEnergy;
    made.delete(quarterMs);
    const isPlain = Number.isNaN(stored.counterWattHours?.[i] ?? Number.NaN);
    const before = energyAt(stored, i);
    if (neverLess && knownMs(energy) < knownMs(before) - msApart) continue;
    if (differs(energy, before, isPlain)) changes.push(energyRow(scope, quarterMs, energy));
  }
  for (const [quarterMs, energy] of made) changes.push(energyRow(scope, quarterMs, energy));
  return changes;
}

/** Those of hours before and after. Where these are a gap, those beyond it too: what a gap holds is held against them. */
async function readingsAround(remake: OutletRemake): Promise<LedgerReading[]> {
  const { mark } = remake;
  const fromMs = mark.fromMs - aroundMs;
  const toMs = mark.toMs + aroundMs;
  const near = await readingsWithin(remake, fromMs, toMs);
  const heardMs = near.map(({ atMs }) => atMs);
  const hours = hoursAround(heardMs, mark);
  const beforeMs = heardMs.findLast((atMs) => atMs < hours.fromMs) ?? hours.fromMs;
  const widerFromMs = Math.min(fromMs, beforeMs - besideGapMs);
  const widerToMs = Math.max(toMs, hours.toMs + besideGapMs);
  return widerFromMs === fromMs && widerToMs === toMs ? near : readingsWithin(remake, widerFromMs, widerToMs);
}

/** Whole hours around the last reading before a stretch and the first one after it, and the hour more on either side. */
function hoursAround(heardMs: readonly number[], { fromMs, toMs }: EnergyMark) {
  const firstMs = Math.min(fromMs, heardMs.findLast((atMs) => atMs < fromMs) ?? fromMs);
  const lastMs = Math.max(toMs, heardMs.find((atMs) => atMs > toMs) ?? toMs);
  return {
    firstMs,
    lastMs,
    fromMs: (Math.floor(firstMs / hourMs) - 1) * hourMs,
    toMs: (Math.floor(lastMs / hourMs) + 2) * hourMs,
  };
}

async function readingsWithin(
  { store, outlet, nowMs }: OutletRemake,
  fromMs: number,
  toMs: number,
): Promise<LedgerReading[]> {
  const range = { outlet, fromMs, toMs: Math.min(nowMs, toMs) + 1 };
  return joinSeries(
    withSwitchedOff(
      await store.series({ ...range, quantity: 'watts' }),
      await store.series({ ...range, quantity: 'on' }),
    ),
    await store.series({ ...range, quantity: 'wattHoursTotal' }),
  );
}

/** What an earlier run had not told yet when it ended, at the least; and how far back is looked for more. */
const untoldMsMin = 2 * hourMs;
const untoldMsMax = 24 * hourMs;

/** What an earlier run of the service left of an outlet. */
export interface LeftUntold {
  /** When it was heard last, epoch ms. */
  readonly lastMs: number;
  /** From then on its energy may be untold, epoch ms. */
  readonly fromMs: number;
}

/**
 * What an earlier run of the service may have left untold of the energy of an outlet: from the first quarter of its
 * last day on whose energy is not booked though an earlier one's is. Undefined: it was never heard. Rejects with a
 * StoreError.
 */
export async function leftUntold(
  store: Pick<Store, 'series' | 'rollUps'>,
  outlet: string,
  startedMs: number,
): Promise<LeftUntold | undefined> {
  const range = { outlet, fromMs: startedMs, toMs: startedMs + 1 };
  const heardMs = [
    ...(await store.series({ ...range, quantity: 'watts' })).atMs,
    ...(await store.series({ ...range, quantity: 'wattHoursTotal' })).atMs,
  ].filter((atMs) => atMs < startedMs);
  if (heardMs.length === 0) return undefined;
  const lastMs = Math.max(...heardMs);
  const rows = await store.rollUps({
    tier: 'quarter',
    scope: scopeId('outlet', outlet),
    fromMs: floorQuarter(lastMs - untoldMsMax),
    toMs: lastMs + 1,
  });
  const isBooked = [...rows.fromMs].map((_, i) => !Number.isNaN(rows.counterWattHours?.[i] ?? Number.NaN));
  const firstBooked = isBooked.indexOf(true);
  const untold = firstBooked < 0 ? -1 : isBooked.indexOf(false, firstBooked);
  return { lastMs, fromMs: Math.min(lastMs - untoldMsMin, untold < 0 ? lastMs : rows.fromMs[untold]!) };
}

function energyOf(row: LedgerRow): QuarterEnergy {
  const { counterWattHours, integratedWattHours, spreadWattHours, observedMs, spreadMs } = row;
  return { counterWattHours, integratedWattHours, spreadWattHours, observedMs, spreadMs };
}

function knownMs({ observedMs, spreadMs }: QuarterEnergy): number {
  return observedMs + spreadMs;
}

function differs(made: QuarterEnergy, stored: QuarterEnergy, isPlain: boolean): boolean {
  if (Math.abs(made.observedMs - stored.observedMs) > msApart) return true;
  if (Math.abs(made.spreadMs - stored.spreadMs) > msApart) return true;
  const integralOnly = made.counterWattHours === 0 && made.spreadWattHours === 0;
  if (isPlain && !integralOnly) return true;
  const apart = isPlain
    ? Math.max(wattHoursApart, integralApart * stored.integratedWattHours)
    : wattHoursApart;
  return (
    Math.abs(made.counterWattHours - stored.counterWattHours) > apart ||
    Math.abs(made.integratedWattHours - stored.integratedWattHours) > apart ||
    Math.abs(made.spreadWattHours - stored.spreadWattHours) > apart
  );
}

/** What is switched off draws nothing, also when only that was told; of outlets whose watts are measured at all. */
function withSwitchedOff(watts: Series, on: Series): Series {
  const measured = new Set(watts.atMs);
  const offMs = [...on.atMs].filter((atMs, i) => on.values[i] === 0 && !measured.has(atMs));
  if (measured.size === 0 || offMs.length === 0) return watts;
  const points = [
    ...offMs.map((atMs) => [atMs, 0] as const),
    ...[...watts.atMs].map((atMs, i) => [atMs, watts.values[i]!] as const),
  ].sort(([a], [b]) => a - b);
  return {
    atMs: Float64Array.from(points, ([atMs]) => atMs),
    values: Float64Array.from(points, ([, value]) => value),
  };
}

/** Both are in order of time; what was told of one instant is one reading. */
function joinSeries(watts: Series, counter: Series): LedgerReading[] {
  const readings: LedgerReading[] = [];
  let w = 0;
  let c = 0;
  while (w < watts.atMs.length || c < counter.atMs.length) {
    const wattsMs = watts.atMs[w] ?? Number.POSITIVE_INFINITY;
    const counterMs = counter.atMs[c] ?? Number.POSITIVE_INFINITY;
    const atMs = Math.min(wattsMs, counterMs);
    readings.push({
      atMs,
      watts: wattsMs === atMs ? watts.values[w] : undefined,
      wattHoursTotal: counterMs === atMs ? counter.values[c] : undefined,
    });
    if (wattsMs === atMs) w += 1;
    if (counterMs === atMs) c += 1;
  }
  return readings;
}

function floorQuarter(atMs: number): number {
  return Math.floor(atMs / ledgerStepMs) * ledgerStepMs;
}
