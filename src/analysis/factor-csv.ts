import { type FactorPoint, type GridFactor, spanOf } from './carbon.ts';
import { gramsPerKwhMax } from './factor-message.ts';
import { instantOfText } from './settings-time.ts';

export interface FactorCsv {
  /** Oldest first, no two of one time. */
  readonly points: readonly FactorPoint[];
  /** `line 7: …`, what is wrong and what would be right; the first hundred. */
  readonly mistakes: readonly string[];
}

const mistakesMax = 100;
export const factorLinesMax = 500_000;
/** A few milliseconds. */
const linesInTurn = 4_000;
const sourceCharactersMax = 200;

/**
 * Reads `from,gramsPerKwh[,source]`, a factor a line, in any order; a line of column names, empty lines and lines that
 * begin with # are passed over.
 *
 * Stops after each few thousand lines, so that a long file need not be read in one go.
 *
 * @param timezone of times without an offset
 * @param source of lines that name none
 */
export function* readFactorCsv(text: string, timezone: string, source: string): Generator<void, FactorCsv> {
  const points = new Map<number, { readonly point: FactorPoint; readonly line: number }>();
  const mistakes: string[] = [];
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  if (lines.length > factorLinesMax)
    return { points: [], mistakes: [`${lines.length} lines: ${factorLinesMax} at most can be read`] };
  let isFirst = true;
  for (const [i, raw] of lines.entries()) {
    if (i % linesInTurn === linesInTurn - 1) yield;
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    if (isFirst && /^"?from"?\s*,\s*"?gramsPerKwh"?\s*(,|$)/i.test(line)) {
      isFirst = false;
      continue;
    }
    isFirst = false;
    const found = pointOf(line, timezone, source);
    const twin = typeof found === 'string' ? undefined : points.get(found.fromMs);
    if (typeof found === 'string') mistakes.push(`line ${i + 1}: ${found}`);
    else if (twin !== undefined)
      mistakes.push(`line ${i + 1}: begins when line ${twin.line} begins: leave one of them out`);
    else points.set(found.fromMs, { point: found, line: i + 1 });
    if (mistakes.length >= mistakesMax) break;
  }
  const ordered = [...points.values()].map(({ point }) => point).sort((a, b) => a.fromMs - b.fromMs);
  return { points: ordered, mistakes };
}

/** Each holds until the next, the last as long as the one before it did; a single one from its time on. */
export function spansOfCsv(points: readonly FactorPoint[]): GridFactor[] {
  return points.map((point, i) => {
    const before = points[i - 1];
    const lastToMs = before === undefined ? Number.POSITIVE_INFINITY : 2 * point.fromMs - before.fromMs;
    return spanOf(point, points[i + 1]?.fromMs ?? lastToMs);
  });
}

function pointOf(line: string, timezone: string, source: string): FactorPoint | string {
  const [from = '', grams, ...rest] = line.split(',').map(unquoted);
  const fromMs = instantOfText(from, timezone);
  if (fromMs === undefined)
    return `"${shown(from)}" is no time: write 2026-01-01, 2026-01-01T07:00 or 2026-01-01T07:00Z`;
  if (grams === undefined || !/^\d+(\.\d+)?$/.test(grams) || Number(grams) > gramsPerKwhMax)
    return `"${shown(grams ?? '')}" is no factor: write g/kWh, a number from 0 to ${gramsPerKwhMax}`;
  const told = rest.join(',').slice(0, sourceCharactersMax);
  return { fromMs, gramsPerKwh: Number(grams), source: told === '' ? source : told };
}

function unquoted(field: string): string {
  return field.trim().replace(/^"|"$/g, '').trim();
}

function shown(field: string): string {
  return field.slice(0, 40);
}
