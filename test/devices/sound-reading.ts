import { feedCeilings } from '../../src/devices/fields.ts';
import { aheadMsMax } from '../../src/devices/measured-time.ts';
import { quantities } from '../../src/model/quantity.ts';
import type { RawMessage, Reading } from '../../src/model/reading.ts';

/** What is wrong with a reading out of this message, whatever the message was; empty: nothing. */
export function faultsOf(reading: Reading, raw: RawMessage): string[] {
  const faults: string[] = [];
  const must = (isSo: boolean, fault: string) => {
    if (!isSo) faults.push(fault);
  };
  let told = 0;
  for (const quantity of quantities) {
    const value = reading[quantity];
    if (value === undefined) continue;
    told += 1;
    must(Number.isFinite(value), 'not finite');
  }
  must(told > 0 || reading.on !== undefined, 'empty');
  must(Math.abs(reading.watts ?? 0) <= feedCeilings.watts, 'watts');
  must(Math.abs(reading.amps ?? 0) <= feedCeilings.amps, 'amps');
  must((reading.volts ?? 0) >= 0 && (reading.volts ?? 0) <= 500, 'volts');
  must(Math.abs(reading.powerFactor ?? 0) <= 1, 'power factor');
  must(reading.on === undefined || typeof reading.on === 'boolean', 'relay');
  must(reading.outlet.startsWith(`${reading.device}/`) && reading.outlet.length <= 300, 'outlet');
  must(reading.device.length > 0, 'device');
  must(reading.retained === raw.retained && reading.receivedAtMs === raw.receivedAtMs, 'origin');
  must(reading.atMs <= raw.receivedAtMs + aheadMsMax, 'future');
  must(reading.atMs >= raw.receivedAtMs - 86_400_000, 'past');
  return faults;
}
