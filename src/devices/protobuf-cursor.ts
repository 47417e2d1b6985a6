/**
 * A place in Protocol Buffers bytes (protobuf.dev, "Encoding") that moves on as they are read. Nothing is recursive and every
 * step moves on by at least a byte, so that any bytes end in bounded time; what is broken reads as its end.
 */
export class ProtobufCursor {
  bytes: Buffer = Buffer.alloc(0);
  at = 0;
  /** Of what is being read: of all, or of a message within. */
  end = 0;
  isBroken = false;
  /** The 64 bits of the newest `varint`. */
  low = 0;
  high = 0;

  /** Goes to a place; nothing is broken there yet. */
  rewind(at: number, end: number): void {
    this.at = at;
    this.end = end;
    this.isBroken = false;
  }

  get isAtEnd(): boolean {
    return this.at >= this.end || this.isBroken;
  }

  /** Goes into a message with its length before it. Answers where what is around it ends; −1: it is not whole. */
  enter(): number {
    const length = this.varint();
    if (!this.#has(length)) return -1;
    const around = this.end;
    this.end = this.at + length;
    return around;
  }

  /** Answers a number exact up to 2^53; its 64 bits are left in `low` and `high`. */
  varint(): number {
    const first = this.bytes[this.at] as number;
    if (this.at < this.end && first < 128) {
      this.at += 1;
      this.low = first;
      this.high = 0;
      return first;
    }
    return this.#longVarint();
  }

  #longVarint(): number {
    let low = 0;
    let high = 0;
    for (let index = 0; index < 10; index++) {
      if (this.at >= this.end) break;
      const byte = this.bytes[this.at++] as number;
      const bits = byte & 127;
      if (index < 4) low |= bits << (7 * index);
      else if (index === 4) {
        low |= bits << 28;
        high |= bits >>> 4;
      } else high |= bits << (7 * index - 32);
      if (byte < 128) {
        this.low = low;
        this.high = high;
        return (high >>> 0) * 4294967296 + (low >>> 0);
      }
    }
    this.#break();
    this.low = 0;
    this.high = 0;
    return 0;
  }

  /** NaN where it is broken. */
  float(): number {
    return this.#pass(4) ? this.bytes.readFloatLE(this.at - 4) : Number.NaN;
  }

  /** NaN where it is broken. */
  double(): number {
    return this.#pass(8) ? this.bytes.readDoubleLE(this.at - 8) : Number.NaN;
  }

  /** Steps over bytes with their length before them; answers where they begin, they end where it stands then. */
  span(): number {
    const length = this.varint();
    return this.#pass(length) ? this.at - length : this.at;
  }

  text(): string {
    const from = this.span();
    return this.textAt(from, this.at);
  }

  textAt(from: number, to: number): string {
    const first = this.bytes[from] as number;
    // `W`, `V`, `A`: units are mostly this short.
    if (to - from === 1 && first < 128) return String.fromCharCode(first);
    return this.bytes.toString('utf8', from, to);
  }

  /** Steps over what stands under a key. */
  skip(key: number): void {
    switch (key & 7) {
      case 0:
        this.varint();
        return;
      case 1:
        this.#pass(8);
        return;
      case 2:
        this.span();
        return;
      case 5:
        this.#pass(4);
        return;
      default:
        this.#break();
    }
  }

  /** Steps over so many bytes; false: there are not so many left. */
  #pass(bytes: number): boolean {
    if (!this.#has(bytes)) return false;
    this.at += bytes;
    return true;
  }

  /** Are there so many bytes left? If not, what is being read is broken. */
  #has(bytes: number): boolean {
    if (!this.isBroken && bytes <= this.end - this.at) return true;
    this.#break();
    return false;
  }

  #break(): void {
    this.isBroken = true;
    this.at = this.end;
  }
}
