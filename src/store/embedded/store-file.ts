import { constants, copyFileSync, existsSync, renameSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../store.ts';
import { alertSchema, eventSchema } from './event-tables.ts';
import { asStoreError } from './sqlite-error.ts';

/** 'rwtt': says that a SQLite file is a rackwatt store. */
const applicationId = 0x72_77_74_74;
/** Grows by one whenever an older program could no longer read or write the file rightly. */
export const schemaVersion = 4;
/** A process that is just ending is waited for this long. */
const lockWaitMs = 1000;
/** A sealed block is about 2.5 KB: six to a page, where SQLite's usual 4 KB would waste a third. */
const pageBytes = 16_384;
/** The write-ahead log is moved into the file when it has grown to this many pages (8 MB). */
const walPages = 512;

const schema = `
  CREATE TABLE series (id INTEGER PRIMARY KEY, tier INTEGER NOT NULL, name TEXT NOT NULL, UNIQUE (tier, name)) STRICT;

  -- Writes whose points are not all in blocks yet, oldest first: played back at start.
  CREATE TABLE journal (sequence INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;

  -- Packed points (block.ts). Of one series the block with the greater id was written later and wins.
  CREATE TABLE block (
    id INTEGER PRIMARY KEY,
    series INTEGER NOT NULL,
    tier INTEGER NOT NULL,
    open INTEGER NOT NULL,       -- 1: few points, to be packed together with what comes next
    from_micros INTEGER NOT NULL,
    to_micros INTEGER NOT NULL,  -- the last point, not beyond it
    points INTEGER NOT NULL,
    columns INTEGER NOT NULL,    -- bits
    through INTEGER NOT NULL,    -- holds all of the series up to this write, together with earlier blocks
    watt_hours REAL,             -- roll-ups: the sum
    body BLOB NOT NULL
  ) STRICT;
  CREATE INDEX block_by_series ON block (series, to_micros, from_micros, columns);
  CREATE INDEX block_by_age ON block (tier, to_micros, from_micros, series, watt_hours);
  CREATE INDEX block_open ON block (series) WHERE open = 1;

  PRAGMA application_id = ${applicationId};
`;

/** What brings a file of an older version (or a new one, of version 0) to the next, in order. */
const steps: readonly string[] = [
  schema,
  eventSchema,
  // Rows of roll-ups may have parts of their energy, and may lack figures: the tables stay as they are.
  '',
  alertSchema,
];

/** The file is whole, but some other program's: not ours to touch. */
export class ForeignFile extends StoreError {}

/**
 * Opens or makes the file, for this process alone. Throws a StoreError: in use, not writable, damaged, of a
 * newer version, or some other program's. A file of an older version is copied beside before it is changed.
 *
 * Durable means after a power cut too: synchronous=FULL syncs the write-ahead log at each commit, and a write
 * is acknowledged after its commit. The recorder commits whole batches, so the sync is shared by all in it.
 */
export function openStoreFile(file: string, fileBytesMax?: number): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { timeout: lockWaitMs });
    // Set before the first read: then the lock is taken once and held, and no second process gets in.
    db.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA page_size = ${pageBytes}`);
    const version = checkOwner(db, file);
    db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = ${walPages};
      PRAGMA journal_size_limit = ${2 * walPages * pageBytes}; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY`);
    if (fileBytesMax !== undefined)
      db.exec(`PRAGMA max_page_count = ${Math.floor(fileBytesMax / pageBytes)}`);
    if (version > 0 && version < schemaVersion) keepCopy(db, file, version);
    db.exec('BEGIN EXCLUSIVE');
    for (const step of steps.slice(version)) db.exec(step);
    if (version < schemaVersion) db.exec(`PRAGMA user_version = ${schemaVersion}`);
    db.exec('COMMIT');
    return db;
  } catch (error) {
    if (db?.isOpen) db.close();
    throw asStoreError(error, file);
  }
}

/** Of which version it is; 0: empty, to be filled. Throws when it is not ours to write. */
function checkOwner(db: DatabaseSync, file: string): number {
  const owner = readNumber(db, 'PRAGMA application_id');
  const version = readNumber(db, 'PRAGMA user_version');
  const tables = readNumber(db, 'SELECT count(*) FROM sqlite_schema');
  if (owner === 0 && version === 0 && tables === 0) return 0;
  if (owner !== applicationId)
    throw new ForeignFile(
      'corrupt',
      `${file} belongs to another program: set store.path to a folder of its own, or move the file away`,
    );
  if (version > schemaVersion)
    throw new StoreError(
      'refused',
      `${file} was written by a newer rackwatt (store version ${version}, this one reads up to ${schemaVersion}): start the newer program, or set store.path to another folder`,
    );
  return version;
}

/**
 * `rackwatt.sqlite.version-2`: what an older program can go on with. Put in place by renaming, so that a copy with that
 * name is a whole one; on file systems that share blocks it takes no room.
 */
function keepCopy(db: DatabaseSync, file: string, version: number): void {
  const copy = `${file}.version-${version}`;
  if (existsSync(copy)) return;
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  try {
    copyFileSync(file, `${copy}.new`, constants.COPYFILE_FICLONE);
    renameSync(`${copy}.new`, copy);
  } catch (error) {
    rmSync(`${copy}.new`, { force: true });
    const known = asStoreError(error, copy);
    throw known instanceof StoreError
      ? new StoreError(
          known.code,
          `before ${file} is brought from version ${version} to ${schemaVersion} a copy is kept as ${copy}, and that failed: ${known.message}`,
          { cause: error },
        )
      : error;
  }
}

function readNumber(db: DatabaseSync, sql: string): number {
  return Number(Object.values(db.prepare(sql).get() ?? {})[0]);
}
