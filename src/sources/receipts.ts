import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

/** A broker has no more than this under way to us at QoS 1 (MQTT 3.1.1 §2.3.1). */
export const receiptsMax = 65_536;
/** CRC32 of topic and payload, message id, two bytes unused, moment of receipt. */
const receiptBytes = 16;
/** Nearer than this, two moments could be taken for the same when written as whole microseconds. */
const apartMs = 0.003;

/** A QoS 1 message that was taken before. */
export interface Receipt {
  /** Epoch ms; no two messages of a source have the same. */
  readonly receivedAtMs: number;
  /** Its number, when this process took it; 0: an earlier one did, and nobody knows whether it was stored. */
  readonly sequence: number;
}

/**
 * When each of the newest QoS 1 messages was received, also over the end of the process. A message that was stored but
 * whose acknowledgement was lost is delivered again, and most meters tell no time: without this it would be read at
 * another moment and stand in the store twice. With it, it becomes the same point. Not synced, since after a power cut
 * the price is only a reading that stands twice.
 */
export class Receipts {
  readonly #file: FileHandle | undefined;
  readonly #sums = new Uint32Array(receiptsMax);
  readonly #messageIds = new Uint16Array(receiptsMax);
  readonly #receivedAtMs = new Float64Array(receiptsMax);
  readonly #sequences = new Float64Array(receiptsMax);
  /** Where the next one goes. */
  #next = 0;
  #newestMs = 0;
  /** Noted and not in the file. */
  #unwritten = 0;
  #writing: Promise<void> | undefined;
  /** By checksum and message id: where it lies. Made when a message comes again, since hardly any does. */
  #places: Map<number, number> | undefined;

  /** Remembers over the end of the process what the file holds; without a file it does as long as the process lives. */
  static async open(path: string): Promise<Receipts> {
    const file = await open(path, 'r+')
      .catch(() => open(path, 'w+'))
      .catch(() => undefined);
    const bytes = await file?.readFile().catch(() => undefined);
    // Its room is taken at once, so that it goes on when the disk is full later.
    const missing = receiptsMax * receiptBytes - (bytes?.length ?? 0);
    if (missing > 0) await file?.write(Buffer.alloc(missing), 0, missing, bytes?.length ?? 0).catch(() => {});
    return new Receipts(file, bytes);
  }

  constructor(file?: FileHandle, bytes?: Buffer) {
    this.#file = file;
    const count = Math.min(receiptsMax, Math.floor((bytes?.length ?? 0) / receiptBytes));
    for (let place = 0; place < count; place += 1) this.#takeUp(bytes!, place);
  }

  /** A moment of receipt for a message that comes now: `nowMs`, or so little later that no two are the same. */
  momentOf(nowMs: number): number {
    // Whole microseconds; a clock that was set back begins anew.
    const next = Math.round((this.#newestMs + apartMs) * 1000) / 1000;
    this.#newestMs = next > nowMs && next - nowMs < 1000 ? next : nowMs;
    return this.#newestMs;
  }

  note(messageId: number, sum: number, receivedAtMs: number, sequence: number): void {
    const place = this.#next;
    this.#sums[place] = sum;
    this.#messageIds[place] = messageId;
    this.#receivedAtMs[place] = receivedAtMs;
    this.#sequences[place] = sequence;
    this.#next = (place + 1) % receiptsMax;
    this.#unwritten = Math.min(receiptsMax, this.#unwritten + 1);
    this.#places?.set(keyOf(messageId, sum), place);
    if ((this.#places?.size ?? 0) > 2 * receiptsMax) this.#places = undefined;
  }

  /** Nothing that this process took is sure to be kept: what comes again is to be read again, at its old moment. */
  forgetTaken(): void {
    this.#sequences.fill(0);
  }

  /** Of a message that the broker marked as delivered again. */
  find(messageId: number, sum: number): Receipt | undefined {
    this.#places ??= this.#index();
    const place = this.#places.get(keyOf(messageId, sum));
    if (place === undefined || this.#sums[place] !== sum || this.#messageIds[place] !== messageId)
      return undefined;
    return { receivedAtMs: this.#receivedAtMs[place]!, sequence: this.#sequences[place]! };
  }

  /** Resolves once all noted so far would outlive the process; undefined: it would already. Never rejects. */
  saved(): Promise<void> | undefined {
    if (this.#file === undefined || this.#unwritten === 0) return this.#writing;
    const writing = (this.#writing ?? Promise.resolve()).then(() => this.#write());
    this.#writing = writing;
    void writing.then(() => {
      if (this.#writing === writing) this.#writing = undefined;
    });
    return writing;
  }

  async close(): Promise<void> {
    await this.saved();
    await this.#file?.close();
  }

  async #write(): Promise<void> {
    const count = this.#unwritten;
    this.#unwritten = 0;
    const first = (this.#next - count + receiptsMax) % receiptsMax;
    const untilEnd = Math.min(count, receiptsMax - first);
    try {
      await this.#writePart(first, untilEnd);
      if (count > untilEnd) await this.#writePart(0, count - untilEnd);
    } catch {
      // A file that takes nothing is no reason to keep readings waiting: with the next ones it is tried again.
      this.#unwritten = Math.min(receiptsMax, this.#unwritten + count);
    }
  }

  async #writePart(first: number, count: number): Promise<void> {
    const bytes = Buffer.alloc(count * receiptBytes);
    for (let i = 0; i < count; i += 1) {
      const at = i * receiptBytes;
      bytes.writeUInt32LE(this.#sums[first + i]!, at);
      bytes.writeUInt16LE(this.#messageIds[first + i]!, at + 4);
      bytes.writeDoubleLE(this.#receivedAtMs[first + i]!, at + 8);
    }
    await this.#file!.write(bytes, 0, bytes.length, first * receiptBytes);
  }

  #takeUp(bytes: Buffer, place: number): void {
    const at = place * receiptBytes;
    const receivedAtMs = bytes.readDoubleLE(at + 8);
    if (!(receivedAtMs > 0)) return;
    this.#sums[place] = bytes.readUInt32LE(at);
    this.#messageIds[place] = bytes.readUInt16LE(at + 4);
    this.#receivedAtMs[place] = receivedAtMs;
    if (receivedAtMs < this.#newestMs) return;
    this.#newestMs = receivedAtMs;
    this.#next = (place + 1) % receiptsMax;
  }

  /** Of two that are the same the newer. */
  #index(): Map<number, number> {
    const places = new Map<number, number>();
    for (let n = 0; n < receiptsMax; n += 1) {
      const place = (this.#next + n) % receiptsMax;
      if (this.#receivedAtMs[place] !== 0)
        places.set(keyOf(this.#messageIds[place]!, this.#sums[place]!), place);
    }
    return places;
  }
}

/** A whole number below 2^48. */
function keyOf(messageId: number, sum: number): number {
  return sum * 65_536 + messageId;
}

/** Of a message's topic and payload. */
export function messageSum(topic: string, payload: Uint8Array): number {
  return crc32(payload, crc32(topic));
}
