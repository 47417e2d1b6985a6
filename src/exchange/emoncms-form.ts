import { fieldsOf } from './csv-fields.ts';
import { timeOf, valueIn } from './import-fields.ts';
import { type FormReader, type ImportOptions, leftOut } from './import-rows.ts';
import { inOurUnit } from './quantity-words.ts';

/** A feed of emoncms: lines of time and value without a header, of one outlet that has to be named. */
export function feedForm(first: string, delimiter: string, options: ImportOptions): FormReader | undefined {
  const fields = fieldsOf(first, delimiter);
  if (fields.length < 2 || fields.length > 3) return undefined;
  // A date may stand beside the time; the value is last.
  const at =
    typeof timeOf(fields[0], undefined, { ...options, nowMs: Number.MAX_SAFE_INTEGER }) === 'number' ? 0 : -1;
  if (at < 0) return undefined;
  return {
    form: 'a feed of emoncms',
    read(line) {
      const parts = fieldsOf(line, delimiter);
      const atMs = timeOf(parts[at], undefined, options);
      if (typeof atMs === 'string') return leftOut(atMs);
      const value = valueIn(parts.at(-1), delimiter !== ',');
      if (typeof value === 'string') return leftOut(value, parts.at(-1));
      if (options.outlet === undefined) return leftOut('no-outlet');
      const { quantity, factor } = options.measured ?? { quantity: 'watts', factor: 1 };
      return {
        kind: 'readings',
        readings: [{ outlet: options.outlet, atMs, values: { [quantity]: inOurUnit(value, factor) } }],
      };
    },
  };
}
