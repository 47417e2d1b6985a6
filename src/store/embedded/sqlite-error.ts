import { StoreError, type StoreErrorCode } from '../store.ts';

/** SQLite's own result codes (sqlite.org/rescode.html), the last byte of the extended ones. */
const codes: Readonly<Record<number, StoreErrorCode>> = {
  3: 'forbidden', // PERM
  5: 'busy', // BUSY
  6: 'busy', // LOCKED
  7: 'unreachable', // NOMEM
  8: 'forbidden', // READONLY
  10: 'unreachable', // IOERR
  11: 'corrupt', // CORRUPT
  13: 'full', // FULL
  14: 'forbidden', // CANTOPEN
  23: 'forbidden', // AUTH
  26: 'corrupt', // NOTADB
};

const systemCodes: Readonly<Record<string, StoreErrorCode>> = {
  EACCES: 'forbidden',
  EPERM: 'forbidden',
  EROFS: 'forbidden',
  ENOTDIR: 'forbidden',
  EEXIST: 'forbidden',
  ENOSPC: 'full',
  EDQUOT: 'full',
};

/** Any error met while working on the file, as the admin should read it. Errors of our own making pass through. */
export function asStoreError(error: unknown, file: string): unknown {
  if (error instanceof StoreError || !(error instanceof Error)) return error;
  const { errcode, code } = error as Error & { errcode?: number; code?: string };
  const kind = errcode === undefined ? systemCodes[code ?? ''] : codes[errcode & 0xff];
  return kind === undefined
    ? error
    : new StoreError(kind, `${remedy(kind, file)} (${error.message})`, { cause: error });
}

function remedy(code: StoreErrorCode, file: string): string {
  switch (code) {
    case 'busy':
      return `${file} is in use by another process: stop the other rackwatt, or give this one its own store.path`;
    case 'forbidden':
      return `${file} cannot be opened for writing: give the user rackwatt runs as the right to write this file and its folder, or set store.path to a folder it may write`;
    case 'full':
      return `there is no room left to write ${file}: free disk space, or shorten store.retention`;
    case 'corrupt':
      return `${file} is damaged or is no rackwatt store: move it away and start again with an empty one, or put back a copy from a backup`;
    case 'unreachable':
      return `the disk under ${file} answered with an error`;
    case 'unauthorised':
    case 'missing':
    case 'refused':
      return file;
    default:
      return code satisfies never;
  }
}
