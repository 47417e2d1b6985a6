import { existsSync, readdirSync, renameSync } from 'node:fs';
import { basename, dirname } from 'node:path';

/** More mean that the disk itself is at fault: then nothing is set aside any more. */
const keptMax = 5;
/** What belongs to the file while it is open. */
const companions = ['', '-wal', '-shm'];

/**
 * Renames a damaged file, and what belongs to it, to `….damaged-<time>`, so that a new one can be begun; nothing of it
 * is thrown away. Answers the new name; undefined: there are too many already. Throws Node's error.
 */
export function setAsideDamaged(file: string, nowMs: number): string | undefined {
  if (damagedFiles(file).length >= keptMax) return undefined;
  const at = new Date(nowMs).toISOString().replace(/[-:]|\.\d+Z$/g, '');
  let keptAs = `${file}.damaged-${at}`;
  for (let n = 2; existsSync(keptAs); n += 1) keptAs = `${file}.damaged-${at}-${n}`;
  for (const companion of companions)
    if (existsSync(file + companion)) renameSync(file + companion, keptAs + companion);
  return keptAs;
}

/** Those set aside so far, by name. */
export function damagedFiles(file: string): string[] {
  const prefix = `${basename(file)}.damaged-`;
  return readdirSync(dirname(file)).filter((name) => name.startsWith(prefix) && !/-(wal|shm)$/.test(name));
}
