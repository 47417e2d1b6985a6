import type { Socket } from 'node:net';

/**
 * Watches the lengths that MQTT packets announce (MQTT 3.1.1 §2.2.3: up to 256 MB), so that a client that
 * promises too much is let go before the broker gathers it all in memory. It only walks from packet to packet.
 */
export class PacketLengthGuard {
  readonly #bytesMax: number;
  /** Bytes of the present packet still to come. */
  #skip = 0;
  /** How much of the present length has been read: -1 before the first byte of a packet. */
  #lengthBytes = -1;
  #length = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** False as soon as a packet is too long, or its length is none. Asked with every piece of what came. */
  accepts(chunk: Uint8Array): boolean {
    let at = 0;
    while (at < chunk.length) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, chunk.length - at);
        this.#skip -= step;
        at += step;
      } else if (this.#lengthBytes < 0) {
        this.#lengthBytes = 0;
        this.#length = 0;
        at += 1;
      } else if (!this.#readLength(chunk[at++] as number)) {
        return false;
      }
    }
    return true;
  }

  #readLength(byte: number): boolean {
    this.#length += (byte & 0x7f) * 128 ** this.#lengthBytes;
    this.#lengthBytes += 1;
    if ((byte & 0x80) !== 0) return this.#lengthBytes < 4;
    this.#skip = this.#length;
    this.#lengthBytes = -1;
    return this.#length <= this.#bytesMax;
  }
}

/** Lets a socket go that announces too long a packet. aedes reads by `read()`, so that is where we look. */
export function guardPacketLength(socket: Socket, bytesMax: number, tooLong: () => void): void {
  const guard = new PacketLengthGuard(bytesMax);
  const read = socket.read.bind(socket);
  socket.read = (size?: number) => {
    const chunk = read(size);
    if (chunk === null || guard.accepts(chunk)) return chunk;
    tooLong();
    socket.destroy();
    return null;
  };
}
