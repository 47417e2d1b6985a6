import { ledgerStepMs } from '../../src/analysis/ledger-row.ts';
import { tierStepMs } from '../../src/model/roll-up.ts';
import { scopeId } from '../../src/model/scope.ts';
import type { Series, Store } from '../../src/store/store.ts';
import { Rig } from '../room/passing-hours.ts';
import type { Evidence } from './verdict.ts';

/** When energy is booked from counters and minutes are made again, and some more. */
const hoursMs = 3 * 3_600_000;
const passMs = 300_000;

/**
 * Starts the service once more, in this process, on a clock by which hours pass in seconds: what is made a quarter of an
 * hour or more after its readings is made then. Resolves when nothing is left to be made.
 */
export async function letHoursPass(env: Record<string, string>, folder: string): Promise<void> {
  const rig = new Rig(env, folder, Date.now());
  await rig.start();
  try {
    for (let passed = 0; passed < hoursMs; passed += passMs) await rig.pass(passMs);
    await rig.settle();
  } finally {
    await rig.stop();
  }
}

/** A step of one input that comes late counts from where the sum already is: both may differ by such a share of it … */
const sumShare = 0.02;
/** … and for so long at its begin. */
const sumApartMs = 300;
/** A reading that is followed by the next within this time holds until then, whatever its family. */
const holdsMs = 5_000;
const wattsApart = 0.06;
const minuteMs = tierStepMs.minute;

/**
 * Holds minutes and energy in the store against the raw readings and counters there; `servers`: the inputs of `two-0`,
 * `two-1` … Answers how many minutes were judged.
 */
export async function judgeRollUps(
  evidence: Evidence,
  servers: readonly (readonly string[])[],
  faults: string[],
): Promise<number> {
  const { store, sent } = evidence;
  const outlets = [...new Set(sent.map((one) => one.outlet))];
  const range = wholeQuarters(evidence);
  let minutes = 0;
  let endMs = range.toMs;
  const wattHoursOf = new Map<string, Map<number, number>>();
  for (const outlet of outlets) {
    const watts = await store.series({ outlet, quantity: 'watts', ...range });
    const rows = await minutesOf(store, scopeId('outlet', outlet), range);
    wattHoursOf.set(outlet, new Map([...rows].map(([atMs, row]) => [atMs, row.wattHours])));
    minutes += judgeMinutes(outlet, watts, rows, faults);
    endMs = Math.min(endMs, watts.atMs.at(-1) ?? 0);
    await judgeEnergy(store, outlet, range, faults);
  }
  const sums: [string, readonly string[]][] = [
    ['room', outlets],
    ...servers.map((inputs, i): [string, readonly string[]] => [scopeId('server', `two-${i}`), inputs]),
  ];
  for (const [scope, parts] of sums) {
    const rows = await minutesOf(store, scope, range);
    for (const [atMs, { wattHours, observedMs }] of rows) {
      if (atMs + minuteMs > endMs) continue;
      const ofParts = parts.reduce((sum, outlet) => sum + (wattHoursOf.get(outlet)?.get(atMs) ?? 0), 0);
      if (Math.abs(wattHours - ofParts) > ofParts * (sumShare + sumApartMs / observedMs))
        faults.push(`minute ${clock(atMs)} of ${scope}: ${wattHours} Wh, its parts ${ofParts} Wh`);
    }
    if (rows.size === 0) faults.push(`no minutes of ${scope}`);
  }
  return minutes;
}

interface Minute {
  readonly wattHours: number;
  readonly observedMs: number;
  readonly wattsMin: number;
  readonly wattsMax: number;
}

type Range = { readonly fromMs: number; readonly toMs: number };

async function minutesOf(store: Store, scope: string, range: Range): Promise<Map<number, Minute>> {
  const rows = await store.rollUps({ tier: 'minute', scope, ...range });
  return new Map(
    [...rows.fromMs].map((atMs, i) => [
      atMs,
      {
        wattHours: rows.wattHours[i]!,
        observedMs: rows.observedMs[i]!,
        wattsMin: rows.wattsMin[i]!,
        wattsMax: rows.wattsMax[i]!,
      },
    ]),
  );
}

/** Of every minute of an outlet without gaps; answers how many there were. */
function judgeMinutes(
  outlet: string,
  { atMs, values }: Series,
  rows: ReadonlyMap<number, Minute>,
  faults: string[],
): number {
  let judged = 0;
  const [firstMs = 0, lastMs = 0] = [atMs[0], atMs.at(-1)];
  for (let fromMs = floor(firstMs, minuteMs); fromMs <= lastMs; fromMs += minuteMs) {
    const due = drawnIn(atMs, values, fromMs);
    if (due === undefined) continue;
    judged += 1;
    const row = rows.get(fromMs);
    const endMs = fromMs + minuteMs;
    const isRight =
      row !== undefined &&
      (endMs <= lastMs ? isWhole(row, due) : isBetween(row, due, endMs - Math.max(fromMs, firstMs)));
    if (isRight) continue;
    const found = row === undefined ? 'missing' : JSON.stringify(row);
    faults.push(`minute ${clock(fromMs)} of ${outlet} is ${found}, of its readings ${JSON.stringify(due)}`);
  }
  return judged;
}

