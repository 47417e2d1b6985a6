import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { makeStoreFolder } from '../../src/store-folder.ts';

const scratch = mkdtempSync(join(tmpdir(), 'store-folder-'));
afterAll(() => rmSync(scratch, { recursive: true }));

it('makes the folder for history and what is missing above it, as often as it is asked', async () => {
  const folder = join(scratch, 'a/b/c');
  await Promise.all([makeStoreFolder(folder), makeStoreFolder(folder)]);
  expect(statSync(folder).isDirectory()).toBe(true);
});

it.each([
  ['a file', 'plain', 'is a file'],
  ['a folder under a file', 'plain/data', 'a part of it, is a file'],
])('says what is wrong with %s and which setting to mend', async (_name, path, why) => {
  writeFileSync(join(scratch, 'plain'), '');
  await expect(makeStoreFolder(join(scratch, path))).rejects.toThrow(why);
  await expect(makeStoreFolder(join(scratch, path))).rejects.toThrow('RACKWATT_STORE_PATH');
});

it('comes back from a place where no folder can be made', async () => {
  await expect(makeStoreFolder('/proc/rackwatt/data')).rejects.toThrow('cannot be used');
});
