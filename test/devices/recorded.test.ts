import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { decode } from '../../src/commands/decode.ts';
import { Intake } from '../../src/devices/intake.ts';
import { loadFamilies } from '../../src/families.ts';
import { HandClock } from '../base/hand-clock.ts';
import { recordedFolder, recordedFolders, recordedMessages } from './recorded-messages.ts';

/**
 * Each folder `recorded/<family>/<model>_<firmware>/` is a test: what a device sent (`messages.jsonl`, as
 * `rackwatt decode` reads it) and what must come of it (`expected.jsonl`, as it writes it), line by line, with
 * all families present.
 */
const families = await loadFamilies();

describe.each(recordedFolders())('%s', (folder) => {
  const read = (file: string) => readFileSync(join(recordedFolder, folder, file), 'utf8');
  const family = folder.split('/')[0] as string;

  test('is read as expected, line by line', async () => {
    const output = new PassThrough();
    const written = text(output);
    await decode(families, Readable.from([read('messages.jsonl')]), output, new HandClock());
    output.end();
    const messages = read('messages.jsonl').trimEnd().split('\n');
    const expected = read('expected.jsonl').trimEnd().split('\n').map(parsed);
    const found = (await written).trimEnd().split('\n').map(parsed);
    expect(found.length).toBe(messages.length);
    // Beside the message, so that a difference says what was sent.
    expect(found.map((answer, index) => ({ message: messages[index], answer }))).toEqual(
      expected.map((answer, index) => ({ message: messages[index], answer })),
    );
  });

  test('is read by its own family, and says where it comes from', () => {
    const intake = new Intake(families);
    for (const message of recordedMessages(folder)) intake.accept(message, ignoring);
    const known = intake.devices().filter(({ device }) => device !== '?');
    expect(known.length).toBeGreaterThan(0);
    expect(known.filter((row) => row.family !== family)).toEqual([]);
    expect(intake.totals().rejected.filter(({ reason }) => reason === 'reader-failed')).toEqual([]);
    expect(read('README.md').trim().length).toBeGreaterThan(20);
  });
});

test('every family has a folder of its own, and every folder a family', () => {
  const folders = readdirSync(recordedFolder).filter((name) => !name.startsWith('.'));
  expect(folders.sort()).toEqual(families.map(({ name }) => name).sort());
  for (const { name } of families)
    expect(existsSync(join(recordedFolder, name, 'bad-payloads')), `${name}/bad-payloads`).toBe(true);
});

const ignoring = { reading() {}, availability() {}, describe() {}, subscribe() {} };

function parsed(line: string): unknown {
  return JSON.parse(line);
}
