import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { lockStoreFolder, makeStoreFolder } from '../../src/store-folder.ts';

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

it('belongs to one process at a time, whatever the store, until that one ends or lets go', async () => {
  const folder = join(scratch, 'locked');
  await makeStoreFolder(folder);
  const holder = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { lockStoreFolder } from ${JSON.stringify(join(import.meta.dirname, '../../src/store-folder.ts'))};
       lockStoreFolder(${JSON.stringify(folder)}); console.log('locked'); setInterval(() => {}, 1000);`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await once(holder.stdout, 'data');
  expect(() => lockStoreFolder(folder)).toThrow(/locked, is in use by another rackwatt.*RACKWATT_STORE_PATH/);
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  lockStoreFolder(folder)();
  lockStoreFolder(folder)();
});
