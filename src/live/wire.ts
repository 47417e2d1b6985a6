import type { Writable } from 'node:stream';
import { constants, deflateRawSync } from 'node:zlib';
import type { ServerMessage } from './protocol.ts';

/**
 * WebSocket frames written by us, so that what a thousand clients are told alike is made, encoded and compressed
 * once. Only `seq` differs between them: each gets a short beginning of its own, then the shared bytes.
 *
 * For clients with permessage-deflate (RFC 7692) the beginning is a stored deflate block (RFC 1951 §3.2.4). It ends
 * on a byte boundary, and the shared part was compressed with an empty history and so refers to nothing
 * before it: both together are one valid deflate stream. This needs `server_no_context_takeover` and the full
 * window, see `acceptableOffer`. `ws` itself only ever sends whole small frames on the same socket (ping, pong, close).
 */
export class SharedMessage {
  readonly #type: ServerMessage['type'];
  readonly #rest: Buffer;
  #deflated: Buffer | undefined;

  /** `rest` is the JSON text of the message from the comma after `seq` to its end. */
  constructor(type: ServerMessage['type'], rest: string) {
    this.#type = type;
    this.#rest = Buffer.from(rest, 'utf8');
  }

  /** Writes it to one client and answers the bytes written. */
  write(socket: Writable, seq: number, deflate: boolean): number {
    const beginning = `{"type":"${this.#type}","seq":${seq}`;
    const compressed = deflate && this.#rest.length >= deflateBytesMin;
    const shared = compressed ? this.#deflatedRest() : this.#rest;
    const head = compressed ? compressedHead(beginning, shared.length) : plainHead(beginning, shared.length);
    socket.cork();
    socket.write(head);
    socket.write(shared);
    socket.uncork();
    return head.length + shared.length;
  }

  #deflatedRest(): Buffer {
    this.#deflated ??= deflateOnce(this.#rest);
    return this.#deflated;
  }
}

/** Below this the saved bytes are not worth the work. */
export const deflateBytesMin = 1024;

/** The four bytes 00 00 FF FF that a sync flush ends with are left out, the receiver adds them (RFC 7692 §7.2.1). */
function deflateOnce(bytes: Buffer): Buffer {
  const flushed = deflateRawSync(bytes, { level: 1, finishFlush: constants.Z_SYNC_FLUSH });
  return flushed.subarray(0, flushed.length - 4);
}

const finText = 0x81;
const rsv1 = 0x40;
const storedHeaderBytes = 5;

function plainHead(beginning: string, sharedBytes: number): Buffer {
  const { head, at } = frameHead(finText, beginning.length, sharedBytes);
  head.write(beginning, at, 'latin1');
  return head;
}

function compressedHead(beginning: string, sharedBytes: number): Buffer {
  const { head, at } = frameHead(finText | rsv1, storedHeaderBytes + beginning.length, sharedBytes);
  head[at] = 0; // not the last block, stored
  head.writeUInt16LE(beginning.length, at + 1);
  head.writeUInt16LE(beginning.length ^ 0xffff, at + 3);
  head.write(beginning, at + storedHeaderBytes, 'latin1');
  return head;
}

/** Frame header (RFC 6455 §5.2) with room behind it, from `at`, for the client's own bytes. */
function frameHead(firstByte: number, ownBytes: number, sharedBytes: number): { head: Buffer; at: number } {
  const length = ownBytes + sharedBytes;
  const at = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const head = Buffer.allocUnsafe(at + ownBytes);
  head[0] = firstByte;
  if (at === 2) {
    head[1] = length;
  } else if (at === 4) {
    head[1] = 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return { head, at };
}

/**
 * What to put in place of a client's `Sec-WebSocket-Extensions`: the one offer we can keep, in the words `ws` then
 * accepts, or undefined for no compression. An offer that asks for a smaller window than the shared bytes
 * were compressed with, or for anything unknown, is declined, not an error (RFC 7692 §5.1).
 */
export function acceptableOffer(header: string): string | undefined {
  for (const offer of header.split(',')) {
    const [name, ...parameters] = offer.split(';').map((part) => part.replaceAll(/[\s"]/g, ''));
    const keys = new Set(parameters.map((parameter) => parameter.split('=')[0]));
    const known = parameters.every((parameter) => knownParameter.test(parameter));
    if (name !== 'permessage-deflate' || !known || keys.size !== parameters.length) continue;
    const small = parameters.some((parameter) => smallWindowPossible.test(parameter));
    return `permessage-deflate; server_no_context_takeover; client_no_context_takeover${small ? '; client_max_window_bits=9' : ''}`;
  }
  return undefined;
}

const knownParameter =
  /^(server_no_context_takeover|client_no_context_takeover|server_max_window_bits=15|client_max_window_bits(=([89]|1[0-5]))?)$/;
/** Clients send little; a window of 512 bytes instead of 32 KiB is memory saved for each of them. */
const smallWindowPossible = /^client_max_window_bits(=(9|1[0-5]))?$/;
