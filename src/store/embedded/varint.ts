/**
 * Numbers of few bytes: seven bits a byte, lowest first, the top bit says that more follow. Signed numbers are
 * folded first (0, −1, 1, −2 … → 0, 1, 2, 3 …). All are whole and below 2^53.
 */
export class VarintWriter {
  #bytes = new Uint8Array(16_384);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What was written, valid until the next write. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  reset(): void {
    this.#length = 0;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  unsigned(value: number): void {
    this.#reserve(8);
    const bytes = this.#bytes;
    let at = this.#length;
    let rest = value;
    // Bit operations hold 32 bits; the few larger numbers are divided down to that first.
    while (rest > 0x7fff_ffff) {
      bytes[at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    while (rest > 127) {
      bytes[at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    this.#length = at;
  }

  signed(value: number): void {
    if (value >= -64 && value < 64) this.byte(value < 0 ? -2 * value - 1 : 2 * value);
    else this.unsigned(value < 0 ? -2 * value - 1 : 2 * value);
  }

  float64(value: number): void {
    this.#reserve(8);
    new DataView(this.#bytes.buffer).setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + bytes));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

/** Reads what a VarintWriter wrote. Throws a RangeError when the bytes end too early. */
export class VarintReader {
  readonly #bytes: Uint8Array;
  #at: number;
  readonly #end: number;

  constructor(bytes: Uint8Array, from = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = from;
    this.#end = end;
  }

  get at(): number {
    return this.#at;
  }

  byte(): number {
    if (this.#at >= this.#end) throw new RangeError('packed bytes end too early');
    return this.#bytes[this.#at++]!;
  }

  unsigned(): number {
    let byte = this.byte();
    if (byte < 128) return byte;
    let value = byte & 127;
    let scale = 128;
    do {
      byte = this.byte();
      value += (byte & 127) * scale;
      scale *= 128;
    } while (byte >= 128);
    return value;
  }

  signed(): number {
    return unfold(this.unsigned());
  }

  /** As many signed numbers as fit; several times faster than one by one. */
  signedInto(target: Float64Array): void {
    const bytes = this.#bytes;
    const end = this.#end;
    let at = this.#at;
    for (let i = 0; i < target.length; i += 1) {
      const byte = at < end ? bytes[at]! : 128;
      if (byte < 128) {
        target[i] = (byte >>> 1) ^ -(byte & 1);
        at += 1;
      } else {
        this.#at = at;
        target[i] = this.signed();
        at = this.#at;
      }
    }
    this.#at = at;
  }

  float64(): number {
    if (this.#at + 8 > this.#end) throw new RangeError('packed bytes end too early');
    const value = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#at, 8).getFloat64(0, true);
    this.#at += 8;
    return value;
  }
}

function unfold(folded: number): number {
  return folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2;
}
