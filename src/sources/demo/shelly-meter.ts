import { hash, hashText } from './chance.ts';
import { type DemoMessage, type MeterVoice, message, rounded } from './demo-message.ts';
import { type Meter, outletOf } from './meters.ts';
import type { OutletDraw, SimulatedRoom } from './simulated-room.ts';

const secondMs = 1_000;
const minuteMs = 60_000;
/** A change is told from 3 %, or 5 W; the flutter of a small load is not. */
const changeShare = 0.03;
const changeWatts = 5;
const changeWattsMin = 1;
const changeVolts = 0.8;

interface ChannelStatus {
  apower: number;
  voltage: number;
  freq: number;
  current: number;
  pf: number;
}

/**
 * A Shelly Pro 4PM or 2PM: one `NotifyFullStatus` on connecting, then `NotifyStatus` with what changed and
 * nothing else, and each minute the counters. It remembers what it told last, as the real one does.
 */
export class ShellyMeter implements MeterVoice {
  readonly #room: SimulatedRoom;
  readonly #meter: Meter;
  readonly #outlets: readonly string[];
  readonly #source: string;
  readonly #told: ChannelStatus[] = [];

  constructor(room: SimulatedRoom, meter: Meter) {
    this.#room = room;
    this.#meter = meter;
    this.#outlets = meter.channels.map((_, channel) => outletOf(meter, channel));
    const mac = hash(hashText(room.seed, meter.name), 42).toString(16).padStart(8, '0');
    this.#source = `${meter.kind.replaceAll('-', '')}-c0ff${mac}`;
  }

  hello(atMs: number): DemoMessage[] {
    const switches = this.#statuses(atMs).map((status, channel) => {
      this.#told[channel] = status;
      const celsius = rounded(34 + status.current * 3, 1);
      return [
        `switch:${channel}`,
        {
          id: channel,
          source: 'init',
          output: true,
          ...status,
          aenergy: this.#energy(channel, atMs),
          temperature: { tC: celsius, tF: rounded(celsius * 1.8 + 32, 1) },
        },
      ];
    });
    const params = {
      cloud: { connected: false },
      eth: { ip: null },
      mqtt: { connected: true },
      ...Object.fromEntries(switches),
      sys: { mac: this.#source.slice(-12).toUpperCase(), restart_required: false, cfg_rev: 14 },
    };
    return [message(this.#topic('online'), 'true'), this.#notify('NotifyFullStatus', atMs, params)];
  }

  beat(atMs: number): DemoMessage[] {
    const changes: Record<string, object> = {};
    this.#statuses(atMs).forEach((now, channel) => {
      const changed = this.#changed(channel, now);
      if (changed !== undefined) changes[`switch:${channel}`] = { id: channel, ...changed };
    });
    const messages = Object.keys(changes).length === 0 ? [] : [this.#notify('NotifyStatus', atMs, changes)];
    const minute = Math.floor(atMs / minuteMs);
    return minute === Math.floor((atMs - secondMs) / minuteMs)
      ? messages
      : [...messages, ...this.#counters(atMs)];
  }

  goodbye(): DemoMessage[] {
    return [message(this.#topic('online'), 'false')];
  }

  /** Each channel sends its own. */
  #counters(atMs: number): DemoMessage[] {
    return this.#outlets.map((_, channel) =>
      this.#notify('NotifyStatus', atMs, {
        [`switch:${channel}`]: { id: channel, aenergy: this.#energy(channel, atMs) },
      }),
    );
  }

  #changed(channel: number, now: ChannelStatus): Partial<ChannelStatus> | undefined {
    const told = this.#told[channel];
    if (told === undefined) {
      this.#told[channel] = now;
      return now;
    }
    const stepWatts = Math.abs(now.apower - told.apower);
    const power =
      stepWatts >= changeWattsMin && (stepWatts >= changeWatts || stepWatts >= changeShare * told.apower);
    const voltage = Math.abs(now.voltage - told.voltage) >= changeVolts;
    if (!power && !voltage) return undefined;
    const news: Partial<ChannelStatus> = {
      ...(power ? { apower: now.apower, current: now.current, pf: now.pf } : {}),
      ...(voltage ? { voltage: now.voltage, freq: now.freq } : {}),
    };
    const changed = Object.entries(news).filter(
      ([name, value]) => told[name as keyof ChannelStatus] !== value,
    );
    Object.assign(told, news);
    return Object.fromEntries(changed);
  }

  #statuses(atMs: number): ChannelStatus[] {
    return this.#room.channelsAt(this.#meter, atMs).map(statusOf);
  }

  /** `by_minute`: mWh of the last three full minutes, the latest first. */
  #energy(channel: number, atMs: number): object {
    const outlet = this.#room.outlet(this.#outlets[channel]!);
    const minuteFromMs = Math.floor(atMs / minuteMs) * minuteMs;
    const totals = [0, 1, 2, 3].map((back) => this.#room.wattHoursAt(outlet, minuteFromMs - back * minuteMs));
    return {
      total: rounded(this.#room.wattHoursAt(outlet, atMs), 3),
      by_minute: [0, 1, 2].map((back) => rounded(1000 * (totals[back]! - totals[back + 1]!), 3)),
      minute_ts: minuteFromMs / secondMs,
    };
  }

  #notify(method: string, atMs: number, params: object): DemoMessage {
    return message(this.#topic('events/rpc'), {
      src: this.#source,
      dst: `${this.#meter.name}/events`,
      method,
      params: { ts: rounded(atMs / secondMs, 2), ...params },
    });
  }

  #topic(tail: string): string {
    return `${this.#meter.name}/${tail}`;
  }
}

function statusOf(draw: OutletDraw): ChannelStatus {
  return {
    apower: rounded(draw.watts, 1),
    voltage: rounded(draw.volts, 1),
    freq: rounded(draw.hertz, 1),
    current: rounded(draw.amps, 3),
    pf: rounded(draw.powerFactor, 2),
  };
}