/** Readings go on after it: it is what they say. */
function isWhole(row: Minute, due: Minute): boolean {
  return (
    Math.abs(row.observedMs - due.observedMs) <= 2 &&
    Math.abs(row.wattHours - due.wattHours) < 1e-3 + 1e-4 * due.wattHours &&
    Math.abs(row.wattsMin - due.wattsMin) < wattsApart &&
    Math.abs(row.wattsMax - due.wattsMax) < wattsApart
  );
}

/** It was the last: for how long its last reading holds on is a matter of how evenly others came. */
function isBetween(row: Minute, due: Minute, mostMs: number): boolean {
  const mean = (row.wattHours * 3_600_000) / row.observedMs;
  return (
    row.observedMs >= due.observedMs - 1_000 &&
    row.observedMs <= mostMs + 2 &&
    mean >= due.wattsMin - wattsApart &&
    mean <= due.wattsMax + wattsApart
  );
}

/** What readings say of the minute from `fromMs` on, from the first of all to the last; undefined: there is a gap. */
function drawnIn(atMs: Float64Array, values: Float64Array, fromMs: number): Minute | undefined {
  const toMs = fromMs + minuteMs;
  let wattMs = 0;
  let observedMs = 0;
  let wattsMin = Number.POSITIVE_INFINITY;
  let wattsMax = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < atMs.length; i += 1) {
    const nextMs = atMs[i + 1] ?? atMs[i]!;
    if (nextMs < fromMs || atMs[i]! >= toMs || (nextMs === fromMs && i + 1 < atMs.length)) continue;
    if (nextMs - atMs[i]! > holdsMs) return undefined;
    const forMs = Math.min(nextMs, toMs) - Math.max(atMs[i]!, fromMs);
    wattMs += values[i]! * forMs;
    observedMs += forMs;
    wattsMin = Math.min(wattsMin, values[i]!);
    wattsMax = Math.max(wattsMax, values[i]!);
  }
  return { wattHours: wattMs / 3_600_000, observedMs, wattsMin, wattsMax };
}

/** One count of the meters' counters. */
const countWattHours = 1;
const wattHoursApart = 2e-3;

/**
 * What was booked is what the counter counted from its first tick to its last, which is its last reading. Of the count before
 * that tick a part was there already: there it is what the watts came to since the first reading, as far as the counter leaves
 * them room.
 */
async function judgeEnergy(store: Store, outlet: string, range: Range, faults: string[]): Promise<void> {
  const watts = await store.series({ outlet, quantity: 'watts', ...range });
  const { atMs, values } = await store.series({ outlet, quantity: 'wattHoursTotal', ...range });
  const rows = await store.rollUps({ tier: 'quarter', scope: scopeId('outlet', outlet), ...range });
  const booked = rows.wattHours.reduce((sum, one) => sum + one, 0);
  const first = values[0] ?? 0;
  const last = values.at(-1) ?? 0;
  const tick = values.findIndex((value) => value > first);
  const step = tick < 0 ? 0 : values[tick]! - first;
  const least = Math.max(0, step - countWattHours);
  const drawn = drawnUntil(watts, atMs[tick] ?? 0);
  const before = [drawn ?? least, drawn ?? step].map((wattHours) =>
    Math.min(step, Math.max(least, wattHours)),
  );
  const [from, to] = before.map((wattHours) => last - first - step + wattHours);
  if (booked < from! - wattHoursApart || booked > to! + wattHoursApart)
    faults.push(
      `energy of ${outlet}: ${booked} Wh are booked, its counter counted ${last - first} Wh, ${step} of them at its first tick, before which ${drawn ?? 'unknown'} Wh were drawn`,
    );
}

/** Wh from the first reading on; undefined: there is a gap. */
function drawnUntil({ atMs, values }: Series, untilMs: number): number | undefined {
  let wattMs = 0;
  for (let i = 0; i < atMs.length && atMs[i]! < untilMs; i += 1) {
    const forMs = Math.min(atMs[i + 1] ?? untilMs, untilMs) - atMs[i]!;
    if (forMs > holdsMs) return undefined;
    wattMs += values[i]! * forMs;
  }
  return wattMs / 3_600_000;
}

function wholeQuarters({ fromMs, toMs }: Evidence): Range {
  return { fromMs: floor(fromMs, ledgerStepMs), toMs: floor(toMs, ledgerStepMs) + ledgerStepMs };
}

function floor(atMs: number, stepMs: number): number {
  return Math.floor(atMs / stepMs) * stepMs;
}

function clock(atMs: number): string {
  return new Date(atMs).toISOString().slice(11, 19);
}
