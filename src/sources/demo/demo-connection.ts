import { connect, type MqttClient } from 'mqtt';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { type BrokerAccess, clientOptions, shownUrl } from '../broker-access.ts';
import { DemoDevices } from './demo-devices.ts';
import type { SimulatedRoom } from './simulated-room.ts';

export interface DemoConnectionOptions extends BrokerAccess {
  readonly room: SimulatedRoom;
  readonly clock: Clock;
  readonly log: Log;
  /** Default `rackwatt-demo`. */
  readonly clientId?: string | undefined;
}

const reconnectMs = 2_000;
const leaveMsMax = 1_000;

/**
 * Connects the simulated meters to a broker, so that their messages come in by the same road as real ones. All
 * of them share one connection; when it breaks they are silent until it is back and say hello anew. Nothing is
 * queued for a broker that is away.
 */
export class DemoConnection {
  readonly #options: DemoConnectionOptions;
  readonly #devices: DemoDevices;
  #client: MqttClient | undefined;

  constructor(options: DemoConnectionOptions) {
    this.#options = options;
    this.#devices = new DemoDevices({
      room: options.room,
      clock: options.clock,
      publish: (topic, payload, { retain, qos }) => {
        if (this.#client?.connected) this.#client.publish(topic, payload, { retain, qos });
      },
    });
  }

  /** Begins to connect; a broker that is away is tried again and again. Throws when the URL is none. */
  start(): void {
    const { log } = this.#options;
    const url = shownUrl(this.#options);
    const client = connect({
      ...clientOptions(this.#options),
      clientId: this.#options.clientId ?? 'rackwatt-demo',
      clean: true,
      keepalive: 30,
      reconnectPeriod: reconnectMs,
      queueQoSZero: false,
    });
    this.#client = client;
    client.on('connect', () => {
      log.info({ url }, 'demo: the simulated meters are connected');
      this.#devices.start();
    });
    client.on('close', () => this.#devices.pause());
    client.on('error', (error) => log.debug({ url, error: error.message }, 'demo: not connected'));
  }

  /** The meters take their leave, then the connection is closed. */
  async stop(): Promise<void> {
    const client = this.#client;
    if (client === undefined) return;
    this.#devices.stop();
    this.#client = undefined;
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.after(leaveMsMax, () => client.end(true, {}, () => resolve()));
      client.end(!client.connected, {}, () => {
        cancel();
        resolve();
      });
    });
  }
}
