import type { TraceRow } from './trace-rows.ts';

/** Which device a replayed trace pretends to be. */
export const replayFamilies = ['tasmota', 'shelly'] as const;
export type ReplayFamily = (typeof replayFamilies)[number];

/** The topic on which such a device of this name publishes its readings. */
export function replayTopic(family: ReplayFamily, name: string): string {
  return family === 'tasmota' ? `tele/${name}/SENSOR` : `${name}/events/rpc`;
}

/**
 * One row as the device would send it, with the quantities that the trace has and no others.
 * @param sentAtMs when it is sent; no two rows of one device may share it
 */
export function replayPayload(family: ReplayFamily, name: string, row: TraceRow, sentAtMs: number): string {
  switch (family) {
    case 'tasmota':
      return tasmotaPayload(row);
    case 'shelly':
      return shellyPayload(name, row, sentAtMs);
  }
}

/** The plug's clock is that of the trace, and tells no zone, as the firmware does unless told otherwise. */
function tasmotaPayload({ atMs, watts, volts, amps }: TraceRow): string {
  return JSON.stringify({
    Time: new Date(atMs).toISOString().slice(0, 19),
    ENERGY: { Power: plain(watts), Voltage: plain(volts), Current: plain(amps) },
  });
}

/** Its `ts` is the moment it is sent: a Shelly's clock is absolute, and one of years ago would be believed by nobody. */
function shellyPayload(name: string, { watts, volts, amps }: TraceRow, sentAtMs: number): string {
  const channel = { id: 0, apower: plain(watts), voltage: plain(volts), current: plain(amps) };
  return JSON.stringify({
    src: name.slice(name.lastIndexOf('/') + 1),
    dst: `${name}/events`,
    method: 'NotifyStatus',
    params: { ts: Math.round(sentAtMs * 1e3) / 1e6, 'switch:0': channel },
  });
}

/** Without the dust of binary arithmetic. */
function plain(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.round(value * 1e6) / 1e6;
}
