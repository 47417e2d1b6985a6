import { instantOfText } from './settings-time.ts';
import { versionRanges } from './tariff.ts';
import type {
  CapacityTerms,
  CorrectionSettings,
  TariffSettings,
  TariffTerms,
  TariffVersionSettings,
} from './tariff-settings.ts';
import { weekdays } from './tariff-settings.ts';
import { minuteOfDay, type PlanMoment, weekPlan } from './week-plan.ts';

/** What in a tariff contradicts itself; the path is that within `room.tariff`. */
export interface TariffProblem {
  readonly path: readonly PropertyKey[];
  readonly found: string;
  readonly expected: string;
  readonly example: string;
}

const timeExample =
  'room: { tariff: { currency: GBP, versions: [ { validFrom: 2026-04-01, pricePerKwh: 0.28 }, { validFrom: 2027-04-01, pricePerKwh: 0.31 } ] } }';
const rowsExample =
  "room: { tariff: { currency: GBP, pricePerKwh: 0.18, timeOfUse: [ { days: [ mon, tue, wed, thu, fri ], from: '07:00', to: '20:00', pricePerKwh: 0.31 } ] } }";
const aTime =
  'a local date or time such as 2026-04-01 or 2026-04-01T07:00, or one with its zone (…Z, …+02:00)';

/** Every contradiction at once; each by itself well-formed (the schema sees to that). */
export function tariffProblems(settings: TariffSettings, timezone: string): TariffProblem[] {
  const { versions, corrections = [] } = settings;
  const problems: TariffProblem[] = [];
  if (versions === undefined) problems.push(...termsProblems(settings, []));
  else problems.push(...flatProblems(settings), ...versionProblems(versions, timezone));
  for (const [i, correction] of corrections.entries()) {
    problems.push(...correctionProblems(correction, ['corrections', i], timezone));
  }
  return problems;
}

const termKeys = [
  'pricePerKwh',
  'timeOfUse',
  'fixedPerDay',
  'fixedPerMonth',
  'demand',
  'capacity',
  'taxPercent',
] as const;

/** Terms beside `versions` would hold when? */
function flatProblems(settings: TariffSettings): TariffProblem[] {
  return termKeys
    .filter((key) => settings[key] !== undefined)
    .map((key) => ({
      path: [key],
      found: `${key} beside versions`,
      expected: `${key} within each version it belongs to`,
      example: timeExample,
    }));
}

function versionProblems(versions: readonly TariffVersionSettings[], timezone: string): TariffProblem[] {
  const problems: TariffProblem[] = [];
  for (const [i, version] of versions.entries()) {
    problems.push(...termsProblems(version, ['versions', i]));
    for (const key of ['validFrom', 'validTo'] as const) {
      problems.push(...timeProblems(version[key], ['versions', i, key], timezone));
    }
  }
  const ranges = versionRanges(versions, timezone);
  for (const [i, { fromMs, toMs, version, index }] of ranges.entries()) {
    const path = ['versions', index];
    if (toMs <= fromMs && version.validTo !== undefined) {
      problems.push({
        path: [...path, 'validTo'],
        found: `a version from ${version.validFrom} to ${version.validTo}: it never holds`,
        expected: 'a validTo after validFrom',
        example: timeExample,
      });
    }
    const next = ranges[i + 1];
    if (next === undefined || !(toMs > next.fromMs || fromMs === next.fromMs)) continue;
    problems.push({
      path: ['versions', next.index, ...(next.version.validFrom === undefined ? [] : ['validFrom'])],
      found: `a version that begins ${next.version.validFrom ?? 'at all times'}, while versions[${index}] still holds${version.validTo === undefined ? '' : ` (until ${version.validTo})`}`,
      expected: 'versions that do not overlap: one price for one moment',
      example: timeExample,
    });
  }
  return problems;
}

