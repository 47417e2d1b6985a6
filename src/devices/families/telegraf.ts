import type { RawMessage } from '../../model/reading.ts';
import type { Family, FamilySession, Report, TopicReader } from '../family.ts';
import { InfluxLines, readSeries } from '../influx-lines.ts';
import { isObject, type JsonObject, parseObject, readObject, textOf } from '../json.ts';
import { Known } from '../known.ts';
import { trustedIso, trustedMs } from '../measured-time.ts';
import { plainValue } from '../plain-value.ts';
import { SeriesIdentities } from '../telegraf-identity.ts';
import { FieldNames, type TelegrafDevice, TelegrafSeries } from '../telegraf-series.ts';

/**
 * Telegraf's MQTT output, for what it polls elsewhere (SNMP PDUs, UPSes, IPMI, Redfish): JSON one by one or in
 * batches, line protocol, one field for each topic. Docs: plugins/outputs/mqtt, plugins/serializers/{json,influx}.
 */
export const family: Family = {
  name: 'telegraf',
  topics: ['telegraf/#', '+/telegraf/#'],
  // Below its own root, whatever the measurements are called.
  rank: 5,
  expectedIntervalMs: 10_000,
  open: () => new TelegrafSession(),
};

const seriesMax = 50_000;
/** Met for the first time in one message; the others are counted, and met in the next. To meet one costs 5 µs. */
const newSeriesMax = 640;
const devicesMax = 20_000;

class TelegrafSession implements FamilySession {
  readonly #devices = new Known<TelegrafDevice>(devicesMax, () => ({ hasOutlets: false }));
  /** By measurement and tags, as they are written; JSON ones apart. */
  readonly #ofLines = new Known(seriesMax, (text) => {
    const { name, tags } = readSeries(text);
    return this.#make(name, tags);
  });
  readonly #ofJson = new Map<string, TelegrafSeries>();
  #metInMessage = 0;
  readonly #lines = new InfluxLines();
  readonly #names = new FieldNames();
  readonly #identities = new SeriesIdentities();

  claim(topic: string): TopicReader | undefined {
    const levels = topic.split('/');
    const root = levels[0] === 'telegraf' ? 0 : levels[1] === 'telegraf' ? 1 : -1;
    if (root < 0) return undefined;
    const field = levels.at(-1) as string;
    const where = levels.slice(root + 1, -1).join('/');
    let series: TelegrafSeries | undefined;
    return (message, report) => {
      const { payload } = message;
      if (payload[0] === brace || payload[0] === bracket) this.#readJson(message, report);
      else if (payload.includes(equals)) this.#readLines(message, report);
      else {
        series ??= this.#make('', new Map([['host', where]]));
        readField(series, field, message, report);
      }
    };
  }

  #make(name: string, tags: ReadonlyMap<string, string>): TelegrafSeries {
    const identity = this.#identities.of(name, tags);
    return new TelegrafSeries(identity, this.#devices.get(identity.device), this.#names);
  }

  /** Whether one more series that was never seen may be taken up from this message. */
  #mayMeet(report: Report): boolean {
    this.#metInMessage += 1;
    if (this.#metInMessage <= newSeriesMax) return true;
    report.rejectMessage(undefined, 'too-many-outlets');
    return false;
  }

  #readJson(message: RawMessage, report: Report): void {
    this.#metInMessage = 0;
    // A list at the top is a batch without its name.
    const isList = message.payload[0] === bracket;
    const body = isList
      ? parseObject(`{"metrics":${textOf(message.payload)}}`, undefined, report)
      : readObject(message, undefined, report);
    if (body === undefined) return;
    const { metrics } = body;
    if (!Array.isArray(metrics)) this.#readMetric(body, message, report);
    else {
      let broken = 0;
      for (const metric of metrics as unknown[]) {
        if (isObject(metric)) this.#readMetric(metric, message, report);
        else {
          report.rejectMessage(undefined, 'wrong-shape');
          broken += 1;
        }
        if (broken >= brokenMax) break;
      }
    }
    report.ignore('not-a-meter');
  }

  /** `{"name","tags","fields","timestamp"}`; a transform may have put tags and fields side by side on one level. */
  #readMetric(metric: JsonObject, message: RawMessage, report: Report): void {
    const fields = isObject(metric.fields) ? metric.fields : metric;
    const tags = isObject(metric.tags) ? metric.tags : metric;
    const isFlat = tags === metric;
    const name = nameOf(metric);
    let key = name;
    for (const tag in tags) {
      const value = tags[tag];
      if (isTag(tag, value, isFlat)) key += `,${tag}=${value}`;
    }
    if (fields === metric) key += ',flat';
    let series = this.#ofJson.get(key);
    if (series === undefined) {
      if (!this.#mayMeet(report)) return;
      series = this.#make(name, textsOf(tags, isFlat));
      if (this.#ofJson.size < seriesMax) this.#ofJson.set(key, series);
    }
    if (series.isNew) begin(series, Object.keys(fields), report);
    const atMs = stampOf(metric.timestamp ?? metric.time, message.receivedAtMs);
    for (const field in fields) {
      if (field !== 'timestamp' && field !== 'time') series.take(field, fields[field], message, report);
    }
    series.finish(atMs, report);
  }

  #readLines(message: RawMessage, report: Report): void {
    this.#metInMessage = 0;
    const lines = this.#lines;
    lines.open(textOf(message.payload));
    let broken = 0;
    while (broken < brokenMax && lines.nextLine()) {
      if (!lines.broken && !this.#ofLines.has(lines.series) && !this.#mayMeet(report)) {
        while (lines.nextField());
        lines.stamp();
        continue;
      }
      const series = lines.broken ? undefined : this.#ofLines.get(lines.series);
      if (series?.isNew === true) {
        const names: string[] = [];
        while (lines.nextField()) names.push(lines.field);
        begin(series, names, report);
        lines.again();
      }
      if (!this.#readLine(series, message, report)) broken += 1;
    }
    report.ignore('not-a-meter');
  }

  /** The time stands at the end. False: it was no whole line. */
  #readLine(series: TelegrafSeries | undefined, message: RawMessage, report: Report): boolean {
    const lines = this.#lines;
    while (lines.nextField()) series?.take(lines.field, lines.value, message, report);
    const stamp = lines.stamp();
    if (lines.broken || series === undefined) {
      series?.discard();
      report.rejectMessage(undefined, 'wrong-shape');
      return false;
    }
    series.finish(stamp === undefined ? undefined : trustedStamp(stamp, message.receivedAtMs), report);
    return true;
  }
}

