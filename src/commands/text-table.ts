/** Text from outside, for a terminal: without control characters, clipped. */
export function shown(text: string, widthMax = 60): string {
  // No more than the beginning is ever looked at: names may be long, and segmenting is slow.
  const plain = text
    .slice(0, 4 * widthMax)
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\uFFFD');
  if (widthOf(plain) <= widthMax) return plain;
  let clipped = '';
  let width = 0;
  for (const { segment } of graphemes.segment(plain)) {
    width += widthOf(segment);
    if (width >= widthMax) break;
    clipped += segment;
  }
  return `${clipped}…`;
}

/** `1 message`, `1,200 messages` */
export function count(value: number, what: string): string {
  return `${value.toLocaleString('en')} ${what}${value === 1 ? '' : 's'}`;
}

/** Columns as wide as they must be; those that hold nothing below their heading are left out. */
export function textTable(rows: readonly (readonly string[])[], rightColumns: ReadonlySet<string>): string {
  const cells = rows.map((row) => row.map((text) => shown(text)));
  const [heads = [], ...body] = cells;
  const columns = heads.map((head, column) => ({
    isUsed: body.some((row) => row[column] !== ''),
    isRight: rightColumns.has(head),
    width: Math.max(...cells.map((row) => widthOf(row[column] ?? ''))),
  }));
  const lines = cells.map((row) =>
    columns
      .flatMap(({ isUsed, isRight, width }, column) => {
        if (!isUsed) return [];
        const text = row[column] ?? '';
        const space = ' '.repeat(width - widthOf(text));
        return isRight ? space + text : text + space;
      })
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** What terminals draw two columns wide. */
const wide =
  /\p{Extended_Pictographic}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/u;

function widthOf(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: plain ASCII, the usual case, is quick
  if (/^[\x00-\x7f]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += wide.test(segment) ? 2 : 1;
  return width;
}
