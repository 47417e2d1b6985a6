import { type RollUpChange, tierStepMs } from '../model/roll-up.ts';
import { scopeId } from '../model/scope.ts';
import { fieldsOf, indexOfAny, plainName } from './csv-fields.ts';
import { nameIn, timeOf, valueIn } from './import-fields.ts';
import {
  type FormReader,
  type ImportedRow,
  type ImportOptions,
  type LeftOutReason,
  leftOut,
  type NameMapping,
} from './import-rows.ts';
import { inOurUnit, type Measured, measuredAs, measuredByEnding } from './quantity-words.ts';

const hourMs = 3_600_000;
const quartersPerHour = hourMs / tierStepMs.quarter;

/** History as Home Assistant exports it: `entity_id,state,last_changed`, a line for each change. */
export function haHistoryForm(
  header: readonly string[],
  delimiter: string,
  options: ImportOptions,
): FormReader | undefined {
  const names = header.map(plainName);
  const entity = names.indexOf('entity_id');
  const state = names.indexOf('state');
  const time = indexOfAny(names, ['last_changed', 'last_updated', 'last_changed_ts', 'last_updated_ts']);
  const unit = indexOfAny(names, ['unit', 'unit_of_measurement']);
  if (entity < 0 || state < 0 || time === undefined) return undefined;
  return {
    form: 'Home Assistant history',
    read(line) {
      const fields = fieldsOf(line, delimiter);
      const named = namedBy(nameIn(fields[entity]), unit === undefined ? undefined : fields[unit], options);
      if ('reason' in named) return leftOut(named.reason, named.detail);
      const atMs = timeOf(fields[time], undefined, options);
      if (typeof atMs === 'string') return leftOut(atMs);
      const value = valueIn(fields[state], delimiter !== ',');
      if (typeof value === 'string') return leftOut(value, fields[state]);
      const { quantity, factor } = named.measured;
      const values = { [quantity]: inOurUnit(value, factor) };
      return { kind: 'readings', readings: [{ outlet: named.outlet, atMs, values }] };
    },
  };
}

/**
 * Long-term statistics: a line for each hour and entity, with mean, min and max of power, or with the sum or state of a
 * counter. An hour's mean is no reading of one moment: it becomes that hour's four quarters. A counter is read at the
 * end of its hour.
 */
export function haStatisticsForm(
  header: readonly string[],
  delimiter: string,
  options: ImportOptions,
): FormReader | undefined {
  const names = header.map(plainName);
  const id = indexOfAny(names, ['statistic_id', 'entity_id', 'id']);
  const start = indexOfAny(names, ['start', 'start_ts', 'start_time', 'period_start']);
  const unit = indexOfAny(names, ['unit', 'unit_of_measurement']);
  const at = (name: string) => names.indexOf(name);
  const [mean, min, max, sum, state] = [at('mean'), at('min'), at('max'), at('sum'), at('state')] as [
    number,
    number,
    number,
    number,
    number,
  ];
  if (id === undefined || start === undefined || (mean < 0 && sum < 0 && state < 0)) return undefined;
  return {
    form: 'Home Assistant statistics',
    read(line) {
      const fields = fieldsOf(line, delimiter);
      const named = namedBy(nameIn(fields[id]), unit === undefined ? undefined : fields[unit], options);
      if ('reason' in named) return leftOut(named.reason, named.detail);
      const fromMs = timeOf(fields[start], undefined, options);
      if (typeof fromMs === 'string') return leftOut(fromMs);
      const number = (column: number) =>
        column < 0 ? 'no-value' : valueIn(fields[column], delimiter !== ',');
      const { measured, outlet } = named;
      const counter = firstNumber(number(sum), number(state));
      if (measured.quantity.startsWith('wattHours')) {
        if (typeof counter === 'string') return leftOut(counter);
        const values = { [measured.quantity]: inOurUnit(counter, measured.factor) };
        return { kind: 'readings', readings: [{ outlet, atMs: fromMs + hourMs, values }] };
      }
      const watts = number(mean);
      if (typeof watts === 'string') return leftOut(watts);
      const ours = (value: number | LeftOutReason) =>
        inOurUnit(typeof value === 'number' ? value : watts, measured.factor);
      if (measured.quantity !== 'watts' || fromMs % hourMs !== 0)
        return {
          kind: 'readings',
          readings: [{ outlet, atMs: fromMs, values: { [measured.quantity]: ours(watts) } }],
        };
      return quartersOf(outlet, fromMs, {
        mean: ours(watts),
        min: ours(number(min)),
        max: ours(number(max)),
      });
    },
  };
}

function firstNumber(one: number | LeftOutReason, other: number | LeftOutReason): number | LeftOutReason {
  return typeof one === 'number' ? one : other;
}

function quartersOf(
  outlet: string,
  fromMs: number,
  { mean, min, max }: { mean: number; min: number; max: number },
): ImportedRow {
  const rows = Array.from({ length: quartersPerHour }, (_, i): RollUpChange => {
    const wattHours = mean / quartersPerHour;
    return {
      scope: scopeId('outlet', outlet),
      fromMs: fromMs + i * tierStepMs.quarter,
      wattsMean: mean,
      wattsMin: min,
      wattsMax: max,
      wattHours,
      observedMs: tierStepMs.quarter,
      counterWattHours: 0,
      integratedWattHours: wattHours,
      spreadWattHours: 0,
      spreadMs: 0,
    };
  });
  return { kind: 'rollUps', tier: 'quarter', rows, isWhole: false };
}

/** Outlet and quantity of an entity: as it is mapped, as its unit says, as its name ends. */
export function namedBy(
  name: string,
  unit: string | undefined,
  { mappings, outlet: only, measured: fallback }: ImportOptions,
): { outlet: string; measured: Measured } | { reason: LeftOutReason; detail: string } {
  const mapped: NameMapping | undefined =
    mappings?.get(name) ??
    (only === undefined ? undefined : { outlet: only }) ??
    (/^[^/]+(\/[^/]+)+$/.test(name) ? { outlet: name } : undefined);
  if (mapped === undefined) return { reason: 'not-mapped', detail: name };
  const measured =
    mapped.measured ??
    (unit === undefined ? undefined : measuredAs(unit)) ??
    measuredByEnding(name) ??
    fallback;
  return measured === undefined
    ? { reason: 'no-quantity', detail: name }
    : { outlet: mapped.outlet, measured };
}
