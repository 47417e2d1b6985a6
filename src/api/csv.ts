/** RFC 4180: a header, then one line a row; what is not known is an empty field. */
export function csvText(columns: readonly string[], rows: readonly (readonly CsvValue[])[]): string {
  return [columns, ...rows].map(csvLine).join('');
}

/** One line of it. */
export function csvLine(row: readonly CsvValue[]): string {
  return `${row.map(field).join(',')}\r\n`;
}

export type CsvValue = string | number | boolean | undefined;

/**
 * Names come from devices: one with a comma or a quote stays one field, and one that a spreadsheet would take for a
 * formula is marked as text.
 */
function field(value: CsvValue): string {
  if (typeof value !== 'string') return value === undefined ? '' : String(value);
  const text = /^[=+\-@\t\r\n＝＋－＠]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
