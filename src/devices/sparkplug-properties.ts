import type { ProtobufCursor } from './protobuf-cursor.ts';
import type { SparkplugMetric } from './sparkplug-metric.ts';

/** More than anyone gives one metric. */
const propertiesMax = 64;

/** Finds the unit among the properties of metrics, which are mostly named alike in all metrics of a payload. */
export class SparkplugProperties {
  readonly #cursor: ProtobufCursor;
  /** Where the texts of a metric's properties stand. */
  readonly #textsFrom = new Int32Array(propertiesMax + 1);
  readonly #textsTo = new Int32Array(propertiesMax + 1);
  /** Where the newest key that means unit stands: the next metric mostly has the same one. */
  #unitKeyFrom = 0;
  #unitKeyTo = 0;

  constructor(cursor: ProtobufCursor) {
    this.#cursor = cursor;
  }

  /** Other bytes are read from now on. */
  forget(): void {
    this.#unitKeyTo = this.#unitKeyFrom;
  }

  /** A PropertySet: keys and values in two lists side by side; wanted is the text under a key that means unit. */
  read(metric: SparkplugMetric): void {
    const cursor = this.#cursor;
    const around = cursor.enter();
    if (around < 0) return;
    let keys = 0;
    let values = 0;
    let wanted = -1;
    while (!cursor.isAtEnd) {
      const key = cursor.varint();
      if (key === 0x0a) {
        const from = cursor.span();
        if (this.#isUnitKey(from, cursor.at)) wanted = keys;
        keys += 1;
      } else if (key === 0x12) {
        this.#readText(Math.min(values, propertiesMax));
        values += 1;
      } else cursor.skip(key);
    }
    cursor.end = around;
    if (wanted < 0 || wanted >= Math.min(values, propertiesMax)) return;
    metric.unitFrom = this.#textsFrom[wanted] as number;
    metric.unitTo = this.#textsTo[wanted] as number;
  }

  /** Notes where the text of a PropertyValue stands; nowhere, when it is none. */
  #readText(place: number): void {
    const cursor = this.#cursor;
    this.#textsTo[place] = 0;
    const around = cursor.enter();
    if (around < 0) return;
    while (!cursor.isAtEnd) {
      const key = cursor.varint();
      if (key === 0x42) {
        this.#textsFrom[place] = cursor.span();
        this.#textsTo[place] = cursor.at;
      } else cursor.skip(key);
    }
    cursor.end = around;
  }

  /** `engUnit` (Ignition, Tahu), `unit`, `Units`, `Engineering Units`. Only what ends like them is looked at. */
  #isUnitKey(from: number, to: number): boolean {
    const { bytes } = this.#cursor;
    const isPlural = ((bytes[to - 1] as number) | 32) === 115;
    const last = isPlural ? to - 2 : to - 1;
    if (last - from < 3 || to - from > 24 || ((bytes[last] as number) | 32) !== 116) return false;
    if (this.#isSameText(from, to, this.#unitKeyFrom, this.#unitKeyTo)) return true;
    const key = this.#cursor.textAt(from, to);
    if (key !== 'engUnit' && !/^(eng(ineering)?[ _-]?)?units?$/i.test(key)) return false;
    this.#unitKeyFrom = from;
    this.#unitKeyTo = to;
    return true;
  }

  #isSameText(from: number, to: number, otherFrom: number, otherTo: number): boolean {
    if (to - from !== otherTo - otherFrom) return false;
    const { bytes } = this.#cursor;
    for (let index = to - from - 1; index >= 0; index--)
      if (bytes[from + index] !== bytes[otherFrom + index]) return false;
    return true;
  }
}
