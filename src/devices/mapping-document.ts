import type { RawMessage } from '../model/reading.ts';
import type { Report } from './family.ts';
import { InfluxLines, readSeries } from './influx-lines.ts';
import { parseObject, textOf } from './json.ts';
import type { Mapping } from './mapping.ts';
import { plainValue } from './plain-value.ts';

const linesMax = 5_000;
const valuesMax = 1_024;

/** What a payload holds in one format; empty: nothing of the kind. Only Influx lines make more than one document. */
export function documentsOf(
  format: Mapping['format'],
  message: RawMessage,
  device: string | undefined,
  report: Report,
): readonly unknown[] {
  switch (format) {
    case 'plain':
      return [plainValue(message.payload)];
    case 'csv':
      return [readValues(message)];
    case 'influx':
      return readLines(message);
    case 'json': {
      const json = readJson(message, device, report);
      return json === undefined ? [] : [json];
    }
  }
}

/** Also a list at the top. */
function readJson(message: RawMessage, device: string | undefined, report: Report): unknown {
  const text = textOf(message.payload);
  return text.trimStart().startsWith('[')
    ? parseObject(`{"list":${text}}`, device, report)?.list
    : parseObject(text, device, report);
}

/** `118,0,23112` or with semicolons, tabs, spaces between. */
function readValues(message: RawMessage): string[] {
  return textOf(message.payload)
    .trim()
    .split(/[,;]\s*|\s+(?:[,;]\s*)?/, valuesMax);
}

/** Each line as Telegraf would write it in JSON. */
function readLines(message: RawMessage): object[] {
  const lines = new InfluxLines();
  const documents: object[] = [];
  lines.open(textOf(message.payload));
  while (documents.length < linesMax && lines.nextLine()) {
    const fields: [string, unknown][] = [];
    while (fields.length < valuesMax && lines.nextField()) fields.push([lines.field, lines.value]);
    const { name, tags } = readSeries(lines.series);
    const timestamp = lines.stamp();
    if (!lines.broken)
      documents.push({ name, tags: Object.fromEntries(tags), fields: Object.fromEntries(fields), timestamp });
  }
  return documents;
}
