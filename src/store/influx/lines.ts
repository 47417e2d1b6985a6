import { quantities } from '../../model/quantity.ts';
import { type Reading, splitOutlet } from '../../model/reading.ts';
import type { RollUpChange, RollUpTier } from '../../model/roll-up.ts';
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
import { type DecimalsMin, LineBytes } from './line-bytes.ts';
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
      if (value !== undefined) lines.measured(readingLabels[i]!, value, decimalsMin[i]!);
    }
    if (reading.on !== undefined) lines.flag(onLabel, reading.on);
    if (lines.end(reading.atMs)) this.#count += 1;
  }

  encode(): StoreWrite {
    return { tier: 'raw', count: this.#count, bytes: this.#lines.bytes() };
  }
}

/** `minute,scope=… watts_mean=…,… <ns>`, a line for each roll-up. */
export function rollUpLines(tier: RollUpTier, rows: readonly RollUpChange[]): StoreWrite {
  const lines = new LineBytes(rows.length * 160);
  let count = 0;
  for (const row of rows) {
    lines.start(keyBytes(measurementOf(tier) + tagText(rollUpTags[0], row.scope)));
    for (const [name, label, steps] of rollUpLabels)
      lines.computed(label, Math.round((row[name] ?? Number.NaN) * steps) / steps);
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
/** Meters tell amps in mA, and factors and frequencies in hundredths; W, V and Wh often in tenths. */
const decimalsMin = quantities.map((quantity): DecimalsMin => {
  if (quantity === 'amps') return 3;
  return quantity === 'powerFactor' || quantity === 'hertz' ? 2 : 1;
});
const onLabel = labelBytes(onField);
/**
 * Computed figures would fill every bit. Kept are steps of about 0.1 mW, 1 µWh and 1 µs, far finer than any meter:
 * 1 / 8192 W, 2^-20 Wh, 1 / 1024 ms.
 */
const rollUpSteps: Readonly<Record<keyof typeof rollUpFields, number>> = {
  wattsMean: 2 ** 13,
  wattsMin: 2 ** 13,
  wattsMax: 2 ** 13,
  wattHours: 2 ** 20,
  observedMs: 2 ** 10,
  counterWattHours: 2 ** 20,
  integratedWattHours: 2 ** 20,
  spreadWattHours: 2 ** 20,
  spreadMs: 2 ** 10,
};
const rollUpLabels = (Object.keys(rollUpFields) as (keyof typeof rollUpFields)[]).map(
  (name) => [name, labelBytes(rollUpFields[name]), rollUpSteps[name]] as const,
);

function labelBytes(field: string): Uint8Array {
  return Uint8Array.from(Buffer.from(`,${field}=`, 'latin1'));
}
