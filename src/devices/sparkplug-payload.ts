/**
 * Reads a Sparkplug B payload (Eclipse Tahu, sparkplug_b.proto) in place: only what a meter needs. Nothing is
 * recursive and every step moves on by at least a byte, so that any bytes end in bounded time.
 */

/** Data types (proto enum DataType) that are numbers, and what their bits mean. */
export const dataTypes = {
  int8: 1,
  int16: 2,
  int32: 3,
  int64: 4,
  uint8: 5,
  uint16: 6,
  uint32: 7,
  uint64: 8,
  float: 9,
  double: 10,
  boolean: 11,
  string: 12,
  text: 14,
  template: 19,
} as const;

/** Whoever can tell a text from where it stands. */
interface BytesOwner {
  textAt(from: number, to: number): string;
}

/** One metric. Its texts are made when they are asked for. The same object serves one after another. */
export class SparkplugMetric {
  readonly #bytes: BytesOwner;
  /** Where its name and the text of its unit stand; 0: nowhere. */
  nameFrom = 0;
  nameTo = 0;
  unitFrom = 0;
  unitTo = 0;
  /** −1: none. */
  alias = -1;
  /** Epoch ms; 0: none. */
  timestampMs = 0;
  /** 0: not told, as in data messages. */
  dataType = 0;
  isHistorical = false;
  isNull = false;
  /** Of the templates it is a member of, each with a slash behind it. */
  prefix = '';
  /** Of a template that goes by its alias, before `prefix`; −1: none. */
  templateAlias = -1;
  /** As it came over the wire: see `valueAs`. */
  #wire: 'none' | 'varint' | 'float' | 'double' | 'boolean' | 'text' = 'none';
  #low = 0;
  #high = 0;
  #number = 0;
  #text = '';

  constructor(bytes: BytesOwner) {
    this.#bytes = bytes;
  }

  /** Empty: it goes by its alias. */
  get name(): string {
    if (this.nameTo === 0) return '';
    const own = this.#bytes.textAt(this.nameFrom, this.nameTo);
    return this.prefix === '' ? own : this.prefix + own;
  }

  get nameLength(): number {
    return this.nameTo === 0 ? 0 : this.nameTo - this.nameFrom;
  }

  /** By its properties; empty: none told. */
  get unit(): string {
    return this.unitTo === 0 ? '' : this.#bytes.textAt(this.unitFrom, this.unitTo);
  }

  reset(): void {
    this.nameTo = 0;
    this.alias = -1;
    this.timestampMs = 0;
    this.dataType = 0;
    this.isHistorical = false;
    this.isNull = false;
    this.unitTo = 0;
    this.#wire = 'none';
  }

  setVarint(low: number, high: number): void {
    this.#wire = 'varint';
    this.#low = low;
    this.#high = high;
  }

  setNumber(wire: 'float' | 'double', value: number): void {
    this.#wire = wire;
    this.#number = wire === 'float' ? shortest(value) : value;
  }

  setBoolean(value: boolean): void {
    this.#wire = 'boolean';
    this.#number = Number(value);
  }

  setText(value: string): void {
    this.#wire = 'text';
    this.#text = value;
  }

  /** Its value under a data type (of the birth, when the message itself has none); undefined: none of use here. */
  valueAs(dataType: number): number | string | boolean | undefined {
    if (this.isNull) return undefined;
    switch (this.#wire) {
      case 'none':
        return undefined;
      case 'text':
        return this.#text;
      case 'boolean':
        return this.#number === 1;
      case 'float':
      case 'double':
        return this.#number;
      case 'varint':
        return this.#integer(dataType);
    }
  }

