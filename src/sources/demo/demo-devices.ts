import type { Clock } from '../../base/clock.ts';
import type { DemoMessage, MeterVoice } from './demo-message.ts';
import { type Meter, meters } from './meters.ts';
import { ShellyMeter } from './shelly-meter.ts';
import type { SimulatedRoom } from './simulated-room.ts';
import { TasmotaMeter } from './tasmota-meter.ts';

export interface DemoDevicesOptions {
  readonly room: SimulatedRoom;
  readonly clock: Clock;
  /** Called for each message; must not throw and need not deliver, as with real meters and radio. */
  readonly publish: (
    topic: string,
    payload: string,
    options: { readonly retain: boolean; readonly qos: 0 | 1 },
  ) => void;
}

const beatMs = 1_000;
const lookMs = 100;
/** After a pause longer than this the missed beats are left out. */
const pauseMsMax = 3_000;

/**
 * The meters of the simulated room, publishing what the real ones would: each on its own second, never all at
 * one instant. Given the same seed, clock and start they publish the same bytes.
 */
export class DemoDevices {
  readonly #options: DemoDevicesOptions;
  #players: { readonly voice: MeterVoice; readonly shiftMs: number; nextMs: number }[] = [];
  #stopLooking: (() => void) | undefined;

  constructor(options: DemoDevicesOptions) {
    this.#options = options;
  }

  /** Connected to the broker: every meter says hello and goes on. Also after a lost connection. */
  start(): void {
    this.#stopLooking?.();
    const { room, clock } = this.#options;
    const nowMs = clock.nowMs();
    this.#players = meters.map((meter, place) => {
      const shiftMs = Math.floor((place * beatMs) / meters.length);
      return { voice: voiceOf(room, meter), shiftMs, nextMs: nextBeat(nowMs, shiftMs) };
    });
    for (const { voice } of this.#players) this.#send(voice.hello(nowMs));
    this.#stopLooking = clock.every(lookMs, () => this.#look());
  }

  /** The connection is lost: the meters fall silent without a word. */
  pause(): void {
    this.#stopLooking?.();
    this.#stopLooking = undefined;
  }

  /** Every meter takes its leave. */
  stop(): void {
    if (this.#stopLooking === undefined) return;
    this.pause();
    for (const { voice } of this.#players) this.#send(voice.goodbye());
  }

  #look(): void {
    const nowMs = this.#options.clock.nowMs();
    for (const player of this.#players) {
      const offMs = Math.abs(nowMs - player.nextMs);
      if (offMs > pauseMsMax) player.nextMs = nextBeat(nowMs - beatMs, player.shiftMs);
      while (player.nextMs <= nowMs) {
        this.#send(player.voice.beat(player.nextMs));
        player.nextMs += beatMs;
      }
    }
  }

  #send(messages: readonly DemoMessage[]): void {
    for (const { topic, payload, retain, qos } of messages)
      this.#options.publish(topic, payload, { retain, qos });
  }
}

function nextBeat(afterMs: number, shiftMs: number): number {
  return (Math.floor((afterMs - shiftMs) / beatMs) + 1) * beatMs + shiftMs;
}

function voiceOf(room: SimulatedRoom, meter: Meter): MeterVoice {
  switch (meter.kind) {
    case 'tasmota-strip':
    case 'tasmota-plug':
      return new TasmotaMeter(room, meter);
    case 'shelly-pro-4pm':
    case 'shelly-pro-2pm':
      return new ShellyMeter(room, meter);
  }
}
