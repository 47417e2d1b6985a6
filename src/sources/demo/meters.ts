import { soleLabel } from '../../model/reading.ts';

export type MeterKind = 'tasmota-strip' | 'tasmota-plug' | 'shelly-pro-4pm' | 'shelly-pro-2pm';

/** A metering strip, rack PDU or plug, and what is plugged into it. */
export interface Meter {
  /** As in its topics; a name may hold levels. */
  readonly name: string;
  readonly kind: MeterKind;
  readonly breaker: string;
  /** The machine on each channel, in the device's own order; undefined: nothing plugged in. */
  readonly channels: readonly (string | undefined)[];
  /** Lost its network some time ago: draws and meters on, publishes nothing. */
  readonly silent: boolean;
}

/** A breaker and the resistance of the wiring before it: by how much it lets the voltage sag. */
export interface BreakerSpec {
  readonly name: string;
  readonly feed: string;
  readonly amps: 16 | 32;
  readonly ohms: number;
}

/** B3 is the planted one: rated half of A3, though in a failure of A it has to take all of rack 3. */
export const breakers: readonly BreakerSpec[] = [
  { name: 'A1', feed: 'A', amps: 16, ohms: 0.42 },
  { name: 'A2', feed: 'A', amps: 32, ohms: 0.33 },
  { name: 'A3', feed: 'A', amps: 32, ohms: 0.36 },
  { name: 'B1', feed: 'B', amps: 16, ohms: 0.45 },
  { name: 'B2', feed: 'B', amps: 32, ohms: 0.31 },
  { name: 'B3', feed: 'B', amps: 16, ohms: 0.48 },
];

function meter(
  kind: MeterKind,
  name: string,
  breaker: string,
  channels: readonly (string | undefined)[],
): Meter {
  return { name, kind, breaker, channels, silent: name === silentMeter };
}

/** The plug that publishes nothing any more; its last will said `Offline`. */
export const silentMeter = 'plug-lab-02';

const rack1 = ['hv-01', 'hv-02', 'hv-03', 'hv-04', 'hv-05', 'sw-core-1', 'sw-core-2', 'router-01'];
const rack2 = ['web-01', 'web-02', 'web-03', 'web-04', 'app-01', 'mail-01', 'sw-r2-1'];
const databases = ['db-01', 'db-02', 'db-03', 'db-04', 'gpu-01'];
const calculators = ['calc-02', 'calc-03', 'calc-04', 'nas-01'];

export const meters: readonly Meter[] = [
  meter('tasmota-strip', 'pdu-r1-a', 'A1', rack1),
  meter('tasmota-strip', 'pdu-r1-b', 'B1', rack1),
  meter('shelly-pro-4pm', 'pdu-r1-a2', 'A1', ['fw-01', 'dc-01', 'mon-01', 'pi-01']),
  meter('shelly-pro-4pm', 'pdu-r1-b2', 'B1', ['fw-02', 'dc-02', 'vpn-01', undefined]),
  meter('tasmota-strip', 'pdu-r2-a', 'A2', rack2),
  meter('tasmota-strip', 'pdu-r2-b', 'B2', rack2),
  meter('tasmota-strip', 'pdu-r2-a2', 'A2', [...databases, 'ci-01', 'ci-03', 'ci-05']),
  meter('tasmota-strip', 'pdu-r2-b2', 'B2', [...databases, 'ci-02', 'ci-04', 'ci-06']),
  meter('shelly-pro-4pm', 'r3/pdu-a1', 'A3', ['old-erp-01', 'old-erp-01', 'san-01', 'calc-01']),
  meter('shelly-pro-4pm', 'r3/pdu-a2', 'A3', calculators),
  meter('shelly-pro-2pm', 'r3/pdu-a3', 'A3', ['bkp-01', 'sw-r3-1']),
  meter('shelly-pro-4pm', 'r3/pdu-b1', 'B3', ['old-erp-01', 'old-erp-01', 'san-01', 'calc-01']),
  meter('shelly-pro-4pm', 'r3/pdu-b2', 'B3', calculators),
  meter('shelly-pro-2pm', 'r3/pdu-b3', 'B3', ['bkp-01', 'kvm']),
  meter('tasmota-plug', 'plug-lab-01', 'A2', ['lab-01']),
  meter('tasmota-plug', 'plug-lab-02', 'B2', ['lab-02']),
  meter('tasmota-plug', 'plug-nas-02', 'A3', ['nas-02']),
  meter('tasmota-plug', 'plug-tape-01', 'A3', ['tape-01']),
  meter('tasmota-plug', 'plug-screen', 'A1', ['screen']),
];

/** The outlet's id: strips count their channels from 1, Shelly from 0, and a plug has but one. */
export function outletOf(meter: Meter, channel: number): string {
  switch (meter.kind) {
    case 'tasmota-strip':
      return `${meter.name}/${channel + 1}`;
    case 'tasmota-plug':
      return `${meter.name}/${soleLabel}`;
    case 'shelly-pro-4pm':
    case 'shelly-pro-2pm':
      return `${meter.name}/${channel}`;
  }
}
