import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Influxd } from '../servers/influxd.ts';

/** Shards of a retention policy whose files are copied to earlier times. */
export interface ShardCopies {
  readonly database: string;
  readonly policy: string;
  /** So much earlier each copy is, ms: a whole number of shards. */
  readonly shiftMs: number;
  /** Copies reach back to here; a shard that holds older points too is copied whole. */
  readonly fromMs: number;
  /** A point in line protocol, without its time, that makes a shard. */
  readonly line: string;
}

interface Shard {
  readonly id: number;
  readonly policy: string;
  readonly startMs: number;
}

const nsPerMs = 1_000_000n;

/**
 * Fills the past of an InfluxDB with what lies in its newest shards: their files are copied to the shards before,
 * with all times moved. Hours of writing become a minute of copying, and what InfluxDB reads is laid out just the
 * same. Its files must be packed and its write-ahead log empty. Restarts it.
 */
export async function copyShards(influxd: Influxd, copies: readonly ShardCopies[]): Promise<void> {
  const sources = await shardsOf(influxd, copies[0]!.database);
  for (const copy of copies)
    for (const startMs of targetsOf(copy, sources)) await makeShard(influxd, copy, startMs);
  const shards = await shardsOf(influxd, copies[0]!.database);
  await influxd.kill();
  for (const copy of copies) {
    const { database, policy, shiftMs } = copy;
    const folder = (part: string, { id }: Shard) => join(influxd.folder, part, database, policy, `${id}`);
    const own = sources.filter((shard) => shard.policy === policy);
    for (const target of shards.filter((shard) => shard.policy === policy)) {
      const emptied = own.every((source) => source.id !== target.id);
      if (emptied)
        for (const part of ['data', 'wal']) {
          await rm(folder(part, target), { recursive: true, force: true });
          await mkdir(folder(part, target));
        }
      for (const source of own) {
        const shift = source.startMs - target.startMs;
        if (shift > 0 && shift % shiftMs === 0)
          await copyShard(folder('data', source), folder('data', target), shift);
      }
    }
  }
  await influxd.restart();
}

/** Where copies go: earlier by multiples of the shift. */
function targetsOf({ policy, shiftMs, fromMs }: ShardCopies, shards: readonly Shard[]): Set<number> {
  const own = shards.filter((shard) => shard.policy === policy);
  const lengthMs = Math.min(
    ...own.map(({ startMs }, i) => (own[i + 1]?.startMs ?? Number.POSITIVE_INFINITY) - startMs),
  );
  const starts = new Set<number>();
  for (const { startMs } of own)
    for (let atMs = startMs - shiftMs; atMs + lengthMs > fromMs; atMs -= shiftMs) starts.add(atMs);
  return starts;
}

async function makeShard(
  influxd: Influxd,
  { database, policy, line }: ShardCopies,
  startMs: number,
): Promise<void> {
  const url = `${influxd.url}/write?${new URLSearchParams({ db: database, rp: policy, precision: 'ms' })}`;
  const answer = await fetch(url, { method: 'POST', body: `${line} ${startMs + 1}` });
  if (!answer.ok) throw new Error(`no shard at ${startMs}: ${await answer.text()}`);
}

async function shardsOf(influxd: Influxd, database: string): Promise<Shard[]> {
  const answer = await fetch(`${influxd.url}/query?${new URLSearchParams({ q: 'SHOW SHARDS' })}`);
  const { results } = (await answer.json()) as {
    results: { series: { name: string; columns: string[]; values: (string | number)[][] }[] }[];
  };
  const found = results[0]!.series.find(({ name }) => name === database)!;
  const column = (name: string) => found.columns.indexOf(name);
  return found.values
    .map((row) => ({
      id: Number(row[column('id')]),
      policy: String(row[column('retention_policy')]),
      startMs: Date.parse(String(row[column('start_time')])),
    }))
    .sort((a, b) => a.startMs - b.startMs);
}

async function copyShard(from: string, to: string, shiftMs: number): Promise<void> {
  for (const name of await readdir(from)) {
    if (!name.endsWith('.tsm')) {
      await cp(join(from, name), join(to, name), { recursive: true });
      continue;
    }
    // Two shards may meet in one: a generation of its own for each file.
    const generation = (await readdir(to)).filter((other) => other.endsWith('.tsm')).length + 1;
    const file = `${String(generation).padStart(9, '0')}-000000001.tsm`;
    await writeFile(join(to, file), moved(await readFile(join(from, name)), BigInt(shiftMs) * nsPerMs));
  }
}

const footerBytes = 8;
const entryBytes = 28;
const checksumBytes = 4;

/**
 * A TSM file with all times earlier. Its index tells of each block the least and greatest time, where it lies and
 * how long it is; a block is a checksum, a type, the length of its times and these, which begin with a byte that
 * says how they are packed and the first of them; those that follow are told as differences.
 */
function moved(tsm: Buffer, shift: bigint): Buffer {
  const end = tsm.length - footerBytes;
  for (let at = Number(tsm.readBigUInt64BE(end)); at < end; ) {
    at += 2 + tsm.readUInt16BE(at) + 1;
    const entries = tsm.readUInt16BE(at);
    at += 2;
    for (let i = 0; i < entries; i += 1, at += entryBytes) {
      tsm.writeBigInt64BE(tsm.readBigInt64BE(at) - shift, at);
      tsm.writeBigInt64BE(tsm.readBigInt64BE(at + 8) - shift, at + 8);
      const block = Number(tsm.readBigInt64BE(at + 16));
      moveBlock(tsm.subarray(block, block + tsm.readUInt32BE(at + 24)), shift);
    }
  }
  return tsm;
}

function moveBlock(block: Buffer, shift: bigint): void {
  let at = checksumBytes + 1;
  while (block[at]! >= 0x80) at += 1;
  at += 1;
  // Plain times, which InfluxDB keeps only where nothing is regular, would all have to be moved.
  if (block[at]! >> 4 === 0) throw new Error('times that are not packed');
  block.writeBigInt64BE(block.readBigInt64BE(at + 1) - shift, at + 1);
  block.writeUInt32BE(crc32(block.subarray(checksumBytes)), 0);
}
