import type { z } from 'zod';
import { settings as catalog, keysAt, noteAt, type Setting, settingByName } from './catalog.ts';
import { exampleOf } from './environment.ts';
import type { Finding } from './finding.ts';
import { nearest, type SettingsProblem, shown } from './problem.ts';
import { at, dotted } from './tree.ts';
import { zoneNames } from './values.ts';

/** Where something was given: a place in the file, or a variable. */
export type Where = (path: readonly PropertyKey[], key?: string) => string;

/** What two settings together have wrong. */
export function fromFinding({ path, found, expected, example }: Finding, where: Where): SettingsProblem {
  return { where: where(path), setting: dotted(path), found, expected, example };
}

/** What the schema dislikes, in our words: the notes say what is expected. */
export function fromIssue(issue: z.core.$ZodIssue, tree: unknown, where: Where): SettingsProblem[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(issue.path, key, where));
  const path = innermost(issue);
  const place = where(path);
  const note = noteAt(path) ?? noteAt(path.slice(0, -1));
  const value = at(tree, ...path);
  const meant = dotted(path) === 'room.timezone' ? zoneHint(value) : undefined;
  const found = place.endsWith('_FILE')
    ? 'what the file holds'
    : note?.secret && typeof value === 'string'
      ? '(hidden)'
      : shown(value);
  const expected = `${note?.expected ?? issue.message}${meant ? `; perhaps ${meant}` : ''}`;
  return [{ where: place, setting: dotted(path), found, expected, example: exampleAt(path, place) }];
}

/** Where several kinds are allowed, the one that came furthest tells what is wrong. */
function innermost(issue: z.core.$ZodIssue): readonly PropertyKey[] {
  if (issue.code !== 'invalid_union') return issue.path;
  const inner = issue.errors.flat().map((error) => error.path);
  return [
    ...issue.path,
    ...inner.reduce((longest, path) => (path.length > longest.length ? path : longest), []),
  ];
}

function unknownKey(path: readonly PropertyKey[], key: string, where: Where): SettingsProblem {
  const place = where(path, key);
  const here = keysAt(path) ?? [];
  const meantHere = nearest(key, here);
  const elsewhere =
    meantHere === undefined
      ? catalog.find((setting) => setting.kind !== 'section' && setting.path.at(-1) === key)
      : undefined;
  return {
    where: place,
    setting: shown(dotted([...path, key])).slice(1, -1),
    found: `the unknown setting ${shown(key)}`,
    expected: meantHere ?? (elsewhere ? `${elsewhere.name}, perhaps` : `one of ${here.join(', ')}`),
    example: exampleAt(elsewhere ? elsewhere.path : [...path, meantHere ?? here[0] ?? key], place),
  };
}

/** The example of the setting a path belongs to, written as it would be where the mistake was made. */
function exampleAt(path: readonly PropertyKey[], place: string): string {
  let setting: Setting | undefined;
  for (let length = path.length; length > 0 && setting === undefined; length -= 1)
    setting = settingByName.get(path.slice(0, length).map(String).join('.'));
  if (setting?.kind === 'section')
    setting = catalog.find(
      ({ kind, path: inner }) => kind !== 'section' && setting!.path.every((step, i) => step === inner[i]),
    );
  setting ??= settingByName.get('broker.port')!;
  if (place.startsWith('RACKWATT_')) return exampleOf(setting)!;
  return yamlExample(setting);
}

/** `broker: { port: 1884 }` */
export function yamlExample({ path, note }: Setting): string {
  const [top, ...rest] = path as [string, ...string[]];
  return `${top}: ${rest.reduceRight((inner, key) => `{ ${key}: ${inner} }`, note.example)}`;
}

/** What a zone with a slip of the pen probably should have been. */
function zoneHint(value: unknown): string | undefined {
  return typeof value === 'string' ? nearest(value, zoneNames()) : undefined;
}
