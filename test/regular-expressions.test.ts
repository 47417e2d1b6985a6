import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from '@swc/core';
import { analyse } from 'scslre';
import { expect, test } from 'vitest';

/** Nobody's text may make a regular expression slow (ReDoS): each is analysed as an automaton, nothing is measured. */

const root = join(import.meta.dirname, '..');

/** Slower than linear on text of any length, but not on the text they are given; or held to be so by the analysis alone. */
const accepted: Readonly<Record<string, string>> = {
  'src/notifying.ts /\\/+$/': 'an address in the settings',
  'src/store/influx/http.ts /\\/+$/': 'an address in the settings',
  'src/alerts/notify/alertmanager.ts /[?#].*$/': 'an address in the settings',
  'src/alerts/notify/mqtt/topics.ts /\\/+$/': 'a topic in the settings',
  'src/commands/replay.ts /^\\/+|\\/+$/g': 'an argument of the command line',
  'src/commands/running-service.ts /\\/+$/': 'an argument of the command line',
  'src/commands/import.ts /^\\s*(.+?)\\s*=\\s*(.+?)\\s*$/': 'an argument of the command line',
  'src/store/backlog-format.ts /\\0+$/': 'a few bytes at the head of a file',
  'src/store/influx/make-database.ts /(\\d+)([hms])/g': 'a duration that InfluxDB tells',
  'src/config/values.ts /([\\d.]+)([smhdwy])/g': 'has been found to be durations, of 9 digits at most',
  'src/devices/template.ts /^\\{\\{ ?value_json((?:\\.(?:[A-Za-z_]\\w{0,30}|\\d{1,6})|\\[\\d{1,6}\\]){1,12}) ?\\}\\}$/':
    'a choice in a loop, but each alternative begins with another character',
  'src/devices/ha-device.ts /[\\s_-]*(?:(?:total|active|apparent|reactive|current) )?(?:power(?: factor)?|voltage|current|energy|frequency|consumption|leistung|spannung|strom|energie)(?: \\([^)]*\\))?$/i':
    'the first 100 characters of a name',
};

/** Put together at run time, so that the analysis does not see them: what they are put together from. */
const composed: Readonly<Record<string, readonly string[]>> = {
  'src/config/notify-settings.ts': [
    '^([^\\s<>,;:"()@]+@[^\\s<>,;:"()@]+|[^<>,;:"()@]* ?<[^\\s<>,;:"()@]+@[^\\s<>,;:"()@]+>)$',
  ],
  // The word of a group, from a list of our own.
  'src/devices/telegraf-identity.ts': ['^outlet[ _-]+'],
};

interface Found {
  readonly file: string;
  readonly source: string;
  readonly flags: string;
}

function inTree(file: string): { literals: Found[]; composed: number } {
  const literals: Found[] = [];
  let made = 0;
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) node.forEach(visit);
    if (node === null || typeof node !== 'object' || Array.isArray(node)) return;
    const { type, pattern, flags, callee } = node as Record<string, unknown>;
    if (type === 'RegExpLiteral') literals.push({ file, source: String(pattern), flags: String(flags) });
    const isCall = type === 'NewExpression' || type === 'CallExpression';
    if (isCall && (callee as { value?: unknown }).value === 'RegExp') made += 1;
    Object.values(node).forEach(visit);
  };
  visit(parseSync(readFileSync(join(root, file), 'utf8'), { syntax: 'typescript', tsx: file.endsWith('x') }));
  return { literals, composed: made };
}

type Pattern = Pick<Found, 'source' | 'flags'>;

const isSlow = (pattern: Pattern) => analyse(pattern).reports.length > 0 || choosesInALoop(pattern);

/** `(a|aa)*`: which the analysis leaves out. Only choices between single characters are let through here. */
function choosesInALoop(pattern: Pattern): boolean {
  let found = false;
  const visit = (node: unknown, inLoop: boolean): void => {
    if (node === null || typeof node !== 'object') return;
    const { type, max, element, elements, alternatives } = node as {
      type: string;
      max?: number;
      element?: unknown;
      elements?: unknown[];
      alternatives?: unknown[];
    };
    const loops = inLoop || (type === 'Quantifier' && (max as number) > loopsMax);
    if (loops && /Group$/.test(type) && (alternatives?.length ?? 0) > 1) found = true;
    for (const child of [element, ...(elements ?? []), ...(alternatives ?? [])]) visit(child, loops);
  };
  visit(analyse(pattern).parsed.pattern, false);
  return found;
}
const loopsMax = 10;

const trees = globSync('src/**/*.{ts,tsx,mjs}', { cwd: root })
  // Runs where the page is built, on uPlot's source.
  .filter((file) => file !== 'src/web/vite.config.ts')
  .map((file) => ({ file, ...inTree(file) }));

test('the analysis knows slow expressions from fast ones', () => {
  const slow = ['(a+)+$', '^(a|a)*$', '^\\s*x?\\s*$', '(\\w+\\s?)+;', ' +$', '^(.+?)=(.+)$'];
  const fast = ['^[a-z]+$', 'a|b', '^(?:a+b)+$', '^\\d{1,9}(?:\\.\\d{1,6})?$'];
  expect(slow.filter((source) => !isSlow({ source, flags: '' }))).toEqual([]);
  expect(fast.filter((source) => isSlow({ source, flags: '' }))).toEqual([]);
});

test('no regular expression takes longer than linear time, but for those whose text is short', () => {
  const literals = trees.flatMap((tree) => tree.literals);
  expect(literals.length).toBeGreaterThan(100);
  const slow = literals.filter(isSlow).map(({ file, source, flags }) => `${file} /${source}/${flags}`);
  expect(slow.toSorted()).toEqual(Object.keys(accepted).toSorted());
});

test('regular expressions put together at run time are known, and no slower', () => {
  const made = trees.filter((tree) => tree.composed > 0).map((tree) => [tree.file, tree.composed]);
  const known = Object.entries(composed).map(([file, sources]) => [file, sources.length]);
  expect(made.toSorted()).toEqual(known.toSorted());
  for (const source of Object.values(composed).flat())
    expect([source, isSlow({ source, flags: '' })]).toEqual([source, false]);
});
