import type { RejectReason } from '../devices/family.ts';
import { count, shown } from './text-table.ts';
import type { UnreadTopic } from './unread-topics.ts';

/**
 * What could not be read, for a person: what can be mended first, with a hint how; last what is most likely no
 * power meter. `devices`: those that are read; what else is under their names is theirs.
 */
export function unreadReport(
  { topics, more }: { topics: readonly UnreadTopic[]; more: number },
  devices: ReadonlySet<string>,
): string {
  if (topics.length === 0) return '';
  const isMeter = (one: UnreadTopic) => one.maybeMeter && !isOfDevice(one.topic, devices);
  const byReason = Map.groupBy(topics, (one) =>
    isMeter(one) ? 'unknown-topic, perhaps a power meter' : one.reason,
  );
  const blocks = (Object.keys(hints) as Heading[]).map((heading) =>
    reasonBlock(heading, byReason.get(heading) ?? []),
  );
  const rest = more === 0 ? '' : `  and ${count(more, 'message')} on further topics\n`;
  return `Could not be read, in whole or in part:\n${blocks.join('')}${rest}`;
}

/** Are these levels of the topic the name of a device that is read? `tele/plug/MARGINS` is of `plug`. */
function isOfDevice(topic: string, devices: ReadonlySet<string>): boolean {
  const levels = topic.split('/').slice(0, levelsMax);
  return levels.some((_, from) =>
    levels.some((_, to) => to >= from && devices.has(levels.slice(from, to + 1).join('/'))),
  );
}

const levelsMax = 12;

type Heading = 'unknown-topic, perhaps a power meter' | Exclude<RejectReason, 'duplicate'>;

const outOfRange = 'a figure no outlet can have; the device sends a wrong unit or a broken value';
const tellHow = 'say how to read it in the settings, under mqtt.mappings (docs/add-a-device.md)';

/** In the order in which they are shown. */
const hints: Readonly<Record<Heading, string>> = {
  'reader-failed': 'a mistake in rackwatt: please report it with this topic',
  'unknown-topic, perhaps a power meter': `no device family reads such a topic. If it is one, ${tellHow}`,
  'unit-unknown': `a bare number whose unit nothing tells: ${tellHow}`,
  'unsupported-template': `its discovery message asks for a template that is not understood; ${tellHow}`,
  'wrong-shape': 'not as this device family sends it; a new firmware, or not this family: please report it',
  'not-json': 'JSON is expected there; cut off, or not what it seems',
  'watts-out-of-range': outOfRange,
  'volts-out-of-range': outOfRange,
  'amps-out-of-range': outOfRange,
  'volt-amps-out-of-range': outOfRange,
  'power-factor-out-of-range': outOfRange,
  'hertz-out-of-range': outOfRange,
  'energy-out-of-range': outOfRange,
  'too-large': 'longer than any meter’s message',
  'too-deep': 'nested deeper than any meter’s message',
  'name-too-long': 'a topic, device or outlet name that is longer than any',
  'too-many-outlets': 'more outlets than one device, or the room, may have',
  'too-many-devices': 'more devices than there is room for',
  'not-a-number': 'text or nothing where a figure is due; that field is left out',
  sentinel: 'the device’s own mark for "no value"; that field is left out, nothing to mend',
  'unknown-topic': 'no device family reads such a topic; fine for everything that is not a power meter',
};

function reasonBlock(heading: Heading, topics: readonly UnreadTopic[]): string {
  if (topics.length === 0) return '';
  // What nobody need look at is told by its first level when there is much of it.
  const isMuch = heading === 'unknown-topic' && topics.length > linesMax;
  const alike = Map.groupBy(topics, ({ topic }) =>
    isMuch ? `${topic.split('/', 1)[0]}` : topic.replace(/\d+/g, '0'),
  );
  const groups = [...alike.values()].map((group) => groupLine(group, isMuch));
  const more = groups.length > linesMax ? `    and ${groups.length - linesMax} more like these\n` : '';
  return `  ${heading}: ${hints[heading]}\n${groups.slice(0, linesMax).join('')}${more}`;
}

const linesMax = 20;
const sampleWidth = 60;

/** One line for topics that differ in a number only, or share their first level: the first stands for all. */
function groupLine(group: readonly UnreadTopic[], byRoot: boolean): string {
  const [first] = group as [UnreadTopic];
  const messages = count(
    group.reduce((sum, one) => sum + one.messages, 0),
    'message',
  );
  if (group.length === 1) return `    ${shown(first.topic, 100)} (${messages})${sampleText(first.sample)}\n`;
  if (byRoot)
    return `    ${shown(`${first.topic.split('/', 1)[0]}/…`)} (${messages} on ${group.length} topics)\n`;
  const others = `and ${group.length - 1} like it, ${messages}`;
  return `    ${shown(first.topic, 100)} (${others})${sampleText(first.sample)}\n`;
}

function sampleText(sample: string | undefined): string {
  if (sample === undefined) return '  binary';
  const oneLine = sample.replace(/\s+/g, ' ').trim();
  return oneLine === '' ? '' : `  ${shown(oneLine, sampleWidth)}`;
}