  /** Signed types come in two's complement, in 32 bits or in 64, whatever the encoder likes. */
  #integer(dataType: number): number | boolean {
    const low = this.#low;
    switch (dataType) {
      case dataTypes.int8:
        return (low << 24) >> 24;
      case dataTypes.int16:
        return (low << 16) >> 16;
      case dataTypes.int32:
        return low | 0;
      case dataTypes.int64:
        return (this.#high | 0) * 4294967296 + (low >>> 0);
      case dataTypes.boolean:
        return low !== 0;
      default:
        return (this.#high >>> 0) * 4294967296 + (low >>> 0);
    }
  }
}

/** A 32-bit float says about seven digits: 131.3 and not 131.3000030517578. */
function shortest(value: number): number {
  const size = Math.abs(value);
  if (!(size < 1e6)) return value;
  const perUnit =
    size < 10 ? 1e6 : size < 100 ? 1e5 : size < 1e3 ? 1e4 : size < 1e4 ? 1e3 : size < 1e5 ? 100 : 10;
  return Math.round(value * perUnit) / perUnit;
}

/** A template whose members are being read, and what comes after it. */
interface OpenTemplate {
  readonly nextAt: number;
  readonly nextEnd: number;
  /** As it was outside. */
  readonly prefix: string;
  readonly templateAlias: number;
  /** What its members have, where they tell nothing of their own. */
  readonly timestampMs: number;
  readonly isHistorical: boolean;
}

/** Templates within templates. */
const templateDepthMax = 4;

/** More than anyone gives one metric. */
const propertiesMax = 64;

/** A payload opened for reading; `open` first, then `next` until it answers undefined. */
export class SparkplugPayload {
  /** Epoch ms; 0: none. */
  timestampMs = 0;
  /** 0–255; −1: none. */
  seq = -1;
  readonly #metric = new SparkplugMetric(this);
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;
  #low = 0;
  #high = 0;
  #broken = false;
  /** Where the texts of the metric's properties stand. */
  readonly #textsFrom = new Int32Array(propertiesMax + 1);
  readonly #textsTo = new Int32Array(propertiesMax + 1);
  /** Where the newest key that means unit stands: the next metric mostly has the same one. */
  #unitKeyFrom = 0;
  #unitKeyTo = 0;
  /** Where the members of the metric stand, if it is a template; 0: nowhere. */
  #templateFrom = 0;
  #templateTo = 0;
  readonly #templates: OpenTemplate[] = [];

