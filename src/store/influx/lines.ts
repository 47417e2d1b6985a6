import { quantities } from '../../model/quantity.ts';
import { type Reading, splitOutlet } from '../../model/reading.ts';
import type { RollUp, RollUpTier } from '../../model/roll-up.ts';
import type { ReadingBatch, StoreWrite } from '../store.ts';
import {
  measurementOf,
  onField,
  readingFields,
  readingMeasurement,
  readingTags,
  rollUpFields,
  rollUpTags,
} from './layout.ts';
import { LineBytes } from './line-bytes.ts';
import { tagText } from './names.ts';

/** A batch of readings in line protocol: `reading,device=…,outlet=… watts=…,on=true <ns>`, a line each. */
export class ReadingLines implements ReadingBatch {
  readonly #keys: SeriesKeys;
  readonly #lines: LineBytes;
  #count = 0;

  constructor(keys: SeriesKeys, sizeHintBytes: number) {
    this.#keys = keys;
    this.#lines = new LineBytes(sizeHintBytes);
  }

  get count(): number {
    return this.#count;
  }

  add(reading: Reading): void {
    if (reading.retained || !Number.isFinite(reading.atMs)) return;
    const lines = this.#lines;
    lines.start(this.#keys.of(reading.outlet));
    for (let i = 0; i < quantities.length; i += 1) {
      const value = reading[quantities[i]!];
      if (value !== undefined) lines.field(readingLabels[i]!, value);
    }
    if (reading.on !== undefined) lines.flag(onLabel, reading.on);
    if (lines.end(reading.atMs)) this.#count += 1;
  }

  encode(): StoreWrite {
    return { tier: 'raw', count: this.#count, bytes: this.#lines.bytes() };
  }
}

/** `minute,scope=… watts_mean=…,… <ns>`, a line for each roll-up. */
export function rollUpLines(tier: RollUpTier, rows: readonly RollUp[]): StoreWrite {
  const lines = new LineBytes(rows.length * 160);
  let count = 0;
  for (const row of rows) {
    lines.start(keyBytes(measurementOf(tier) + tagText(rollUpTags[0], row.scope)));
    for (const [name, label] of rollUpLabels) lines.field(label, row[name]);
    if (lines.end(row.fromMs)) count += 1;
  }
  return { tier, count, bytes: lines.bytes() };
}

/**
 * The escaped beginning of each outlet's lines, made once. Bounded: a room has about 100,000 outlets at most;
 * when more names than that come by, the memory is emptied and fills again.
 */
export class SeriesKeys {
  readonly #keysMax: number;
  readonly #keys = new Map<string, string>();

  constructor(keysMax = 131_072) {
    this.#keysMax = keysMax;
  }

  of(outlet: string): string {
    const known = this.#keys.get(outlet);
    if (known !== undefined) return known;
    const { device, label } = splitOutlet(outlet);
    const key = keyBytes(
      readingMeasurement + tagText(readingTags[0], device) + tagText(readingTags[1], label),
    );
    if (this.#keys.size >= this.#keysMax) this.#keys.clear();
    this.#keys.set(outlet, key);
    return key;
  }
}

/** A string with one character for each byte of the UTF-8 form, so that copying it is copying bytes. */
function keyBytes(key: string): string {
  return ascii.test(key) ? key : Buffer.from(key, 'utf8').toString('latin1');
}

const ascii = /^[\x20-\x7e]*$/;

const readingLabels = quantities.map((quantity) => labelBytes(readingFields[quantity]));
const onLabel = labelBytes(onField);
const rollUpLabels = (Object.keys(rollUpFields) as (keyof typeof rollUpFields)[]).map(
  (name) => [name, labelBytes(rollUpFields[name])] as const,
);

function labelBytes(field: string): Uint8Array {
  return Uint8Array.from(Buffer.from(`,${field}=`, 'latin1'));
}
