import { closest, distance } from 'fastest-levenshtein';

/** One mistake in the settings, in the words of the person who has to mend it. */
export interface SettingsProblem {
  /** `rackwatt.yaml:3:7`, or the name of the variable. */
  readonly where: string;
  /** `broker.port`, `room.servers[0].rack`; empty for the file as a whole. */
  readonly setting: string;
  readonly found: string;
  readonly expected: string;
  /** Text that works, to be copied. */
  readonly example: string;
}

/** Every mistake at once. `message` is the whole report, ready for the terminal. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly problems: readonly SettingsProblem[];
  constructor(problems: readonly SettingsProblem[]) {
    super(report(problems));
    this.problems = problems;
  }
}

function report(problems: readonly SettingsProblem[]): string {
  const blocks = problems.map(
    ({ where, setting, found, expected, example }, i) =>
      `${i + 1}. ${where}${setting === '' || setting === where ? '' : `  ${setting}`}\n   found     ${found}\n   expected  ${expected}\n   example   ${example}`,
  );
  const count = problems.length === 1 ? 'There is a problem' : `There are ${problems.length} problems`;
  return `${count} in the settings:\n\n${blocks.join('\n\n')}\n`;
}

const shownMax = 60;

/** A value as a message may show it: on one line, bounded, no control characters, no credentials of an address. */
export function shown(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object') return 'a mapping';
  if (typeof value !== 'string') return `${String(value)} (a ${typeof value})`;
  const open = value.replace(/\/\/[^/@\s]*@/g, '//…@');
  return oneLine(JSON.stringify(open.length > shownMax ? `${open.slice(0, shownMax)}…` : open));
}

/** Nothing in it that a terminal would obey. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The right spelling that was probably meant; undefined when nothing is near. */
export function nearest(wrong: string, right: readonly string[]): string | undefined {
  if (right.length === 0 || wrong.length > 200) return undefined;
  const plain = (word: string) => word.toLowerCase().replace(/[-_ .]/g, '');
  // A name cut short (RACKWATT_MQTT_USER) is nearer than one that is only as long.
  const [whole] = right
    .filter((word) => wrong.length >= 4 && plain(word).startsWith(plain(wrong)))
    .sort((one, other) => one.length - other.length);
  const best = right.find((word) => plain(word) === plain(wrong)) ?? whole ?? closest(wrong, [...right]);
  const near =
    plain(best).startsWith(plain(wrong)) ||
    distance(wrong, best) <= Math.max(2, Math.ceil(wrong.length * 0.4));
  return near ? best : undefined;
}
