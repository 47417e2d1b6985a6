/**
 * Reads Influx line protocol (docs.influxdata.com, line protocol reference) with one cursor: `nextLine`, then
 * `nextField` until it answers false, then `stamp`. Moves on with every step, so that any text ends in linear time.
 */
export class InfluxLines {
  /** Measurement and tags of the line, as they are written. */
  series = '';
  /** Name of the field, unescaped. */
  field = '';
  /** A number; true or false; text; undefined: not to be read. */
  value: number | string | boolean | undefined = undefined;
  /** The rest of the line does not follow the rules. */
  broken = false;
  #text = '';
  /** Where the next line begins in the text. */
  #nextAt = 0;
  #line = '';
  #at = 0;
  #fieldsAt = 0;

  open(text: string): void {
    this.#text = text;
    this.#nextAt = 0;
  }

  /** False: no more lines. Leaves out empty ones and comments. */
  nextLine(): boolean {
    while (this.#nextAt < this.#text.length) {
      const end = lineEnd(this.#text, this.#nextAt);
      const line = this.#text.slice(this.#nextAt, end).trim();
      const startsAt = this.#nextAt;
      this.#nextAt = end + 1;
      if (line === '' || line.charCodeAt(0) === hash) continue;
      this.#line =
        line === '' || this.#text.charCodeAt(startsAt) <= space ? line : this.#text.slice(startsAt, end);
      const seriesEnd = unescaped(this.#line, ' ', 0);
      this.broken = seriesEnd < 0;
      this.series = this.#line.slice(0, Math.max(seriesEnd, 0));
      this.#at = seriesEnd;
      this.#fieldsAt = seriesEnd;
      return true;
    }
    return false;
  }

  /** Back to the first field of the line. */
  again(): void {
    this.#at = this.#fieldsAt;
    this.broken = false;
  }

  nextField(): boolean {
    const line = this.#line;
    const mark = line.charCodeAt(this.#at);
    const isFirst = this.#at === this.#fieldsAt;
    if (this.broken || (isFirst ? mark !== space : mark !== comma)) return false;
    let start = this.#at + 1;
    if (isFirst) while (line.charCodeAt(start) === space) start += 1;
    const equals = unescaped(line, '=', start);
    if (equals <= start) return this.#break();
    this.field = plain(line.slice(start, equals));
    this.#at = equals + 1;
    return line.charCodeAt(this.#at) === quote ? this.#quoted() : this.#bare();
  }

  /** What stands behind the fields; undefined: nothing, or no number. */
  stamp(): number | undefined {
    const text = this.broken ? '' : this.#line.slice(this.#at).trim();
    if (text === '') return undefined;
    if (/^-?\d{1,20}$/.test(text)) return Number(text);
    this.broken = true;
    return undefined;
  }

  #bare(): boolean {
    const line = this.#line;
    let end = this.#at;
    for (; end < line.length; end++) {
      const code = line.charCodeAt(end);
      if (code === comma || code <= space) break;
    }
    if (end === this.#at) return this.#break();
    this.value = bareValue(line.slice(this.#at, end));
    this.#at = end;
    return true;
  }

  /** Text may hold line ends and, escaped, quotes. */
  #quoted(): boolean {
    let end = unescaped(this.#line, '"', this.#at + 1);
    if (end < 0) {
      const beyond = unescaped(this.#text, '"', this.#nextAt);
      if (beyond < 0) return this.#break();
      const rest = this.#text.slice(this.#nextAt - 1, lineEnd(this.#text, beyond));
      end = this.#line.length + 1 + beyond - this.#nextAt;
      this.#line += rest;
      this.#nextAt += rest.length;
    }
    this.value = this.#line.slice(this.#at + 1, end);
    this.#at = end + 1;
    return true;
  }

  #break(): boolean {
    this.broken = true;
    return false;
  }
}

/** `rpdu,agent_host=10.0.0.9,outlet=3` → measurement and tags, unescaped. */
export function readSeries(series: string): { name: string; tags: Map<string, string> } {
  const nameEnd = unescaped(series, ',', 0);
  const tags = new Map<string, string>();
  let at = nameEnd;
  while (at >= 0 && at < series.length && tags.size < tagsMax) {
    const next = unescaped(series, ',', at + 1);
    const end = next < 0 ? series.length : next;
    const equals = unescaped(series, '=', at + 1);
    if (equals > 0 && equals < end)
      tags.set(plain(series.slice(at + 1, equals)), plain(series.slice(equals + 1, end)));
    at = next;
  }
  return { name: plain(nameEnd < 0 ? series : series.slice(0, nameEnd)), tags };
}

const tagsMax = 64;
const space = 32;
const hash = 35;
const comma = 44;
const quote = 34;
const backslash = 92;

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

/** Where the mark stands without a backslash before it; −1: nowhere. */
function unescaped(text: string, mark: string, from: number): number {
  let at = text.indexOf(mark, from);
  while (at >= 0 && isEscaped(text, at, from)) at = text.indexOf(mark, at + 1);
  return at;
}

function isEscaped(text: string, at: number, from: number): boolean {
  let slashes = 0;
  while (at - slashes - 1 >= from && text.charCodeAt(at - slashes - 1) === backslash) slashes += 1;
  return slashes % 2 === 1;
}

function plain(text: string): string {
  return text.includes('\\') ? text.replace(/\\([,= "\\])/g, '$1') : text;
}

function bareValue(text: string): number | boolean | undefined {
  const last = text.charCodeAt(text.length - 1);
  const isInteger = last === 105 || last === 117;
  const digits = isInteger ? text.slice(0, -1) : text;
  if (/^[+-]?(\d+(?:\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(digits)) return Number(digits);
  if (/^(t|true)$/i.test(text)) return true;
  return /^(f|false)$/i.test(text) ? false : undefined;
}
