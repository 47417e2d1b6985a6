import type { ReadingFigure } from '../../model/quantity.ts';
import { type RawPart, type RawSlice, weaveSlice } from '../raw-slice.ts';
import type { InfluxAsker } from './ask.ts';
import { fromGrid } from './binary-grid.ts';
import { fieldOf, policyOf, readingMeasurement, readingTags } from './layout.ts';
import { nameOfTagValue } from './names.ts';
import { micros, msOfMicros, timeRange } from './questions.ts';

/** So many in one answer take a few ms to parse: no longer answer shall hold up the road. */
export const sliceReadings = 10_000;
/** A longer time is counted before it is read: a room may suddenly say much more than it did. */
const countFromMs = 60_000;

/** The readings of all outlets in [fromMs, toMs); undefined: there are too many. `endMs`: of the whole question. */
export async function askRawSlice(
  asker: InfluxAsker,
  quantities: readonly ReadingFigure[],
  fromMs: number,
  toMs: number,
  endMs: number,
  mayRefuse: boolean,
): Promise<RawSlice | undefined> {
  if (mayRefuse && toMs - fromMs > countFromMs) {
    const count = await askCount(asker, quantities, fromMs, toMs);
    if (count > 4 * sliceReadings) return undefined;
  }
  const fields = quantities.map(quoted).join(', ');
  const tags = readingTags.map((tag) => `"${tag}"`).join(', ');
  const series = await asker.ask({
    statement: `SELECT ${fields} FROM "${readingMeasurement}" WHERE ${timeRange(fromMs, toMs)} GROUP BY ${tags}`,
    policy: policyOf('raw'),
  });
  const parts = series.map(({ tags, values }): RawPart => {
    const [device, label] = readingTags.map((tag) => nameOfTagValue(tags?.[tag] ?? ''));
    return {
      outlet: `${device}/${label}`,
      micros: Float64Array.from(values, (row) => row[0] as number),
      columns: quantities.map((_, c) =>
        Float64Array.from(values, (row) => fromGrid(Number(row[c + 1] ?? Number.NaN))),
      ),
    };
  });
  const nextMs = parts.length === 0 ? await askNext(asker, quantities, toMs, endMs) : toMs;
  return weaveSlice(parts, micros(fromMs), quantities.length, nextMs);
}

/** Of the quantity brought most often. */
async function askCount(
  asker: InfluxAsker,
  quantities: readonly ReadingFigure[],
  fromMs: number,
  toMs: number,
): Promise<number> {
  const counts = quantities.map((quantity) => `count(${quoted(quantity)})`).join(', ');
  const [series] = await asker.ask({
    statement: `SELECT ${counts} FROM "${readingMeasurement}" WHERE ${timeRange(fromMs, toMs)}`,
    policy: policyOf('raw'),
  });
  return Math.max(0, ...(series?.values[0]?.slice(1) ?? []).map(Number));
}

/** When the first reading after an empty time comes; the end of the question when none does. */
async function askNext(
  asker: InfluxAsker,
  quantities: readonly ReadingFigure[],
  fromMs: number,
  endMs: number,
): Promise<number> {
  let nextMs = endMs;
  for (const quantity of quantities) {
    if (!(fromMs < nextMs)) break;
    const [series] = await asker.ask({
      statement: `SELECT first(${quoted(quantity)}) FROM "${readingMeasurement}" WHERE ${timeRange(fromMs, nextMs)}`,
      policy: policyOf('raw'),
    });
    const at = series?.values[0]?.[0];
    if (typeof at === 'number') nextMs = Math.min(nextMs, msOfMicros(at));
  }
  return Math.max(fromMs, nextMs);
}

function quoted(quantity: ReadingFigure): string {
  return `"${fieldOf(quantity)}"`;
}
