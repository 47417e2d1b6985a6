import mqtt, { type MqttClient } from 'mqtt';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { EmbeddedStore } from '../../src/store/embedded/embedded-store.ts';
import { InfluxStore } from '../../src/store/influx/influx-store.ts';
import type { Store } from '../../src/store/store.ts';
import { startInfluxd } from '../servers/influxd.ts';
import { runApp, type TestedApp } from './running.ts';

/** For a machine that is busy with something else. */
const patienceMs = 60_000;
const retention = { rawMs: 1e12, minuteMs: 1e12 };

type CleanUp = (work: () => unknown) => void;

interface Kept {
  readonly env: Record<string, string>;
  readonly open: () => Store;
}

/** Where history is kept, and how to look into it. `cleanUp` gets what is to be called at the end. */
export const stores = {
  embedded: async (folder: string, _cleanUp: CleanUp): Promise<Kept> => ({
    env: {},
    open: () => new EmbeddedStore({ path: folder, retention }),
  }),
  influx: async (_folder: string, cleanUp: CleanUp): Promise<Kept> => {
    const influx = await startInfluxd();
    cleanUp(() => influx.stop());
    return {
      env: { RACKWATT_STORE_KIND: 'influx', RACKWATT_STORE_INFLUX_URL: influx.url },
      open: () => new InfluxStore({ url: influx.url, database: 'rackwatt', retention }),
    };
  },
};

/**
 * Hours pass in jumps, at whose ends whatever looks about every second is called once; what waits for parts of a
 * second waits for real.
 */
export class JumpingClock implements Clock {
  #nowMs: number;
  readonly #works = new Set<() => void>();
  readonly after = systemClock.after;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  every(intervalMs: number, work: () => void): () => void {
    if (intervalMs < 1_000) return systemClock.every(intervalMs, work);
    this.#works.add(work);
    return () => this.#works.delete(work);
  }

  advance(byMs: number): void {
    this.#nowMs += byMs;
    for (const work of [...this.#works]) work();
  }
}

/** A service whose hours pass as fast as it works. */
export class Rig {
  readonly clock: JumpingClock;
  readonly #env: Record<string, string>;
  readonly #folder: string;
  app!: TestedApp;
  #publisher: MqttClient | undefined;

  /** The settings, the folder, and when it begins. */
  constructor(env: Record<string, string>, folder: string, fromMs: number) {
    this.clock = new JumpingClock(fromMs);
    this.#env = env;
    this.#folder = folder;
  }

  /** With other settings from now on, where they are given. */
  async start(env: Record<string, string> = {}): Promise<void> {
    Object.assign(this.#env, env);
    this.app = await runApp(
      {
        RACKWATT_STORE_RETENTION_RAW: 'forever',
        RACKWATT_STORE_RETENTION_MINUTE: 'forever',
        ...this.#env,
      },
      this.#folder,
      undefined,
      this.clock,
    );
    this.#publisher = await mqtt.connectAsync(this.app.brokerUrl);
    await this.quiet();
  }

  async stop(): Promise<void> {
    await this.#publisher?.endAsync(true);
    this.#publisher = undefined;
    await this.app.stop();
  }

  async publish(lines: readonly string[]): Promise<void> {
    await this.say(lines);
    await this.quiet();
  }

  /** `start` has come so far that something can be said, though the store may be away. */
  get isConnected(): boolean {
    return this.#publisher !== undefined;
  }

  /** Whatever becomes of it. */
  async say(lines: readonly string[]): Promise<void> {
    await this.#publisher?.publishAsync('telegraf/room', lines.join('\n'), { qos: 1 });
  }

  /** Until all that was said is durable: a clock that moves while a write is under way would make the store look slow. */
  async quiet(): Promise<void> {
    const giveUpMs = Date.now() + patienceMs;
    for (;;) {
      const { storeOk, queuedReadings, inFlight, backlog } = this.app.counts().store;
      if (storeOk && queuedReadings === 0 && inFlight === 0 && backlog.readings === 0) return;
      if (Date.now() > giveUpMs)
        throw new Error(
          `the store took too long: ${JSON.stringify(this.app.counts())} ${new Date(this.clock.nowMs()).toISOString()}`,
        );
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.quiet();
  }

  /** Until nothing is left to be booked again. */
  async settle(): Promise<void> {
    const giveUpMs = Date.now() + patienceMs;
    for (let calm = 0; calm < 50; ) {
      await this.pass(1_000);
      await new Promise((resolve) => setTimeout(resolve, 1));
      calm = this.app.counts().energy.waiting === 0 ? calm + 1 : 0;
      if (Date.now() > giveUpMs)
        throw new Error(`still waiting: ${JSON.stringify(this.app.counts().energy)}`);
    }
  }
}
