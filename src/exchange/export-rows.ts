import { type ReadingFigure, readingFigures } from '../model/quantity.ts';
import { type RollUpFigure, type RollUpTier, rollUpFigures } from '../model/roll-up.ts';

/** What `rackwatt export` writes and `rackwatt import` reads: RFC 4180, figures to their last digit, nothing for unknown. */
export const readingColumns = ['atMs', 'time', 'outlet', ...readingFigures] as const;
export const rollUpColumns = ['tier', 'scope', 'fromMs', 'time', ...rollUpFigures] as const;

export function readingLine(
  atMs: number,
  outlet: string,
  values: ArrayLike<number> | Partial<Record<ReadingFigure, number>>,
): string {
  const isList = 'length' in values;
  const figures = readingFigures.map((figure, i) => {
    const value = isList ? values[i] : (values as Partial<Record<ReadingFigure, number>>)[figure];
    return figure === 'on' ? relayText(value) : figureText(value);
  });
  return `${atMs},${timeText(atMs)},${nameText(outlet)},${figures.join(',')}\r\n`;
}

export function rollUpLine(
  tier: RollUpTier,
  scope: string,
  fromMs: number,
  figureOf: (figure: RollUpFigure) => number | undefined,
): string {
  const figures = rollUpFigures.map((figure) => figureText(figureOf(figure)));
  return `${tier},${nameText(scope)},${fromMs},${timeText(fromMs)},${figures.join(',')}\r\n`;
}

export function headerLine(columns: readonly string[]): string {
  return `${columns.join(',')}\r\n`;
}

function timeText(atMs: number): string {
  return new Date(atMs).toISOString();
}

function figureText(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? '' : String(value);
}

function relayText(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? '' : String(value !== 0);
}

/** A name that a spreadsheet would take for a formula is marked as text. */
function nameText(name: string): string {
  const text = /^[=+\-@＝＋－＠]/.test(name) ? `'${name}` : name;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
