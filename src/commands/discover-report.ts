import type { RejectReason } from '../devices/family.ts';
import type { Discovery, FoundOutlet, UnreadTopic } from './discovery.ts';

export interface DiscoverFindings {
  readonly url: string;
  /** Topic filters the broker would not grant. */
  readonly refused: readonly string[];
  readonly listenedMs: number;
  readonly discovery: Discovery;
}

/** What was found, for a person to read. Names are text from outside: shown without control characters, clipped. */
export function reportText({ url, refused, listenedMs, discovery }: DiscoverFindings): string {
  const outlets = discovery.outlets();
  const devices = new Set(outlets.map(({ device }) => device)).size;
  const seconds = Math.round(listenedMs / 1_000);
  const summary =
    `Listened to ${url} for ${seconds} s: ${count(discovery.messages, 'message')}, ` +
    `${count(devices, 'device')}, ${count(outlets.length, 'outlet')}.\n`;
  const parts = [
    summary,
    refusedText(refused),
    outlets.length === 0 ? nothingText(discovery, seconds) : outletTable(outlets, listenedMs),
    quietText(discovery),
    unreadText(discovery),
  ];
  if (outlets.length > 0 && seconds < patientSeconds) {
    parts.push(
      `Not all there? A Tasmota plug reports every 300 s unless told otherwise (TelePeriod): --seconds ${patientSeconds} hears each once.\n`,
    );
  }
  return parts.filter((part) => part !== '').join('\n');
}

/** A little more than the longest usual period. */
const patientSeconds = 310;

function outletTable(outlets: readonly FoundOutlet[], listenedMs: number): string {
  const minutes = listenedMs / 60_000;
  return table([
    ['FAMILY', 'DEVICE', 'OUTLET', 'NAME', 'WATTS', 'PER MINUTE'],
    ...outlets.map(({ family, device, label, name, watts, readings }) => [
      family,
      device,
      label,
      name ?? '',
      watts === undefined ? '' : watts.toFixed(1),
      readings === 0 ? 'stored, age unknown' : (readings / minutes).toFixed(1),
    ]),
  ]);
}

function nothingText(discovery: Discovery, seconds: number): string {
  if (discovery.messages === 0) {
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
    `  - do they report within ${seconds} s? Try --seconds ${patientSeconds}.\n`
  );
}

function refusedText(refused: readonly string[]): string {
  if (refused.length === 0) return '';
  const others = refused.filter((filter) => filter !== '#').map(shown);
  const missing = others.length === 0 ? '' : `, and not these either: ${others.join(' ')}`;
  return `The broker does not let us hear everything (#), only the topics that device families use${missing}.\n`;
}

function quietText(discovery: Discovery): string {
  const quiet = discovery.quietDevices();
  if (quiet.length === 0) return '';
  const lines = quiet.slice(0, shownMax).map(({ device, family, online }) => {
    const state = online === undefined ? '' : online ? ', online' : ', offline';
    return `  ${shown(device)} (${family}${state})\n`;
  });
  return `Heard of, but without a reading:\n${lines.join('')}${more(quiet.length)}`;
}

function unreadText(discovery: Discovery): string {
  const { topics, more: dropped } = discovery.unread();
  if (topics.length === 0) return '';
  const reasons = [...new Set(topics.map(({ reason }) => reason))];
  const blocks = reasons.map((reason) =>
    reasonBlock(
      reason,
      topics.filter((one) => one.reason === reason),
    ),
  );
  const rest = dropped === 0 ? '' : `  and ${count(dropped, 'message')} on further topics\n`;
  return `Could not read:\n${blocks.join('')}${rest}`;
}

function reasonBlock(reason: RejectReason, topics: readonly UnreadTopic[]): string {
  const hint = hints[reason];
  const lines = topics
    .slice(0, shownMax)
    .map(({ topic, messages }) => `    ${shown(topic)} (${count(messages, 'message')})\n`);
  return `  ${reason}${hint === undefined ? '' : `: ${hint}`}\n${lines.join('')}${more(topics.length, '    ')}`;
}

const outOfRange = 'a figure no outlet can have; the device sends a wrong unit or a broken value';
const hints: Readonly<Partial<Record<RejectReason, string>>> = {
  'unknown-topic': 'no device family reads such a topic; fine for everything that is not a power meter',
  'not-json': 'JSON is expected there',
  'wrong-shape': 'JSON, but not as this device family sends it',
  'too-large': 'longer than any meter’s message',
  'too-deep': 'nested deeper than any meter’s message',
  'not-a-number': 'text or nothing where a figure is due',
  sentinel: 'the device’s own mark for "no value"',
  'watts-out-of-range': outOfRange,
  'volts-out-of-range': outOfRange,
  'amps-out-of-range': outOfRange,
  'volt-amps-out-of-range': outOfRange,
  'power-factor-out-of-range': outOfRange,
  'hertz-out-of-range': outOfRange,
  'energy-out-of-range': outOfRange,
  'unsupported-template': 'its discovery message asks for a template that is not understood',
  'unit-unknown': 'a bare number whose unit nothing tells: describe the topic and its unit in the settings',
  'reader-failed': 'a mistake in rackwatt: please report it with this topic',
};

const shownMax = 20;
const nameWidthMax = 60;

function more(length: number, indent = '  '): string {
  return length > shownMax ? `${indent}and ${length - shownMax} more\n` : '';
}

/** Columns as wide as they must be; the last two are figures and stand to the right. */
function table(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(shown));
  const used = (cells[0] ?? []).map((_, column) => cells.slice(1).some((row) => row[column] !== ''));
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((row) => (row[column] ?? '').length)),
  );
  const lines = cells.map((row) => {
    const texts = row.map((text, column) => {
      const width = widths[column] ?? 0;
      return column >= row.length - 2 ? text.padStart(width) : text.padEnd(width);
    });
    return texts
      .filter((_, column) => used[column])
      .join('  ')
      .trimEnd();
  });
  return `${lines.join('\n')}\n`;
}

function shown(text: string): string {
  const plain = text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, '\uFFFD');
  return plain.length > nameWidthMax ? `${plain.slice(0, nameWidthMax - 1)}…` : plain;
}

function count(value: number, what: string): string {
  return `${value.toLocaleString('en')} ${what}${value === 1 ? '' : 's'}`;
}
