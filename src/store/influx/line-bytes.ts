import { gridMax, toGrid } from './binary-grid.ts';

const comma = 0x2c;
const minus = 0x2d;
const newline = 0x0a;
const space = 0x20;
const zero = 0x30;

/** No field's text is longer: its label, a comma, the longest number and some room. */
const fieldBytesMax = 64;
/** Time, spaces, newline. */
const endBytesMax = 40;

/** What a meter of a quantity tells at least; see `toGrid`. */
export type DecimalsMin = 1 | 2 | 3;

/**
 * Line protocol written straight into bytes. Measured against joining strings this takes a quarter of the time: most
 * figures have at most three decimals, and those need no general float printing. Measured figures are written on
 * their binary grid (binary-grid.ts), all others so that they read back as the same number.
 */
export class LineBytes {
  #bytes: Uint8Array;
  #length = 0;
  /** Where the line being written starts, and where its fields do. */
  #lineAt = 0;
  #fieldsAt = 0;

  constructor(sizeHintBytes: number) {
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(1024, sizeHintBytes));
  }

  /** What has been written so far; nothing may be added afterwards. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Begins a line with measurement and tags, given as one character for each byte. */
  start(key: string): void {
    this.#lineAt = this.#length;
    this.#reserve(key.length + endBytesMax);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = 0; i < key.length; i += 1) bytes[at++] = key.charCodeAt(i);
    this.#length = at;
    this.#fieldsAt = at;
  }

  /** Adds a measured figure, on its grid; one that is not finite is left out. `label` is `,name=`. */
  measured(label: Uint8Array, value: number, decimalsMin: DecimalsMin): void {
    if (!Number.isFinite(value)) return;
    this.#label(label);
    const size = value < 0 ? -value : value;
    const thousandths = Math.round(size * 1000);
    // A quotient is the nearest number to what its decimals say, so equality proves that the decimals suffice.
    if (size < gridMax && thousandths / 1000 === size)
      this.#thousandths(thousandths, value < 0, fractionsOf[decimalsMin]);
    else this.#text(String(toGrid(value, decimalsMin)));
  }

  /** Adds a computed figure as it is; one that is not finite is left out. */
  computed(label: Uint8Array, value: number): void {
    if (!Number.isFinite(value)) return;
    this.#label(label);
    this.#text(String(value));
  }

  flag(label: Uint8Array, value: boolean): void {
    this.#label(label);
    this.#text(value ? 'true' : 'false');
  }

  /**
   * Ends the line with its time, kept to the microsecond. A line without any field is taken back; answers
   * whether there is one. Times are written in nanoseconds, which every version of InfluxDB takes by default: the
   * name of any finer unit differs between 1.x and 2.x, and a wrong one is silently read as nanoseconds.
   */
  end(atMs: number): boolean {
    if (this.#length === this.#fieldsAt) {
      this.#length = this.#lineAt;
      return false;
    }
    const micros = Math.round(atMs * 1000);
    const seconds = Math.floor(micros / 1e6);
    this.#bytes[this.#length++] = space;
    if (seconds >= 0 && seconds < 1e10) {
      this.#integer(seconds);
      this.#sixDigits(micros - seconds * 1e6);
    } else this.#text(String(micros));
    const bytes = this.#bytes;
    bytes[this.#length++] = zero;
    bytes[this.#length++] = zero;
    bytes[this.#length++] = zero;
    bytes[this.#length++] = newline;
    return true;
  }

  #label(label: Uint8Array): void {
    this.#reserve(label.length + fieldBytesMax + endBytesMax);
    const bytes = this.#bytes;
    let at = this.#length;
    const first = at === this.#fieldsAt;
    bytes[at++] = first ? space : comma;
    for (let i = 1; i < label.length; i += 1) bytes[at++] = label[i]!;
    this.#length = at;
  }

  #thousandths(thousandths: number, negative: boolean, fractions: Fractions): void {
    if (negative) this.#bytes[this.#length++] = minus;
    const whole = Math.floor(thousandths / 1000);
    this.#integer(whole);
    const rest = thousandths - whole * 1000;
    const bytes = this.#bytes;
    const { texts } = fractions;
    let at = this.#length;
    const end = fractions.ends[rest]!;
    for (let from = rest * fractionBytesMax; from < end; from += 1) bytes[at++] = texts[from]!;
    this.#length = at;
  }

  /** A whole number of at most ten digits. */
  #integer(value: number): void {
    if (value >= 1e9) {
      const high = Math.floor(value / 1e6);
      this.#integer(high);
      this.#sixDigits(value - high * 1e6);
      return;
    }
    const bytes = this.#bytes;
    const start = this.#length;
    let rest = value | 0;
    let at = start + digitsOf(rest);
    this.#length = at;
    do {
      const tenth = (rest / 10) | 0;
      bytes[--at] = zero + rest - tenth * 10;
      rest = tenth;
    } while (at > start);
  }

  #sixDigits(value: number): void {
    const bytes = this.#bytes;
    const start = this.#length;
    let rest = value | 0;
    for (let at = start + 5; at >= start; at -= 1) {
      const tenth = (rest / 10) | 0;
      bytes[at] = zero + rest - tenth * 10;
      rest = tenth;
    }
    this.#length = start + 6;
  }

  #text(ascii: string): void {
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = 0; i < ascii.length; i += 1) bytes[at++] = ascii.charCodeAt(i);
    this.#length = at;
  }

  #reserve(bytesMore: number): void {
    if (this.#length + bytesMore <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#length + bytesMore));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

/** What stands behind the whole part for each number of thousandths: nothing, `.28125` … */
interface Fractions {
  readonly texts: Uint8Array;
  /** Where each ends; it begins at its number × `fractionBytesMax`. */
  readonly ends: Uint16Array;
}

const fractionBytesMax = 12;
const fractionsOf: Readonly<Record<DecimalsMin, Fractions>> = {
  1: makeFractions(1),
  2: makeFractions(2),
  3: makeFractions(3),
};

function makeFractions(decimalsMin: DecimalsMin): Fractions {
  const texts = new Uint8Array(1000 * fractionBytesMax);
  const ends = Uint16Array.from({ length: 1000 }, (_, rest) => {
    const text = String(toGrid(rest / 1000, decimalsMin)).slice(1);
    texts.set(Buffer.from(text, 'latin1'), rest * fractionBytesMax);
    return rest * fractionBytesMax + text.length;
  });
  return { texts, ends };
}

function digitsOf(value: number): number {
  if (value < 100) return value < 10 ? 1 : 2;
  if (value < 10_000) return value < 1000 ? 3 : 4;
  if (value < 1_000_000) return value < 100_000 ? 5 : 6;
  if (value < 100_000_000) return value < 10_000_000 ? 7 : 8;
  return 9;
}