  /** False: no Sparkplug payload. Its frame is checked to the end; the metrics are looked into one by one. */
  open(payload: Uint8Array): boolean {
    this.#bytes = Buffer.isBuffer(payload)
      ? payload
      : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    this.#rewind(0, payload.length);
    this.timestampMs = 0;
    this.seq = -1;
    this.#unitKeyTo = this.#unitKeyFrom;
    while (this.#at < this.#end) {
      const key = this.#varint();
      if (key === 0x08 || key === 0x18) {
        const value = this.#varint();
        if (key === 0x08) this.timestampMs = value;
        else this.seq = value;
      } else this.#skip(key);
      if (this.#broken) return false;
    }
    if (this.seq < 0 || this.seq > 255) this.seq = -1;
    this.#templateTo = 0;
    while (this.#leaveTemplate());
    this.#rewind(0, payload.length);
    return true;
  }

  /**
   * The next metric, valid until the next call; null: it is broken. Undefined: there are no more. After a template
   * come its members.
   */
  next(): SparkplugMetric | null | undefined {
    if (this.#templateTo > 0) this.#enterTemplate();
    while (this.#at < this.#end || this.#leaveTemplate()) {
      if (this.#at >= this.#end) continue;
      const key = this.#varint();
      if (key !== 0x12) {
        this.#skip(key);
        continue;
      }
      const length = this.#varint();
      const end = this.#at + length;
      const whole = this.#end;
      this.#end = end;
      this.#metric.reset();
      if (this.#templates.length > 0) this.#inherit();
      this.#readMetric();
      const broken = this.#broken;
      if (broken) this.#templateTo = 0;
      this.#rewind(end, whole);
      return broken ? null : this.#metric;
    }
    return undefined;
  }

  /** Goes on with the members of the template that was read last. Definitions hold no values, only defaults. */
  #enterTemplate(): void {
    const from = this.#templateFrom;
    const to = this.#templateTo;
    this.#templateTo = 0;
    const metric = this.#metric;
    if (this.#templates.length >= templateDepthMax || metric.isNull || this.#isDefinition(from, to)) return;
    const { prefix, templateAlias, timestampMs, isHistorical } = metric;
    const outside = { nextAt: this.#at, nextEnd: this.#end, prefix, templateAlias };
    this.#templates.push({ ...outside, timestampMs, isHistorical });
    const { name } = metric;
    if (name !== '') metric.prefix = `${name}/`;
    else {
      metric.prefix = '';
      metric.templateAlias = metric.alias;
    }
    this.#rewind(from, to);
  }

  /** False: there is none to leave. */
  #leaveTemplate(): boolean {
    const left = this.#templates.pop();
    if (left === undefined) return false;
    this.#metric.prefix = left.prefix;
    this.#metric.templateAlias = left.templateAlias;
    this.#rewind(left.nextAt, left.nextEnd);
    return true;
  }

  #inherit(): void {
    const template = this.#templates.at(-1) as OpenTemplate;
    this.#metric.timestampMs = template.timestampMs;
    this.#metric.isHistorical = template.isHistorical;
  }

  #isDefinition(from: number, to: number): boolean {
    const at = this.#at;
    const end = this.#end;
    let found = false;
    this.#rewind(from, to);
    while (this.#at < this.#end && !found) {
      const key = this.#varint();
      if (key === 0x28) found = this.#varint() !== 0;
      else this.#skip(key);
    }
    this.#rewind(at, end);
    return found;
  }

  #rewind(at: number, end: number): void {
    this.#at = at;
    this.#end = end;
    this.#broken = false;
  }

  #readMetric(): void {
    const metric = this.#metric;
    while (this.#at < this.#end && !this.#broken) {
      const key = this.#varint();
      switch (key) {
        case 0x0a:
          metric.nameFrom = this.#span();
          metric.nameTo = this.#at;
          break;
        case 0x10:
          metric.alias = this.#varint();
          break;
        case 0x18:
          metric.timestampMs = this.#varint();
          break;
        case 0x20:
          metric.dataType = this.#varint();
          break;
        case 0x28:
          metric.isHistorical = this.#varint() !== 0;
          break;
        case 0x38:
          metric.isNull = this.#varint() !== 0;
          break;
        case 0x4a:
          this.#readProperties(metric);
          break;
        case 0x50:
        case 0x58:
          this.#varint();
          metric.setVarint(this.#low, this.#high);
          break;
        case 0x65:
          if (this.#has(4)) metric.setNumber('float', this.#bytes.readFloatLE(this.#at));
          this.#at += 4;
          break;
        case 0x69:
          if (this.#has(8)) metric.setNumber('double', this.#bytes.readDoubleLE(this.#at));
          this.#at += 8;
          break;
        case 0x70:
          metric.setBoolean(this.#varint() !== 0);
          break;
        case 0x7a:
          metric.setText(this.#text());
          break;
        case 0x92:
          this.#templateFrom = this.#span();
          this.#templateTo = this.#at;
          break;
        default:
          this.#skip(key);
      }
    }
  }

  /** A PropertySet: keys and values in two lists side by side; wanted is the text under a key that means unit. */
  #readProperties(metric: SparkplugMetric): void {
    const length = this.#varint();
    if (!this.#has(length)) return;
    const end = this.#at + length;
    const whole = this.#end;
    this.#end = end;
    let keys = 0;
    let values = 0;
    let wanted = -1;
    while (this.#at < end && !this.#broken) {
      const key = this.#varint();
      if (key === 0x0a) {
        const from = this.#span();
        if (this.#isUnitKey(from, this.#at)) wanted = keys;
        keys += 1;
      } else if (key === 0x12) {
        this.#readPropertyText(Math.min(values, propertiesMax));
        values += 1;
      } else this.#skip(key);
    }
    this.#end = whole;
    if (wanted < 0 || wanted >= Math.min(values, propertiesMax)) return;
    metric.unitFrom = this.#textsFrom[wanted] as number;
    metric.unitTo = this.#textsTo[wanted] as number;
  }

  /** Notes where the text of a PropertyValue stands; nowhere, when it is none. */
  #readPropertyText(place: number): void {
    this.#textsTo[place] = 0;
    const length = this.#varint();
    if (!this.#has(length)) return;
    const end = this.#at + length;
    const whole = this.#end;
    this.#end = end;
    while (this.#at < end && !this.#broken) {
      const key = this.#varint();
      if (key === 0x42) {
        this.#textsFrom[place] = this.#span();
        this.#textsTo[place] = this.#at;
      } else this.#skip(key);
    }
    this.#end = whole;
  }

  /** `engUnit` (Ignition, Tahu), `unit`, `Units`, `Engineering Units`. Only what ends like them is looked at. */
  #isUnitKey(from: number, to: number): boolean {
    const bytes = this.#bytes;
    const isPlural = ((bytes[to - 1] as number) | 32) === 115;
    const last = isPlural ? to - 2 : to - 1;
    if (last - from < 3 || to - from > 24 || ((bytes[last] as number) | 32) !== 116) return false;
    if (this.#isSameText(from, to, this.#unitKeyFrom, this.#unitKeyTo)) return true;
    const key = this.textAt(from, to);
    if (key !== 'engUnit' && !/^(eng(ineering)?[ _-]?)?units?$/i.test(key)) return false;
    this.#unitKeyFrom = from;
    this.#unitKeyTo = to;
    return true;
  }

  #isSameText(from: number, to: number, otherFrom: number, otherTo: number): boolean {
    if (to - from !== otherTo - otherFrom) return false;
    const bytes = this.#bytes;
    for (let index = to - from - 1; index >= 0; index--)
      if (bytes[from + index] !== bytes[otherFrom + index]) return false;
    return true;
  }

  #text(): string {
    const from = this.#span();
    return this.textAt(from, this.#at);
  }

  /** Steps over bytes with their length before them; answers where they begin, they end where it stands then. */
  #span(): number {
    const length = this.#varint();
    const from = this.#at;
    if (this.#has(length)) this.#at += length;
    else return this.#at;
    return from;
  }

  textAt(from: number, to: number): string {
    const bytes = this.#bytes;
    const first = bytes[from] as number;
    // `W`, `V`, `A`: units are mostly this short.
    if (to - from === 1 && first < 128) return String.fromCharCode(first);
    return bytes.toString('utf8', from, to);
  }

  #skip(key: number): void {
    switch (key & 7) {
      case 0:
        this.#varint();
        return;
      case 1:
        if (this.#has(8)) this.#at += 8;
        return;
      case 2: {
        const length = this.#varint();
        if (this.#has(length)) this.#at += length;
        return;
      }
      case 5:
        if (this.#has(4)) this.#at += 4;
        return;
      default:
        this.#broken = true;
        this.#at = this.#end;
    }
  }

  /** Are there so many bytes left? If not, what is being read is broken. */
  #has(bytes: number): boolean {
    if (!this.#broken && bytes <= this.#end - this.#at) return true;
    this.#broken = true;
    this.#at = this.#end;
    return false;
  }

  /** Leaves its 64 bits in `#low` and `#high`; answers them as a number (exact up to 2^53). */
  #varint(): number {
    const bytes = this.#bytes;
    const first = bytes[this.#at] as number;
    if (this.#at < this.#end && first < 128) {
      this.#at += 1;
      this.#low = first;
      this.#high = 0;
      return first;
    }
    let low = 0;
    let high = 0;
    for (let index = 0; index < 10; index++) {
      if (this.#at >= this.#end) break;
      const byte = bytes[this.#at++] as number;
      const bits = byte & 127;
      if (index < 4) low |= bits << (7 * index);
      else if (index === 4) {
        low |= bits << 28;
        high |= bits >>> 4;
      } else high |= bits << (7 * index - 32);
      if (byte < 128) {
        this.#low = low;
        this.#high = high;
        return (high >>> 0) * 4294967296 + (low >>> 0);
      }
    }
    this.#broken = true;
    this.#at = this.#end;
    this.#low = 0;
    this.#high = 0;
    return 0;
  }
}
