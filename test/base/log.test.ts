import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { makeLog } from '../../src/base/log.ts';
import { hostileNames } from '../room/hostile-name.ts';
import { anyCharacter } from './any-character.ts';

/** What a terminal, or a file, is given when something is logged. */
function written(isTTY: boolean, ...line: [object, string]): string {
  const folder = mkdtempSync(join(tmpdir(), 'rackwatt-log-'));
  const fd = openSync(join(folder, 'log'), 'w');
  makeLog('info', { fd, isTTY }).info(...line);
  closeSync(fd);
  const text = readFileSync(join(folder, 'log'), 'utf8');
  rmSync(folder, { recursive: true });
  return text;
}

/** The colours that are ours. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const colours = /\x1b\[\d+m/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const steering = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

it('a name cannot steer the terminal, nor pretend to be another line', () => {
  const hostile = 'plug\x1b]0;title\x07\x1b[2J\x9b31m\u202e\r\nINFO: all is well';
  const lines = written(true, { name: hostile, topic: hostile, list: [hostile] }, `silent: ${hostile}`);
  const [first, ...others] = lines.replace(colours, '').trimEnd().split('\n');
  expect(first).toContain(
    'silent: plug\\u001b]0;title\\u0007\\u001b[2J\\u009b31m\\u202e\\r\\nINFO: all is well',
  );
  for (const line of others) expect(line).toMatch(/^ {4}/);
});

it('no text whatever steers it', () => {
  const text = fc.string({
    unit: fc.oneof(
      fc.constantFrom(...'\\\x1b\r\n\u009b\u2066"u0b'),
      fc.string({ unit: anyCharacter, maxLength: 1 }),
    ),
  });
  fc.assert(
    fc.property(text, text, (name, note) => {
      const lines = written(true, { name, err: new Error(note) }, `about ${name}`).replace(colours, '');
      expect(lines).not.toMatch(steering);
      // What belongs to it is indented; only it begins with its time.
      expect(lines.split('\n').filter((line) => /^\[\d\d:\d\d:\d\d/.test(line))).toHaveLength(1);
    }),
    { numRuns: 100 },
  );
});

it('to a machine each line is JSON that says exactly what was logged', () => {
  const text = 'a\x1b\r\n\u2028"\\';
  expect(JSON.parse(written(false, { name: text }, text))).toMatchObject({ name: text, msg: text });
});

it('a line for machines is one line of JSON that says what was said, whatever the names', () => {
  fc.assert(
    fc.property(hostileNames, fc.string({ unit: 'binary' }), (name, text) => {
      const line = written(
        false,
        { name, topic: `tele/${name}/SENSOR`, list: [name] },
        `silent: ${name} ${text}`,
      );
      expect(line.indexOf('\n')).toBe(line.length - 1);
      expect(JSON.parse(line)).toMatchObject({
        name,
        list: [name],
        msg: `silent: ${name} ${text.toWellFormed()}`,
      });
    }),
  );
});
