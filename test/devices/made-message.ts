import type { IntakeSink } from '../../src/devices/delivery.ts';
import type { DeviceDescription, RejectReason } from '../../src/devices/family.ts';
import type { RawMessage, Reading } from '../../src/model/reading.ts';

/** 2025-06-05T06:00:00Z */
export const startMs = 1_749_103_200_000;

export function message(topic: string, payload: unknown, rest: Partial<RawMessage> = {}): RawMessage {
  const bytes =
    payload instanceof Uint8Array
      ? payload
      : Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));
  return { topic, payload: bytes, receivedAtMs: startMs, retained: false, qos: 1, sequence: 0, ...rest };
}

/** Keeps whatever reaches it. */
export class KeepingSink implements IntakeSink {
  readonly readings: Reading[] = [];
  readonly heard: { device: string; online: boolean; atMs: number }[] = [];
  readonly described: DeviceDescription[] = [];
  readonly filters: string[] = [];
  readonly published: { topic: string; payload: string | Uint8Array }[] = [];
  readonly drops: { device: string | undefined; reason: RejectReason }[] = [];

  reading(reading: Reading): void {
    this.readings.push(reading);
  }

  availability(device: string, online: boolean, atMs: number): void {
    this.heard.push({ device, online, atMs });
  }

  describe(description: DeviceDescription): void {
    this.described.push(description);
  }

  subscribe(filter: string): void {
    this.filters.push(filter);
  }

  publish(topic: string, payload: string | Uint8Array): void {
    this.published.push({ topic, payload });
  }

  rejected(device: string | undefined, reason: RejectReason): void {
    this.drops.push({ device, reason });
  }
}
