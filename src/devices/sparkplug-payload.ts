import { ProtobufCursor } from './protobuf-cursor.ts';
import { SparkplugMetric } from './sparkplug-metric.ts';
import { SparkplugProperties } from './sparkplug-properties.ts';

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

/**
 * A Sparkplug B payload (Eclipse Tahu, sparkplug_b.proto) opened for reading in place, only what a meter needs: `open` first,
 * then `next` until it answers undefined.
 */
export class SparkplugPayload {
  /** Epoch ms; 0: none. */
  timestampMs = 0;
  /** 0–255; −1: none. */
  seq = -1;
  readonly #cursor = new ProtobufCursor();
  readonly #metric = new SparkplugMetric(this.#cursor);
  readonly #properties = new SparkplugProperties(this.#cursor);
  /** Where the members of the metric stand, if it is a template; 0: nowhere. */
  #templateFrom = 0;
  #templateTo = 0;
  readonly #templates: OpenTemplate[] = [];

  /** False: no Sparkplug payload. Its frame is checked to the end; the metrics are looked into one by one. */
  open(payload: Uint8Array): boolean {
    const cursor = this.#cursor;
    cursor.bytes = Buffer.isBuffer(payload)
      ? payload
      : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    cursor.rewind(0, payload.length);
    this.timestampMs = 0;
    this.seq = -1;
    this.#properties.forget();
    while (!cursor.isAtEnd) {
      const key = cursor.varint();
      if (key === 0x08) this.timestampMs = cursor.varint();
      else if (key === 0x18) this.seq = cursor.varint();
      else cursor.skip(key);
    }
    if (cursor.isBroken) return false;
    if (this.seq < 0 || this.seq > 255) this.seq = -1;
    this.#templateTo = 0;
    while (this.#leaveTemplate());
    cursor.rewind(0, payload.length);
    return true;
  }

  /**
   * The next metric, valid until the next call; null: it is broken. Undefined: there are no more. After a template
   * come its members.
   */
  next(): SparkplugMetric | null | undefined {
    const cursor = this.#cursor;
    if (this.#templateTo > 0) this.#enterTemplate();
    while (!cursor.isAtEnd || this.#leaveTemplate()) {
      if (cursor.isAtEnd) continue;
      const key = cursor.varint();
      if (key === 0x12) return this.#nextMetric();
      cursor.skip(key);
    }
    return undefined;
  }

  #nextMetric(): SparkplugMetric | null {
    const cursor = this.#cursor;
    const around = cursor.enter();
    if (around < 0) return null;
    const { end } = cursor;
    this.#metric.reset();
    if (this.#templates.length > 0) this.#inherit();
    this.#readMetric();
    const { isBroken } = cursor;
    if (isBroken) this.#templateTo = 0;
    cursor.rewind(end, around);
    return isBroken ? null : this.#metric;
  }

  /** Goes on with the members of the template that was read last. Definitions hold no values, only defaults. */
  #enterTemplate(): void {
    const from = this.#templateFrom;
    const to = this.#templateTo;
    this.#templateTo = 0;
    const metric = this.#metric;
    if (this.#templates.length >= templateDepthMax || metric.isNull || this.#isDefinition(from, to)) return;
    const { prefix, templateAlias, timestampMs, isHistorical } = metric;
    const outside = { nextAt: this.#cursor.at, nextEnd: this.#cursor.end, prefix, templateAlias };
    this.#templates.push({ ...outside, timestampMs, isHistorical });
    const { name } = metric;
    if (name !== '') metric.prefix = `${name}/`;
    else {
      metric.prefix = '';
      metric.templateAlias = metric.alias;
    }
    this.#cursor.rewind(from, to);
  }

  /** False: there is none to leave. */
  #leaveTemplate(): boolean {
    const left = this.#templates.pop();
    if (left === undefined) return false;
    this.#metric.prefix = left.prefix;
    this.#metric.templateAlias = left.templateAlias;
    this.#cursor.rewind(left.nextAt, left.nextEnd);
    return true;
  }

  #inherit(): void {
    const template = this.#templates.at(-1) as OpenTemplate;
    this.#metric.timestampMs = template.timestampMs;
    this.#metric.isHistorical = template.isHistorical;
  }

  #isDefinition(from: number, to: number): boolean {
    const cursor = this.#cursor;
    const { at, end } = cursor;
    let found = false;
    cursor.rewind(from, to);
    while (!cursor.isAtEnd && !found) {
      const key = cursor.varint();
      if (key === 0x28) found = cursor.varint() !== 0;
      else cursor.skip(key);
    }
    cursor.rewind(at, end);
    return found;
  }

  #readMetric(): void {
    const cursor = this.#cursor;
    const metric = this.#metric;
    while (!cursor.isAtEnd) {
      const key = cursor.varint();
      switch (key) {
        case 0x0a:
          metric.nameFrom = cursor.span();
          metric.nameTo = cursor.at;
          break;
        case 0x10:
          metric.alias = cursor.varint();
          break;
        case 0x18:
          metric.timestampMs = cursor.varint();
          break;
        case 0x20:
          metric.dataType = cursor.varint();
          break;
        case 0x28:
          metric.isHistorical = cursor.varint() !== 0;
          break;
        case 0x38:
          metric.isNull = cursor.varint() !== 0;
          break;
        case 0x4a:
          this.#properties.read(metric);
          break;
        case 0x50:
        case 0x58:
          cursor.varint();
          metric.setVarint(cursor.low, cursor.high);
          break;
        case 0x65:
          metric.setNumber('float', cursor.float());
          break;
        case 0x69:
          metric.setNumber('double', cursor.double());
          break;
        case 0x70:
          metric.setBoolean(cursor.varint() !== 0);
          break;
        case 0x7a:
          metric.setText(cursor.text());
          break;
        case 0x92:
          this.#templateFrom = cursor.span();
          this.#templateTo = cursor.at;
          break;
        default:
          cursor.skip(key);
      }
    }
  }
}
