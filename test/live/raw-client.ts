import { connect, type Socket } from 'node:net';
import { constants, inflateRawSync } from 'node:zlib';
import { livePath, type ServerMessage } from '../../src/live/protocol.ts';
import { until } from '../base/until.ts';

/** A frame as it came over the line (RFC 6455 §5.2), server to client, so never masked. */
export interface RawFrame {
  readonly opcode: number;
  readonly compressed: boolean;
  readonly payload: Buffer;
}

/** A client made of a bare socket: it shows the bytes, answers nothing by itself, and can stop reading. */
export class RawClient {
  readonly socket: Socket;
  readonly frames: RawFrame[] = [];
  handshake = '';
  ended = false;
  #waiting: Buffer = Buffer.alloc(0);
  #read = 0;
  readonly #messages: ServerMessage[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.ended = true;
    });
  }

  static async connect(port: number, extensions?: string): Promise<RawClient> {
    const client = new RawClient(connect({ port, host: '127.0.0.1' }));
    const offer = extensions === undefined ? '' : `Sec-WebSocket-Extensions: ${extensions}\r\n`;
    client.socket.write(
      `GET ${livePath} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16, 1).toString('base64')}\r\n${offer}\r\n`,
    );
    await until(() => client.handshake !== '', 'the handshake');
    return client;
  }

  /** Sends a short text, masked with zeros. */
  send(message: unknown): void {
    const text = Buffer.from(JSON.stringify(message));
    if (text.length > 125) throw new Error('too long for this client');
    this.socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]));
  }

  /** What it was told so far. */
  messages(): readonly ServerMessage[] {
    for (; this.#read < this.frames.length; this.#read++) {
      const frame = this.frames[this.#read]!;
      if (frame.opcode === 1) this.#messages.push(JSON.parse(textOf(frame)) as ServerMessage);
    }
    return this.#messages;
  }

  #take(chunk: Buffer): void {
    this.#waiting = this.#waiting.length === 0 ? chunk : Buffer.concat([this.#waiting, chunk]);
    if (this.handshake === '') {
      const end = this.#waiting.indexOf('\r\n\r\n');
      if (end < 0) return;
      this.handshake = this.#waiting.subarray(0, end).toString('latin1');
      this.#waiting = this.#waiting.subarray(end + 4);
    }
    for (;;) {
      const read = readFrame(this.#waiting);
      if (read === undefined) return;
      this.frames.push(read.frame);
      this.#waiting = this.#waiting.subarray(read.bytes);
    }
  }
}

/** The text of a frame, decompressed with an empty history and to the strict end. */
export function textOf({ compressed, payload }: RawFrame): string {
  if (!compressed) return payload.toString('utf8');
  const whole = Buffer.concat([payload, Buffer.from([0, 0, 0xff, 0xff])]);
  return inflateRawSync(whole, { finishFlush: constants.Z_SYNC_FLUSH }).toString('utf8');
}

export function readFrame(bytes: Buffer): { frame: RawFrame; bytes: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes[1]! & 0x7f;
  const at = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < at) return undefined;
  const length = at === 2 ? short : at === 4 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (bytes.length < at + length) return undefined;
  const frame = {
    opcode: bytes[0]! & 0x0f,
    compressed: (bytes[0]! & 0x40) !== 0,
    payload: bytes.subarray(at, at + length),
  };
  return { frame, bytes: at + length };
}