function termsProblems(terms: TariffTerms, path: readonly PropertyKey[]): TariffProblem[] {
  const problems: TariffProblem[] = [];
  const rows = terms.timeOfUse ?? [];
  if (terms.pricePerKwh === undefined && rows.length === 0) {
    problems.push({
      path,
      found: 'no price',
      expected: 'pricePerKwh, timeOfUse or both',
      example: 'room: { tariff: { currency: GBP, pricePerKwh: 0.28 } }',
    });
  }
  for (const [i, row] of rows.entries()) {
    for (const key of ['from', 'to'] as const) {
      if (row[key] === undefined || minuteOfDay(row[key]) !== undefined) continue;
      problems.push({
        path: [...path, 'timeOfUse', i, key],
        found: `"${row[key]}"`,
        expected: "a time of day from '00:00' to '24:00', in quotes",
        example: rowsExample,
      });
    }
  }
  if (problems.length > 0) return [...problems, ...capacityProblems(terms.capacity, path)];
  const { conflict, gap } = weekPlan(rows);
  if (conflict !== undefined) {
    const [one, other] = conflict.rows;
    problems.push({
      path: [...path, 'timeOfUse', other],
      found: `${rows[other]!.pricePerKwh} ${momentText(conflict)}, for which timeOfUse[${one}] says ${rows[one]!.pricePerKwh}`,
      expected: 'one price for one moment',
      example: rowsExample,
    });
  }
  if (gap !== undefined && terms.pricePerKwh === undefined) {
    problems.push({
      path: [...path, 'timeOfUse'],
      found: `no price ${momentText(gap)}`,
      expected: 'rows for every hour of the week in every month, or a pricePerKwh for the rest',
      example: rowsExample,
    });
  }
  return [...problems, ...capacityProblems(terms.capacity, path)];
}

/** An amount without its price says nothing, nor a price without what it is paid for. */
function capacityProblems(
  capacity: CapacityTerms | undefined,
  path: readonly PropertyKey[],
): TariffProblem[] {
  if (capacity === undefined) return [];
  const { kva, pricePerKva, amps, pricePerAmp } = capacity;
  const isByKva = kva !== undefined && pricePerKva !== undefined;
  const isByAmp = amps !== undefined && pricePerAmp !== undefined;
  const isHalf =
    (kva === undefined) !== (pricePerKva === undefined) ||
    (amps === undefined) !== (pricePerAmp === undefined);
  if (isByKva !== isByAmp && !isHalf) return [];
  return [
    {
      path: [...path, 'capacity'],
      found:
        isByKva && isByAmp
          ? 'a capacity by kVA and by A'
          : 'an amount without its price, or the other way round',
      expected: 'kva with pricePerKva, or amps with pricePerAmp',
      example:
        'room: { tariff: { currency: GBP, pricePerKwh: 0.28, capacity: { kva: 25, pricePerKva: 4.2 } } }',
    },
  ];
}

function correctionProblems(
  correction: CorrectionSettings,
  path: readonly PropertyKey[],
  timezone: string,
): TariffProblem[] {
  const problems = (['from', 'to', 'at'] as const).flatMap((key) =>
    timeProblems(correction[key], [...path, key], timezone),
  );
  if (problems.length > 0) return problems;
  if (instantOfText(correction.from, timezone)! < instantOfText(correction.to, timezone)!) return [];
  return [
    {
      path: [...path, 'to'],
      found: `a correction from ${correction.from} to ${correction.to}`,
      expected: 'a to after from',
      example:
        "room: { tariff: { currency: GBP, pricePerKwh: 0.28, corrections: [ { from: 2026-01-01, to: 2026-02-01, pricePerKwh: 0.26, why: the supplier's mistake, at: 2026-03-03 } ] } }",
    },
  ];
}

function timeProblems(
  text: string | undefined,
  path: readonly PropertyKey[],
  timezone: string,
): TariffProblem[] {
  if (text === undefined || instantOfText(text, timezone) !== undefined) return [];
  return [{ path, found: `"${text}"`, expected: aTime, example: timeExample }];
}

/** `on Mon at 07:00 in month 1` */
function momentText({ month, weekday, minute }: PlanMoment): string {
  const time = `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
  return `on ${weekdays[weekday]} at ${time} in month ${month + 1}`;
}
