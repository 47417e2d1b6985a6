import { messageKey } from './broker-tap.ts';
import { MeterLink } from './meter-link.ts';

/** One numbered reading that a meter has published. */
export interface SentReading {
  readonly key: string;
  readonly outlet: string;
  /** 1, 2, 3 … for each meter; the Wh of its counter. */
  readonly number: number;
  readonly sentAtMs: number;
  /** The meter's own time, where it sends one. */
  readonly deviceAtMs: number | undefined;
  /** The broker has said that it has it. */
  acknowledged: boolean;
}

/** A start that was really there. */
export interface PlantedStart {
  readonly scope: string;
  readonly atMs: number;
}

/** Who draws what: `servers` have two inputs each, all other outlets are their own server. */
export interface MeterPlan {
  readonly shellies: number;
  readonly tasmotas: number;
  readonly twoInputServers: number;
  /** So many loads start at a moment of this stretch, measured from the beginning. */
  readonly starts: number;
  readonly startFromMs: number;
  readonly startToMs: number;
}

interface Meter {
  readonly outlet: string;
  readonly scope: string;
  readonly everyMs: number;
  readonly link: number;
  readonly baseWatts: number;
  readonly startAfterMs: number | undefined;
  message(
    number: number,
    watts: number,
    atMs: number,
  ): { topic: string; payload: string; deviceAtMs?: number };
  number: number;
  nextAtMs: number;
}

const links = 6;
const shellyEveryMs = 500;
const tasmotaEveryMs = 1000;
const tickMs = 20;

/**
 * Meters that publish at QoS 1 and number their readings in their energy counter. Shelly tells its own time, Tasmota
 * none that can be trusted. What the broker has not acknowledged is sent again, as meters with a memory do.
 */
export class Meters {
  readonly sent: SentReading[] = [];
  readonly planted: PlantedStart[] = [];
  readonly #plan: MeterPlan;
  readonly #random: () => number;
  readonly #links: MeterLink[];
  readonly #meters: Meter[];
  #startedMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #unacknowledged = 0;

  constructor(brokerPort: number, plan: MeterPlan, random: () => number) {
    this.#plan = plan;
    this.#random = random;
    this.#meters = this.#make();
    this.#links = Array.from({ length: links }, (_, i) => new MeterLink(brokerPort, `meters-${i}`));
  }

  get outlets(): string[] {
    return this.#meters.map(({ outlet }) => outlet);
  }

  get unacknowledged(): number {
    return this.#unacknowledged;
  }

