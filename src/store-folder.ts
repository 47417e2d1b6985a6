import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

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
