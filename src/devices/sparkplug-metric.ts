import type { ProtobufCursor } from './protobuf-cursor.ts';

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

/** One metric. Its texts are made when they are asked for. The same object serves one after another. */
export class SparkplugMetric {
  readonly #cursor: ProtobufCursor;
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

  constructor(cursor: ProtobufCursor) {
    this.#cursor = cursor;
  }

  /** Empty: it goes by its alias. */
  get name(): string {
    if (this.nameTo === 0) return '';
    const own = this.#cursor.textAt(this.nameFrom, this.nameTo);
    return this.prefix === '' ? own : this.prefix + own;
  }

  get nameLength(): number {
    return this.nameTo === 0 ? 0 : this.nameTo - this.nameFrom;
  }

  /** By its properties; empty: none told. */
  get unit(): string {
    return this.unitTo === 0 ? '' : this.#cursor.textAt(this.unitFrom, this.unitTo);
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
