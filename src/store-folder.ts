import { mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** `store.path` cannot be used as it is. */
export class StoreFolderError extends Error {
  override readonly name = 'StoreFolderError';
}

/**
 * Makes the store's folder and what is missing above it. Step by step: Node's own recursive mkdir never comes
 * back from places such as /proc, where a folder can be missing and yet not be made.
 */
export async function makeStoreFolder(folder: string): Promise<void> {
  try {
    await makeFolder(folder);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === undefined ? String(cause) : (reasons[code] ?? code);
    throw new StoreFolderError(
      `the folder for history, ${folder}, cannot be used: ${why}. Choose another: store.path (RACKWATT_STORE_PATH)`,
      { cause },
    );
  }
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'it, or a part of it, is a file',
  EEXIST: 'it, or a part of it, is a file',
  ENOENT: 'it cannot be made there',
};

async function makeFolder(folder: string): Promise<void> {
  if (await isFolder(folder)) return;
  const parent = dirname(folder);
  if (parent !== folder) await makeFolder(parent);
  await mkdir(folder).catch(async (error: NodeJS.ErrnoException) => {
    // Another process may have been quicker.
    if (error.code !== 'EEXIST' || !(await isFolder(folder))) throw error;
  });
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** A process that is just ending is waited for this long. */
const lockWaitMs = 2_000;
const busyCode = 5;

/**
 * Keeps the store's folder for this process: two services would give back the same backlog and write over each other's
 * checkpoint. The lock is the system's own on an empty file (through SQLite, which knows every system's), so that it
 * goes with the process however that ends. Throws a StoreFolderError when another process has it. Answers how to let go.
 */
export function lockStoreFolder(folder: string): () => void {
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(join(folder, 'rackwatt.lock'), { timeout: lockWaitMs });
    // Nothing is ever written to it: a full disk is no hindrance.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (cause) {
    lock?.close();
    const isBusy = ((cause as { errcode?: number }).errcode ?? 0) % 256 === busyCode;
    const why = isBusy
      ? 'is in use by another rackwatt: stop that one, or give this one its own'
      : `cannot be used: ${(cause as Error).message}. Give this user the right to write there, or choose another`;
    throw new StoreFolderError(`the folder for history, ${folder}, ${why} store.path (RACKWATT_STORE_PATH)`, {
      cause,
    });
  }
  return () => {
    if (lock.isOpen) lock.close();
  };
}
