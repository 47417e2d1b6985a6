import type { Quantity } from './quantity.ts';

/** One message as a source hands it over, untouched. */
export interface RawMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** Epoch ms at which this process took it from the broker. */
  readonly receivedAtMs: number;
  /** The broker replayed a stored message: last known, age unknown, never news. */
  readonly retained: boolean;
  readonly qos: 0 | 1 | 2;
  /**
   * Grows by one for each message of a source. When every reading up to a number is durable the source is
   * told so, and acknowledges (QoS 1) up to there.
   */
  readonly sequence: number;
}

/** Where `atMs` comes from: the device's own trusted clock, or the moment we received it. */
export type AtBasis = 'device' | 'received';

/**
 * What one outlet reported for one instant. Every key is always there (one hidden class keeps the hot road
 * fast); a quantity the message did not bring is `undefined`: never 0, never NaN.
 */
export interface Reading extends Record<Quantity, number | undefined> {
  readonly device: string;
  /** `<device>/<label>`; the label is the device's own, `0` for one unlabelled meter, `total` for the whole. */
  readonly outlet: string;
  /** Epoch ms the figures belong to; may carry a fraction that keeps two readings of one ms apart. */
  atMs: number;
  readonly receivedAtMs: number;
  atBasis: AtBasis;
  /** From a retained message: shown as stale, never stored, never detected on. */
  readonly retained: boolean;
  watts: number | undefined;
  volts: number | undefined;
  amps: number | undefined;
  voltAmps: number | undefined;
  voltAmpsReactive: number | undefined;
  powerFactor: number | undefined;
  hertz: number | undefined;
  /** Wh, the meter's own cumulative counter, raw: resets and wraps are for the ledger to see. */
  wattHoursTotal: number | undefined;
  wattHoursReturnedTotal: number | undefined;
  /** The outlet's relay. */
  on: boolean | undefined;
}

/** The reserved label of what a meter says of itself as a whole (three-phase total, a strip's sum). */
export const totalLabel = 'total';
/** The label of a device's one unlabelled meter. */
export const soleLabel = '0';

/** A reading with nothing in it yet, stamped with the message's own moment of receipt. */
export function emptyReading(device: string, outlet: string, message: RawMessage): Reading {
  return {
    device,
    outlet,
    atMs: message.receivedAtMs,
    receivedAtMs: message.receivedAtMs,
    atBasis: 'received',
    retained: message.retained,
    watts: undefined,
    volts: undefined,
    amps: undefined,
    voltAmps: undefined,
    voltAmpsReactive: undefined,
    powerFactor: undefined,
    hertz: undefined,
    wattHoursTotal: undefined,
    wattHoursReturnedTotal: undefined,
    on: undefined,
  };
}

/** `pdu/a/7` → `pdu/a` and `7`: slashes inside a device name are kept, the label is what follows the last. */
export function splitOutlet(outlet: string): { device: string; label: string } {
  const slash = outlet.lastIndexOf('/');
  return slash < 0
    ? { device: outlet, label: soleLabel }
    : { device: outlet.slice(0, slash), label: outlet.slice(slash + 1) };
}
