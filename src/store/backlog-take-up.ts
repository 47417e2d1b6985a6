import { mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../base/log.ts';
import { readPart } from './backlog-files.ts';
import { goodEnd, kindOfSegment, recordsOf, segmentHeadBytes } from './backlog-format.ts';
import type { Store } from './store.ts';

/** One file of the backlog. */
export interface Segment {
  readonly id: number;
  readonly path: string;
  /** Where its good bytes end. */
  size: number;
  /** Not given back yet. */
  readings: number;
  /** When the oldest of those was put in, epoch ms. */
  oldestAtMs: number | undefined;
  /** When the newest was. */
  newestAtMs: number | undefined;
}

/** What an earlier process left in the folder. */
export interface LeftBehind {
  /** Oldest first. */
  readonly segments: Segment[];
  /** Where in the oldest segment the first record to give back starts. */
  readonly headAt: number;
  readonly nextId: number;
  readonly asideFiles: number;
}

/** Says up to where the oldest segment has been given back. */
export const positionFile = 'position';
export const asidePrefix = 'aside-';

export function segmentName(id: number): string {
  return `${String(id).padStart(10, '0')}.backlog`;
}

/**
 * Makes the folder when it is missing and looks through it: a torn end is cut off (it was never acknowledged),
 * segments for another kind of store are renamed out of the way, loudly. Rejects with NewerBacklog.
 */
export async function takeUpFolder(
  folder: string,
  storeKind: Store['kind'],
  log: Log | undefined,
): Promise<LeftBehind> {
  await mkdir(folder, { recursive: true });
  const names = (await readdir(folder)).sort();
  const segments: Segment[] = [];
  let nextId = 1;
  for (const name of names) {
    const id = Number(/^(\d{10})\.backlog(\.foreign)?$/.exec(name)?.[1] ?? Number.NaN);
    if (Number.isNaN(id)) continue;
    nextId = id + 1;
    const path = join(folder, segmentName(id));
    if (name.endsWith('.foreign') && !(await isOursAgain(`${path}.foreign`, path, storeKind))) continue;
    segments.push(...(await takeUpSegment(id, path, storeKind, log)));
  }
  await cutTornEnd(segments);
  return {
    segments,
    headAt: await takeUpPosition(folder, segments[0]),
    nextId,
    asideFiles: names.filter((name) => name.startsWith(asidePrefix)).length,
  };
}

/** What was put out of the way for another store is taken up again when that store is the one in use. */
async function isOursAgain(foreign: string, path: string, storeKind: Store['kind']): Promise<boolean> {
  const file = await open(foreign, 'r');
  const head = await readPart(file, 0, segmentHeadBytes).finally(() => file.close());
  if (kindOfSegment(head, foreign) !== storeKind) return false;
  await rename(foreign, path);
  return true;
}

async function takeUpSegment(
  id: number,
  path: string,
  storeKind: Store['kind'],
  log: Log | undefined,
): Promise<Segment[]> {
  const bytes = await readFile(path);
  // Made, but not yet begun when the process ended.
  if (bytes.length <= segmentHeadBytes) {
    await unlink(path);
    return [];
  }
  const kind = kindOfSegment(bytes, path);
  if (kind !== storeKind) {
    const keptAs = `${path}.foreign`;
    await rename(path, keptAs);
    log?.error(
      { keptAs },
      `a part of the backlog is for another store (${kind ?? 'unknown'}) and is left out`,
    );
    return [];
  }
  const heads = [...recordsOf(bytes)].map((record) => record.head);
  const readings = heads.reduce((sum, head) => sum + head.count, 0);
  return [
    { id, path, size: bytes.length, readings, oldestAtMs: heads[0]?.atMs, newestAtMs: heads.at(-1)?.atMs },
  ];
}

async function cutTornEnd(segments: Segment[]): Promise<void> {
  const segment = segments.at(-1);
  if (segment === undefined) return;
  const bytes = await readFile(segment.path);
  const end = goodEnd(bytes);
  if (end === bytes.length) return;
  if (end <= segmentHeadBytes) {
    segments.pop();
    return await unlink(segment.path);
  }
  const file = await open(segment.path, 'r+');
  await file.truncate(end);
  await file.sync().finally(() => file.close());
  for (const { at, head } of recordsOf(bytes)) if (at >= end) segment.readings -= head.count;
  segment.size = end;
}

/** After the last record that the process before gave back, if it noted one. */
async function takeUpPosition(folder: string, segment: Segment | undefined): Promise<number> {
  const text = await readFile(join(folder, positionFile), 'utf8').catch(() => '');
  const [, id, position] = /^\{"segment":(\d+),"at":(\d+)\}$/.exec(text) ?? [];
  if (segment === undefined || Number(id) !== segment.id) return segmentHeadBytes;
  const bytes = (await readFile(segment.path)).subarray(0, segment.size);
  const records = [...recordsOf(bytes)];
  const first = records.find((record) => record.at === Number(position));
  if (first === undefined) return segmentHeadBytes;
  for (const record of records) if (record.at < first.at) segment.readings -= record.head.count;
  segment.oldestAtMs = first.head.atMs;
  return first.at;
}
