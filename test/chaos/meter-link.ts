import { connect, type Socket } from 'node:net';
import { packetReader } from './mqtt-packets.ts';

interface Unacknowledged {
  readonly packet: Buffer;
  readonly acknowledged: () => void;
}

const retryMs = 200;
const silentMs = 4_000;

/**
 * One connection of a few meters to the broker, at QoS 1: what was not acknowledged is sent again, in order and marked
 * so, whenever the connection is back. By hand, so that nothing but the broker is on trial here.
 */
export class MeterLink {
  readonly #port: number;
  readonly #clientId: string;
  readonly #waiting = new Map<number, Unacknowledged>();
  #socket: Socket | undefined;
  #connected = false;
  #lastId = 0;
  #stopped = false;

  constructor(port: number, clientId: string) {
    this.#port = port;
    this.#clientId = clientId;
    this.#connect();
  }

  publish(topic: string, payload: string, acknowledged: () => void): void {
    this.#lastId = (this.#lastId % 65_535) + 1;
    const packet = publishPacket(topic, payload, this.#lastId);
    this.#waiting.set(this.#lastId, { packet, acknowledged });
    if (this.#connected) this.#socket?.write(packet);
  }

  cut(): void {
    this.#socket?.resetAndDestroy();
  }

  stop(): void {
    this.#stopped = true;
    this.#socket?.destroy();
  }

  #connect(): void {
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
    this.#socket = socket;
    // A broker that hangs for longer than this is tried anew; it is never silent while readings are sent.
    socket.setTimeout(silentMs, () => socket.destroy());
    socket.on('connect', () => socket.write(connectPacket(this.#clientId)));
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      if (!this.#connected) this.#resend();
      read(bytes);
    });
    socket.on('close', () => {
      this.#connected = false;
      if (!this.#stopped) setTimeout(() => this.#connect(), retryMs);
    });
    const read = packetReader({
      puback: (messageId) => {
        this.#waiting.get(messageId)?.acknowledged();
        this.#waiting.delete(messageId);
      },
    });
  }

  /** The broker's first word is that we are let in. */
  #resend(): void {
    this.#connected = true;
    for (const { packet } of this.#waiting.values()) {
      packet[0]! |= 8;
      this.#socket?.write(packet);
    }
  }
}

function connectPacket(clientId: string): Buffer {
  const id = Buffer.from(clientId);
  const body = Buffer.concat([
    Buffer.from('\x00\x04MQTT\x04\x02\x00\x00\x00', 'latin1'),
    Buffer.from([id.length]),
    id,
  ]);
  return Buffer.concat([Buffer.from([0x10, body.length]), body]);
}

function publishPacket(topic: string, payload: string, messageId: number): Buffer {
  const name = Buffer.from(topic);
  const body = Buffer.concat([
    Buffer.from([name.length >> 8, name.length & 255]),
    name,
    Buffer.from([messageId >> 8, messageId & 255]),
    Buffer.from(payload),
  ]);
  return Buffer.concat([Buffer.from([0x32, (body.length & 127) | 128, body.length >> 7]), body]);
}
