import { told } from '../model/server-observer.ts';
import { gapMs, lastVolts, voltsUsual } from './load-state.ts';

const followsMs = 30_000;

/** What the volts of a load are when nothing happens. */
export function followVolts(s: Float64Array, row: Float64Array): void {
  const volts = row[told.volts]!;
  if (Number.isNaN(volts)) return;
  const ms = s[gapMs]!;
  if (s[voltsUsual] === 0) s[voltsUsual] = volts;
  else if (ms > 0) s[voltsUsual]! += ((volts - s[voltsUsual]!) * ms) / (ms + followsMs);
  s[lastVolts] = volts;
}
