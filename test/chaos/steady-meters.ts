import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const tickMs = 20;

/** Tasmota plugs that publish in turn at a steady rate, QoS 0 as most do, through one bare socket. */
export class SteadyMeters {
  readonly #port: number;
  readonly #outlets: number;
  readonly #rate: number;
  #socket: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  sent = 0;

  constructor(port: number, outlets: number, rate: number) {
    this.#port = port;
    this.#outlets = outlets;
    this.#rate = rate;
  }

  start(): void {
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
    this.#socket = socket;
    socket.resume();
    socket.write(Buffer.from('\x10\x12\x00\x04MQTT\x04\x02\x00\x00\x00\x06steady', 'latin1'));
    const startedMs = performance.now();
    this.#timer = setInterval(() => {
      const due = Math.floor(((performance.now() - startedMs) / 1000) * this.#rate);
      const packets: Buffer[] = [];
      while (this.sent < due) {
        packets.push(this.#packet(this.sent));
        this.sent += 1;
      }
      socket.write(Buffer.concat(packets));
    }, tickMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#socket?.end();
    if (this.#socket !== undefined && !this.#socket.destroyed) await once(this.#socket, 'close');
  }

  /** Each outlet has a level of its own, wanders, and is off for ten minutes of every hour. */
  #packet(nth: number): Buffer {
    const outlet = nth % this.#outlets;
    const round = Math.floor(nth / this.#outlets);
    const seconds = nth / this.#rate;
    const isOff = (seconds + outlet * 7) % 3600 < 600;
    const watts = isOff ? 0 : 60 + ((outlet * 37) % 300) + ((round * 13 + outlet) % 11);
    const total = (1000 + outlet + round * 0.001).toFixed(3);
    const topic = Buffer.from(`tele/plug_${outlet}/SENSOR`);
    const payload = Buffer.from(
      `{"Time":"2026-01-15T12:00:00","ENERGY":{"TotalStartTime":"2025-01-01T00:00:00","Total":${total},"Yesterday":3.100,"Today":1.402,"Period":4,"Power":${watts},"ApparentPower":${watts + 3},"ReactivePower":12,"Factor":0.98,"Voltage":${229 + (round % 3)},"Current":${(watts / 230).toFixed(3)}}}`,
    );
    const length = 2 + topic.length + payload.length;
    return Buffer.concat([
      Buffer.from([0x30, (length & 127) | 128, length >> 7, 0, topic.length]),
      topic,
      payload,
    ]);
  }
}
