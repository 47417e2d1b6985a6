import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { lockStoreFolder, makeStoreFolder } from '../../src/store-folder.ts';
import { makeSmallDisk } from '../chaos/small-disk.ts';

const scratch = mkdtempSync(join(tmpdir(), 'store-folder-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const source = JSON.stringify(join(import.meta.dirname, '../../src/store-folder.ts'));

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

it('says of a folder on a read-only disk that the disk is to be mounted for writing', async (test) => {
  const disk = makeSmallDisk();
  try {
    test.skip(!disk.mounted, 'this user may not mount');
    const there = join(disk.folder, 'there');
    mkdirSync(there);
    disk.makeReadOnly();
    for (const folder of [there, join(disk.folder, 'missing')])
      await expect(makeStoreFolder(folder)).rejects.toThrow(/read-only\. Mount it.*RACKWATT_STORE_PATH/);
    disk.makeWritable();
    await makeStoreFolder(there);
  } finally {
    disk.remove();
  }
});

it.each([
  ['a folder', '.', 'to it'],
  ['a database in it', 'rackwatt.sqlite', 'to rackwatt.sqlite'],
])('says of %s of another user who that is to be given to', (_name, path, what) => {
  const folder = mkdtempSync(join(scratch, 'theirs-'));
  const theirs = join(folder, path);
  if (path !== '.') writeFileSync(theirs, '');
  chmodSync(scratch, 0o755);
  chmodSync(folder, path === '.' ? 0o555 : 0o777);
  chmodSync(theirs, path === '.' ? 0o555 : 0o444);
  const isRoot = process.getuid!() === 0;
  const nobody = 65_534;
  const { stdout } = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { makeStoreFolder } from ${source};
       await makeStoreFolder(${JSON.stringify(folder)}).catch((error) => console.log(error.message));`,
    ],
    { encoding: 'utf8', ...(isRoot && { uid: nobody, gid: nobody }) },
  );
  expect(stdout).toContain(`this user (${isRoot ? nobody : process.getuid!()}) may not write ${what}.`);
  expect(stdout).toMatch(/chown.*RACKWATT_STORE_PATH/);
});

it('belongs to one process at a time, whatever the store, until that one ends or lets go', async () => {
  const folder = join(scratch, 'locked');
  await makeStoreFolder(folder);
  // Whoever does not keep what is answered keeps the folder all the same, whatever is collected.
  const holder = spawn(
    process.execPath,
    [
      '--expose-gc',
      '--input-type=module',
      '-e',
      `import { lockStoreFolder } from ${source};
       lockStoreFolder(${JSON.stringify(folder)});
       for (let i = 0; i < 3; i += 1) { gc(); await new Promise((resolve) => setImmediate(resolve)); }
       console.log('locked'); setInterval(() => {}, 1000);`,
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