const brace = 123;
const bracket = 91;
const equals = 61;
/** A message with more broken lines or members is none of Telegraf's, whatever it is. */
const brokenMax = 1_000;

/** First met: its fields, and what its outlet is called. */
function begin(series: TelegrafSeries, names: readonly string[], report: Report): void {
  series.learn(names);
  const { device, label, outletName, ignored } = series.identity;
  if (label === undefined || outletName === undefined || ignored || !series.isMetered) return;
  report.describe({ device, outletNames: { [label]: outletName } });
}

/** One value for each topic, `…/<measurement>/<field>`: tags and time are lost. */
function readField(series: TelegrafSeries, field: string, message: RawMessage, report: Report): void {
  series.take(field, plainValue(message.payload), message, report);
  series.finish(undefined, report);
  report.ignore('not-a-meter');
}

function nameOf({ name, measurement }: JsonObject): string {
  if (typeof name === 'string') return name;
  return typeof measurement === 'string' ? measurement : '';
}

/** Beside fields on one level a tag is a text, or the number of an outlet; a time is none. */
function isTag(key: string, value: unknown, isFlat: boolean): boolean {
  if (typeof value === 'string') return !(isFlat && (key === 'timestamp' || key === 'time'));
  return typeof value === 'number' && (!isFlat || numberTags.test(key));
}

const numberTags = /^(outlet|socket|port|channel|index|bank|phase|outlet_?(id|index|number))$/i;

function textsOf(tags: JsonObject, isFlat: boolean): Map<string, string> {
  const texts = new Map<string, string>();
  for (const tag in tags) {
    const value = tags[tag];
    // On one level with the fields, `name` is the measurement.
    const isName = isFlat && (tag === 'name' || tag === 'measurement');
    if (isTag(tag, value, isFlat) && texts.size < tagsMax && !isName) texts.set(tag, String(value));
  }
  return texts;
}

const tagsMax = 64;

/** A number, the same as text, or text of a format that names its zone. */
function stampOf(stamp: unknown, receivedAtMs: number): number | undefined {
  if (typeof stamp === 'number') return trustedStamp(stamp, receivedAtMs);
  if (typeof stamp === 'string' && /^\d{1,20}(\.\d{1,9})?$/.test(stamp))
    return trustedStamp(Number(stamp), receivedAtMs);
  return trustedIso(stamp, receivedAtMs);
}

/** The precision is a setting of Telegraf, told nowhere: seconds, ms, µs and ns are told apart by their size. */
function trustedStamp(stamp: number, receivedAtMs: number): number | undefined {
  const ms = stamp < 1e11 ? stamp * 1e3 : stamp < 1e14 ? stamp : stamp < 1e17 ? stamp / 1e3 : stamp / 1e6;
  return trustedMs(Math.round(ms * 1e3) / 1e3, receivedAtMs);
}