  start(): void {
    this.#startedMs = Date.now();
    for (const meter of this.#meters) {
      meter.nextAtMs = this.#startedMs + Math.floor(this.#random() * meter.everyMs);
      if (meter.startAfterMs === undefined) continue;
      const atMs = this.#startedMs + meter.startAfterMs;
      if (!this.planted.some(({ scope }) => scope === meter.scope))
        this.planted.push({ scope: meter.scope, atMs });
    }
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  /** No new readings; what is not acknowledged is still brought. */
  quiet(): void {
    clearInterval(this.#timer);
  }

  /** Breaks the connection of some of them. */
  cut(): void {
    for (const link of this.#links) if (this.#random() < 0.5) link.cut();
  }

  stop(): void {
    this.quiet();
    for (const link of this.#links) link.stop();
  }

  #tick(): void {
    const nowMs = Date.now();
    for (const meter of this.#meters) {
      while (meter.nextAtMs <= nowMs) {
        this.#publish(meter, meter.nextAtMs);
        meter.nextAtMs += meter.everyMs;
      }
    }
  }

  #publish(meter: Meter, atMs: number): void {
    meter.number += 1;
    const watts = wattsAt(meter, atMs - this.#startedMs, this.#random());
    const { topic, payload, deviceAtMs } = meter.message(meter.number, watts, atMs);
    const sent: SentReading = {
      key: messageKey(topic, payload),
      outlet: meter.outlet,
      number: meter.number,
      sentAtMs: atMs,
      deviceAtMs,
      acknowledged: false,
    };
    this.sent.push(sent);
    this.#unacknowledged += 1;
    this.#links[meter.link]!.publish(topic, payload, () => {
      this.#unacknowledged -= 1;
      sent.acknowledged = true;
    });
  }

  #make(): Meter[] {
    const { shellies, tasmotas, twoInputServers } = this.#plan;
    const meters: Meter[] = [];
    for (let i = 0; i < shellies + tasmotas; i += 1) {
      const isShelly = i < shellies;
      const device = isShelly ? `shelly-${i}` : `plug-${i - shellies}`;
      // The first Shellies are the inputs of the servers, two by two.
      const server = isShelly && i < 2 * twoInputServers ? `two-${i >> 1}` : undefined;
      const leader = server !== undefined && i % 2 === 1 ? meters[i - 1] : undefined;
      meters.push({
        outlet: `${device}/0`,
        scope: server === undefined ? `server:${device}/0` : `server:${server}`,
        everyMs: isShelly ? shellyEveryMs : tasmotaEveryMs,
        link: i % links,
        baseWatts: leader?.baseWatts ?? Math.round(60 + this.#random() * 300),
        startAfterMs:
          leader === undefined ? this.#startAfterMs(i, server !== undefined) : leader.startAfterMs,
        message: isShelly ? shellyMessage(device) : tasmotaMessage(device),
        number: 0,
        nextAtMs: 0,
      });
    }
    return meters;
  }

  /** Servers with two inputs first, then every other meter until there are enough. */
  #startAfterMs(index: number, isServer: boolean): number | undefined {
    const { starts, startFromMs, startToMs, twoInputServers, shellies } = this.#plan;
    const alone = Math.max(0, starts - twoInputServers);
    const nth = index < shellies ? index - 2 * twoInputServers : index - shellies;
    const starter = isServer || (nth % 2 === 0 && nth / 2 < alone / 2);
    return starter ? Math.round(startFromMs + this.#random() * (startToMs - startFromMs)) : undefined;
  }
}

/** The outlets of each server with two inputs: `two-0`, `two-1` … */
export function twoInputs(twoInputServers: number): string[][] {
  return Array.from({ length: twoInputServers }, (_, i) => [`shelly-${2 * i}/0`, `shelly-${2 * i + 1}/0`]);
}

/**
 * The same room for all: which servers have two inputs, each server on a breaker that it overloads as soon as it has
 * started, which is told to `hookUrl`.
 */
export function twoInputSettings(twoInputServers: number, hookUrl: string): string {
  const servers = twoInputs(twoInputServers).map((outlets, i) => {
    const inputs = outlets.map((outlet) => `{ outlet: ${outlet}, breaker: C${i} }`);
    return `    - { name: two-${i}, inputs: [${inputs.join(', ')}] }`;
  });
  const breakers = servers.map((_, i) => `{ name: C${i}, amps: 0.2 }`);
  return `room:
  name: Chaos
  feeds: [{ name: A, volts: 230, breakers: [${breakers.join(', ')}] }]
  servers:
${servers.join('\n')}
alerts: { circuitLoad: { raiseAfter: 0s }, startSurge: { enabled: false } }
notify: { gatherSeconds: 0, channels: [{ name: hook, kind: webhook, url: '${hookUrl}' }] }
`;
}

/** Off, then a surge, then running; or running all the time. Tenths of a watt. */
function wattsAt({ baseWatts, startAfterMs }: Meter, afterMs: number, chance: number): number {
  const wobble = 1 + (chance - 0.5) * 0.02;
  if (startAfterMs === undefined) return tenths(baseWatts * wobble);
  const runningMs = afterMs - startAfterMs;
  if (runningMs < 0) return 0;
  return tenths(baseWatts * wobble * (runningMs < 2_000 ? 1.6 : 1));
}

function tenths(watts: number): number {
  return Math.round(watts * 10) / 10;
}

/** As a Plug S Gen2 tells a change of its switch (firmware 1.x). */
function shellyMessage(device: string): Meter['message'] {
  return (number, watts, exactMs) => {
    const atMs = Math.round(exactMs / 10) * 10;
    return {
      topic: `${device}/events/rpc`,
      payload: `{"src":"${device}","dst":"${device}/events","method":"NotifyStatus","params":{"ts":${(atMs / 1000).toFixed(2)},"switch:0":{"id":0,"aenergy":{"by_minute":[0.000,0.000,0.000],"minute_ts":${Math.floor(atMs / 60_000) * 60},"total":${number}.000},"apower":${watts.toFixed(1)},"current":${(watts / 230).toFixed(3)},"voltage":230.1}}}`,
      deviceAtMs: atMs,
    };
  };
}

/** As Tasmota tells its telemetry: local time without a zone, of which nobody knows what it means. */
function tasmotaMessage(device: string): Meter['message'] {
  return (number, watts, atMs) => ({
    topic: `tele/${device}/SENSOR`,
    payload: `{"Time":"${new Date(atMs).toISOString().slice(0, 19)}","ENERGY":{"TotalStartTime":"2024-12-01T09:00:00","Total":${(number / 1000).toFixed(3)},"Yesterday":2.204,"Today":0.803,"Period":0,"Power":${watts.toFixed(1)},"ApparentPower":${watts.toFixed(1)},"ReactivePower":0,"Factor":0.98,"Voltage":230,"Current":${(watts / 230).toFixed(3)}}}`,
  });
}
