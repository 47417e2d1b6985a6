import { constants } from 'node:fs';
import { access, mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** `store.path` cannot be used as it is. */
export class StoreFolderError extends Error {
  override readonly name = 'StoreFolderError';
}

/** What stands in the way of keeping history in a folder, and what to do about it, both for a person. */
export interface FolderProblem {
  readonly why: string;
  readonly remedy: string;
}

/**
 * Makes the store's folder and what is missing above it; rejects with a StoreFolderError when nothing can be kept
 * there. Step by step: Node's own recursive mkdir never comes back from places such as /proc, where a folder can be
 * missing and yet not be made.
 */
export async function makeStoreFolder(folder: string): Promise<void> {
  let problem: FolderProblem | undefined;
  let cause: unknown;
  try {
    await makeFolder(folder);
    problem = await writeProblem(folder);
  } catch (error) {
    cause = error;
    problem = explained(error as NodeJS.ErrnoException, 'it');
  }
  if (problem === undefined) return;
  throw new StoreFolderError(
    `the folder for history, ${folder}, cannot be used: ${problem.why}. ${problem.remedy}, or choose another folder: store.path (RACKWATT_STORE_PATH)`,
    { cause },
  );
}

/** Of a path that is there: why this user could not keep history in it; undefined: it can. */
export async function writeProblem(folder: string): Promise<FolderProblem | undefined> {
  if (!(await isFolder(folder))) return { why: 'it is no folder', remedy: 'Move that file away' };
  for (const name of ['.', ...keptOpen]) {
    try {
      await access(join(folder, name), constants.R_OK | constants.W_OK);
    } catch (error) {
      if (name !== '.' && (error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      return explained(error as NodeJS.ErrnoException, name === '.' ? 'it' : name);
    }
  }
  return undefined;
}

/** What an earlier run, perhaps of another user, may have left and is written to where it lies. */
const keptOpen = ['rackwatt.sqlite', 'rackwatt.lock', 'rackwatt.receipts', 'rackwatt.age', 'backlog'];

function explained({ code, message }: NodeJS.ErrnoException, what: string): FolderProblem {
  const user = process.getuid === undefined ? 'this user' : `this user (${process.getuid()})`;
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return { why: `${user} may not write to ${what}`, remedy: 'Give that user all of it (chown -R)' };
    case 'EROFS':
      return {
        why: 'its file system is read-only',
        remedy:
          'Mount it for writing (a container needs a volume there; where a disk became read-only by itself, the kernel log says why)',
      };
    case 'ENOSPC':
    case 'EDQUOT':
      return { why: 'its disk is full', remedy: 'Make room' };
    case 'ENOTDIR':
    case 'EEXIST':
      return { why: 'it, or a part of it, is a file', remedy: 'Move that file away' };
    case 'ENOENT':
      return { why: 'it cannot be made there', remedy: 'Make it by hand' };
    default:
      return { why: code ?? message, remedy: 'Mend that' };
  }
}

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

/** Locks are let go of with the objects that hold them: until their end they must not be collected. */
const held = new Set<DatabaseSync>();

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
      : `cannot be used: ${(cause as Error).message} (rackwatt.lock in it). Mend that, or choose another folder:`;
    throw new StoreFolderError(`the folder for history, ${folder}, ${why} store.path (RACKWATT_STORE_PATH)`, {
      cause,
    });
  }
  held.add(lock);
  return () => {
    held.delete(lock);
    if (lock.isOpen) lock.close();
  };
}
