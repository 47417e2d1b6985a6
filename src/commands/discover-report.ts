import type { Quantity } from '../model/quantity.ts';
import type { Discovery, FoundDevice, FoundOutlet } from './discovery.ts';
import { count, shown, textTable } from './text-table.ts';
import { unreadReport } from './unread-report.ts';

export interface DiscoverFindings {
  readonly url: string;
  /** Topic filters the broker would not grant. */
  readonly refused: readonly string[];
  readonly listenedMs: number;
  readonly discovery: Discovery;
  /** A settings draft is written beside this report. */
  readonly drafted: boolean;
}

/** What was found, for a person to read. Names are text from outside: shown without control characters, clipped. */
export function reportText({ url, refused, listenedMs, discovery, drafted }: DiscoverFindings): string {
  const outlets = discovery.outlets();
  const devices = discovery.devices();
  const seconds = Math.round(listenedMs / 1_000);
  const parts = [
    summaryText(url, seconds, discovery.messages, outlets),
    refusedText(refused),
    outlets.length === 0
      ? nothingText(discovery.messages, seconds)
      : outletTable(outlets, devices, listenedMs),
    quietText(devices, outlets),
    unreadReport(discovery.unread(), new Set(outlets.map(({ device }) => device))),
    outlets.length === 0 ? '' : nextText(seconds, drafted),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

/** A little more than the longest usual period. */
const patientSeconds = 310;

function summaryText(
  url: string,
  seconds: number,
  messages: number,
  outlets: readonly FoundOutlet[],
): string {
  const devices = new Map(outlets.map(({ device, family }) => [device, family]));
  const families = Map.groupBy(devices.values(), (family) => family);
  const byFamily = [...families].map(([family, { length }]) => `${family} ${length}`).sort();
  return (
    `Listened to ${url} for ${seconds} s: ${count(messages, 'message')}, ` +
    `${count(devices.size, 'device')}, ${count(outlets.length, 'outlet')}.\n` +
    (byFamily.length > 1 ? `Devices by family: ${byFamily.join(', ')}.\n` : '')
  );
}

function outletTable(
  outlets: readonly FoundOutlet[],
  devices: readonly FoundDevice[],
  listenedMs: number,
): string {
  const known = new Map(devices.map((device) => [device.device, device]));
  const isAway = ({ device, readings }: FoundOutlet) => readings === 0 && known.get(device)?.online === false;
  const rows = outlets.map((found) => [
    found.family,
    found.device,
    found.label,
    nameOf(found, known.get(found.device)),
    found.watts === undefined ? '' : found.watts.toFixed(1),
    isAway(found) ? 'offline' : rateText(found.readings, listenedMs),
    found.tells.map((quantity) => unitNames[quantity]).join(' '),
  ]);
  const stored = outlets.some((found) => found.readings === 0 && !isAway(found));
  return (
    textTable(
      [['FAMILY', 'DEVICE', 'OUTLET', 'NAME', 'WATTS', 'PER MINUTE', 'TELLS'], ...rows],
      new Set(['WATTS', 'PER MINUTE']),
    ) + (stored ? '"stored": kept by the broker, its age unknown; nothing new came.\n' : '')
  );
}

function nameOf({ name, device }: FoundOutlet, known: FoundDevice | undefined): string {
  if (name !== undefined) return name;
  return known?.name === undefined || known.name === device ? '' : known.name;
}

/** One message says nothing of how often they come. */
function rateText(readings: number, listenedMs: number): string {
  if (readings === 0) return 'stored';
  return readings === 1 ? 'once' : ((readings * 60_000) / listenedMs).toFixed(1);
}

const unitNames: Readonly<Record<Quantity | 'on', string>> = {
  watts: 'W',
  volts: 'V',
  amps: 'A',
  voltAmps: 'VA',
  voltAmpsReactive: 'var',
  powerFactor: 'PF',
  hertz: 'Hz',
  wattHoursTotal: 'Wh',
  wattHoursReturnedTotal: 'Wh-returned',
  on: 'on/off',
};

function nothingText(messages: number, seconds: number): string {
  if (messages === 0) {
    return (
      'Not one message. Check:\n' +
      '  - is this the broker the plugs and PDUs publish to? (Tasmota: MqttHost; Shelly: Settings, MQTT)\n' +
      '  - may this user read? An access list may keep messages back without a word.\n' +
      `  - do they publish within ${seconds} s? Try --seconds ${patientSeconds}.\n`
    );
  }
  return (
    'There are messages, but no power reading among them. Check:\n' +
    '  - do the devices below measure power, and is their telemetry on? (Tasmota: TelePeriod; Shelly: RPC status notifications)\n' +
    `  - do they report within ${seconds} s? Try --seconds ${patientSeconds}.\n` +
    '  - is one of the topics below that of a meter? A few lines in the settings say how to read it (docs/add-a-device.md).\n'
  );
}

function refusedText(refused: readonly string[]): string {
  if (refused.length === 0) return '';
  const others = refused.filter((filter) => filter !== '#').map((filter) => shown(filter));
  const missing = others.length === 0 ? '' : `, and not these either: ${others.join(' ')}`;
  return `The broker does not let us hear everything (#), only the topics that device families use${missing}.\n`;
}

const quietMax = 20;

function quietText(devices: readonly FoundDevice[], outlets: readonly FoundOutlet[]): string {
  const heard = new Set(outlets.map(({ device }) => device));
  const quiet = devices.filter(({ device }) => !heard.has(device));
  if (quiet.length === 0) return '';
  const lines = quiet.slice(0, quietMax).map(({ device, family, name, online }) => {
    const own = name === undefined || name === device ? '' : ` "${shown(name)}"`;
    const state = online === undefined ? '' : online ? ', online' : ', offline';
    return `  ${shown(device)}${own} (${family}${state})\n`;
  });
  const more = quiet.length > quietMax ? `  and ${count(quiet.length - quietMax, 'more device')}\n` : '';
  return `Heard of, but without a reading (no meter, switched off, or seldom heard):\n${lines.join('')}${more}`;
}

function nextText(seconds: number, drafted: boolean): string {
  const patience =
    seconds < patientSeconds
      ? `Not all there? A Tasmota plug reports every 300 s unless told otherwise (TelePeriod): --seconds ${patientSeconds} hears each once.\n`
      : '';
  return (
    patience +
    (drafted
      ? 'Next: rackwatt check --config FILE with the file you have written this to, then rackwatt serve --config FILE.\n'
      : 'Next: the same once more with --yaml > rackwatt.yaml writes settings to begin with; rackwatt serve --config rackwatt.yaml takes them as they are.\n')
  );
}
