import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFile,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Backlog, type BacklogOptions } from '../../src/store/backlog.ts';
import { type StoreWrite, type WriteTier, writeTiers } from '../../src/store/store.ts';
import { anyCharacter } from '../base/any-character.ts';
import { HandClock } from '../base/hand-clock.ts';

let root: string;
let folders = 0;
const opened: Backlog[] = [];
const clock = new HandClock();

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'rackwatt-backlog-'));
});
afterEach(async () => {
  for (const backlog of opened.splice(0)) await backlog.close();
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe('a backlog', () => {
  it('gives back what was put in, oldest first and in runs of one tier', async () => {
    const { backlog } = await openNew();
    await backlog.append([write('raw', 3, 'a'), write('raw', 2, 'b')]);
    await backlog.append([write('minute', 1, 'c')]);
    await backlog.append([write('raw', 4, 'd')]);
    expect(await drain(backlog)).toEqual([
      ['raw', ['a', 'b']],
      ['minute', ['c']],
      ['raw', ['d']],
    ]);
    expect(backlog.empty).toBe(true);
    expect(backlog.status).toMatchObject({ readings: 0, bytes: 0 });
    expect(backlog.status.oldestAtMs).toBeUndefined();
  });

  it('says the same each time the disk takes nothing, so that it is one problem and not many', async () => {
    const { backlog, options } = await openNew();
    await rm(options.folder, { recursive: true });
    const tried = () => backlog.append([write('raw', 1, 'a')]).catch((error: Error) => error.message);
    const problem = await tried();
    expect(problem).toContain('ENOENT');
    expect(await tried()).toBe(problem);
    await mkdir(options.folder);
    await tried();
    expect(await drain(backlog)).toEqual([['raw', ['a']]]);
  });

  it('says how much it holds and since when', async () => {
    const { backlog } = await openNew();
    const startMs = clock.nowMs();
    await backlog.append([write('raw', 3, 'aaaa')]);
    clock.advance(1000);
    await backlog.append([write('raw', 5, 'bb')]);
    expect(backlog.status).toMatchObject({ readings: 8, oldestAtMs: startMs });
    const before = backlog.status.bytes;
    await backlog.shift((await backlog.peek(1))!);
    expect(backlog.status).toMatchObject({ readings: 5, oldestAtMs: startMs + 1000 });
    expect(backlog.status.bytes).toBeLessThan(before);
    expect(backlog.status.bytes).toBeGreaterThan(2);
  });

  it('gives the same again until it is taken away, and takes nothing away twice', async () => {
    const { backlog } = await openNew();
    await backlog.append([write('raw', 1, 'a')]);
    await backlog.append([write('raw', 1, 'b')]);
    const first = (await backlog.peek(1))!;
    expect(texts((await backlog.peek(1))!.writes)).toEqual(['a']);
    await backlog.shift(first);
    await backlog.shift(first);
    expect(texts((await backlog.peek(1))!.writes)).toEqual(['b']);
  });

  it('gives a record that is larger than was asked for as a whole, and no more records than were asked for', async () => {
    const { backlog } = await openNew();
    const large = 'x'.repeat(100_000);
    await backlog.append([write('raw', 1, large), write('raw', 1, 'a'), write('raw', 1, 'b')]);
    const run = (await backlog.peek(10))!;
    expect(texts(run.writes)).toEqual([large]);
    await backlog.shift(run);
    expect(texts((await backlog.peek(1_000_000, 1))!.writes)).toEqual(['a']);
  });

  it('is there after a restart, and goes on after the last that was taken away', async () => {
    const { backlog, options } = await openNew();
    for (const text of ['a', 'b', 'c', 'd']) await backlog.append([write('raw', 2, text)]);
    await backlog.shift((await backlog.peek(1))!);
    await backlog.close();
    const again = await openAt(options);
    expect(again.status.readings).toBe(6);
    await again.append([write('raw', 1, 'e')]);
    expect((await drain(again)).flatMap(([, run]) => run)).toEqual(['b', 'c', 'd', 'e']);
    const third = await openAt(options);
    expect(third.empty).toBe(true);
    expect((await readdir(options.folder)).filter((name) => name.endsWith('.backlog'))).toEqual([]);
  });

  it('gives everything once more when the note of how far it came is lost or nonsense', async () => {
    for (const note of [undefined, '', '{"segment":1,"at":17}', '{"segment":99,"at":16}', 'nonsense']) {
      const { backlog, options } = await openNew();
      for (const text of ['a', 'b', 'c']) await backlog.append([write('raw', 1, text)]);
      await backlog.shift((await backlog.peek(1))!);
      await backlog.close();
      const path = join(options.folder, 'position');
      if (note === undefined) await rm(path);
      else await writeFile(path, note);
      const again = await openAt(options);
      expect(again.status.readings).toBe(3);
      expect((await drain(again)).flatMap(([, run]) => run)).toEqual(['a', 'b', 'c']);
    }
  });

  it('holds no more than it may: the oldest falls off and is counted', async () => {
    const { backlog, options } = await openNew({ bytesMax: 300_000 });
    const appended: string[] = [];
    for (let i = 0; i < 100; i += 1) {
      const text = `${i}:${'y'.repeat(9000)}`;
      appended.push(text);
      await backlog.append([write('raw', 10, text)]);
      expect(await bytesIn(options.folder)).toBeLessThanOrEqual(300_000);
    }
    const kept = (await drain(backlog)).flatMap(([, run]) => run);
    expect(kept.length).toBeGreaterThan(25);
    expect(kept).toEqual(appended.slice(-kept.length));
    expect(backlog.status.droppedReadings).toBe((100 - kept.length) * 10);
  });

  it('does not mind that what is being replayed falls off', async () => {
    const { backlog } = await openNew({ bytesMax: 100_000 });
    await backlog.append([write('raw', 1, 'old')]);
    const run = (await backlog.peek(1))!;
    for (let i = 0; i < 30; i += 1) await backlog.append([write('raw', 1, `${i}${'z'.repeat(9000)}`)]);
    const next = texts((await backlog.peek(1))!.writes);
    expect(next).not.toEqual(['old']);
    await backlog.shift(run);
    expect(texts((await backlog.peek(1))!.writes)).toEqual(next);
  });

  it('refuses what is larger than the whole of it, and keeps what it has', async () => {
    const { backlog } = await openNew({ bytesMax: 50_000 });
    await backlog.append([write('raw', 1, 'a')]);
    await expect(backlog.append([write('raw', 1, 'x'.repeat(60_000))])).rejects.toThrow(
      /more than the whole/,
    );
    expect((await drain(backlog)).flatMap(([, run]) => run)).toEqual(['a']);
  });

  it('gives nothing of another kind of store, but keeps it', async () => {
    const { backlog, options } = await openNew();
    await backlog.append([write('raw', 1, 'for influx')]);
    await backlog.close();
    const other = await openAt({ ...options, storeKind: 'embedded' });
    expect(other.empty).toBe(true);
    await other.append([write('raw', 1, 'for sqlite')]);
    expect((await drain(other)).flatMap(([, run]) => run)).toEqual(['for sqlite']);
    await other.close();
    const [foreign] = (await readdir(options.folder)).filter((name) => name.endsWith('.foreign'));
    expect(await readFile(join(options.folder, foreign!), 'latin1')).toContain('for influx');
  });

  it('gives back what was for another store when that one is used again', async () => {
    const { backlog, options } = await openNew();
    await backlog.append([write('raw', 1, 'for influx')]);
    await backlog.close();
    const other = await openAt({ ...options, storeKind: 'embedded' });
    await other.append([write('raw', 1, 'for sqlite')]);
    await other.close();
    const again = await openAt(options);
    expect((await drain(again)).flatMap(([, run]) => run)).toEqual(['for influx']);
  });

  it('refuses what a newer rackwatt has left, and leaves it as it is', async () => {
    const { backlog, options } = await openNew();
    await backlog.append([write('raw', 1, 'a')]);
    await backlog.close();
    const [name] = await readdir(options.folder);
    const file = await open(join(options.folder, name!), 'r+');
    await file.write(Buffer.from([2]), 0, 1, 4);
    await file.close();
    await expect(openAt(options)).rejects.toThrow(
      /newer rackwatt \(format 2, this one reads up to 1\).*newer program/,
    );
    expect(await readdir(options.folder)).toEqual([name]);
  });

  it('lets what has waited for too long fall off, counted, and keeps the rest', async () => {
    const { backlog } = await openNew({ ageMsMax: 16 * 3_600_000 });
    for (let hour = 0; hour < 30; hour += 1) {
      await backlog.append([write('raw', 10, String(hour))]);
      clock.advance(3_600_000);
    }
    const { readings, droppedReadings } = backlog.status;
    expect(readings + droppedReadings).toBe(300);
    const kept = (await drain(backlog)).flatMap(([, run]) => run).map(Number);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, i) => 30 - kept.length + i));
    // A segment spans a sixteenth of the age: what is younger than the age is all there, and hardly anything else.
    expect(kept.length).toBeGreaterThanOrEqual(16);
    expect(kept.length).toBeLessThanOrEqual(18);
    expect(backlog.status).toMatchObject({ readings: 0, droppedReadings: 300 - 10 * kept.length });
  });

  it('knows the age of what an earlier process has left', async () => {
    const { backlog, options } = await openNew({ ageMsMax: 3_600_000 });
    await backlog.append([write('raw', 7, 'old')]);
    await backlog.close();
    clock.advance(4_000_000);
    const again = await openAt(options);
    expect(await again.peek(1000)).toBeUndefined();
    expect(again.status).toMatchObject({ readings: 0, droppedReadings: 7 });
    expect(again.empty).toBe(true);
  });

  it('steps over damaged places, counts them and keeps their bytes', async () => {
    const { backlog, options } = await openNew();
    for (const text of ['first', 'second', 'third', 'fourth']) await backlog.append([write('raw', 1, text)]);
    await backlog.close();
    await spoil(options.folder, 'second', 0);
    // The head of the fourth begins right after the body of the third.
    await spoil(options.folder, 'third', 'third'.length);
    const again = await openAt(options);
    await again.append([write('raw', 1, 'fifth')]);
    expect((await drain(again)).flatMap(([, run]) => run)).toEqual(['first', 'third', 'fifth']);
    const aside = (await readdir(options.folder)).filter((name) => name.startsWith('aside-'));
    expect(aside).toHaveLength(again.status.damagedPlaces);
    const kept = await Promise.all(aside.map((name) => readFile(join(options.folder, name), 'latin1')));
    expect(kept.join()).toContain('econd');
    expect(again.status.readings).toBe(0);
  });

  it('finds the records behind a damaged head', async () => {
    const { backlog, options } = await openNew();
    for (const text of ['first', 'second', 'third']) await backlog.append([write('raw', 1, text)]);
    await backlog.close();
    await spoil(options.folder, 'first', 'first'.length + 5);
    const again = await openAt(options);
    expect((await drain(again)).flatMap(([, run]) => run)).toEqual(['first', 'third']);
    expect(again.status.damagedPlaces).toBe(1);
  });

  it('goes on when a file was taken away from outside, and says what was lost', async () => {
    const { backlog, options } = await openNew({ bytesMax: 300_000 });
    for (let i = 0; i < 4; i += 1) await backlog.append([write('raw', 7, `${i}${'x'.repeat(9000)}`)]);
    await rm(join(options.folder, '0000000002.backlog'));
    const got = (await drain(backlog)).flatMap(([, run]) => run.map((one) => one[0]));
    expect(got).toEqual(['0', '2', '3']);
    expect(backlog.status).toMatchObject({ droppedReadings: 7, damagedPlaces: 1, readings: 0 });
  });

  it('takes more at once than it may hold in all: the newest of it stay', async () => {
    const { backlog } = await openNew({ bytesMax: 100_000 });
    await backlog.append(Array.from({ length: 30 }, (_, i) => write('raw', 1, `${i}:${'x'.repeat(9000)}`)));
    const got = (await drain(backlog)).flatMap(([, run]) => run.map((one) => Number.parseInt(one, 10)));
    expect(got.at(-1)).toBe(29);
    expect(got.length).toBeGreaterThan(5);
    expect(backlog.status.droppedReadings).toBe(30 - got.length);
  });

  it('can set a record aside', async () => {
    const { backlog, options } = await openNew();
    await backlog.append([write('raw', 1, 'poison'), write('raw', 1, 'b')]);
    await backlog.setAside((await backlog.peek(1_000, 1))!);
    expect((await drain(backlog)).flatMap(([, run]) => run)).toEqual(['b']);
    const [aside] = (await readdir(options.folder)).filter((name) => name.startsWith('aside-'));
    expect(await readFile(join(options.folder, aside!), 'latin1')).toContain('poison');
  });

  it('rejects when the disk does not take it, and goes on when it does again', async () => {
    const { backlog, options } = await openNew();
    await backlog.append([write('raw', 1, 'a')]);
    await rm(options.folder, { recursive: true });
    await backlog.close();
    await expect(backlog.append([write('raw', 1, 'b')])).rejects.toThrow(/ENOENT/);
    await mkdir(options.folder);
    await backlog.append([write('raw', 1, 'c')]);
    await backlog.close();
    const again = await openAt(options);
    expect((await drain(again)).flatMap(([, run]) => run)).toEqual(['c']);
  });
});

describe('whatever happens to the process', () => {
  const text = fc.string({ minLength: 0, maxLength: 200, unit: anyCharacter });
  const appends = fc.array(
    fc.array(fc.tuple(fc.constantFrom(...writeTiers), fc.nat(100), text), { minLength: 1, maxLength: 5 }),
    { minLength: 1, maxLength: 8 },
  );

  it('a crash at any byte of an append leaves all that was acknowledged and a beginning of the rest', async () => {
    await fc.assert(
      fc.asyncProperty(appends, fc.double({ min: 0, max: 1, noNaN: true }), async (all, cut) => {
        const { backlog, options } = await openNew();
        for (const batch of all.slice(0, -1)) await backlog.append(batch.map((one) => write(...one)));
        const acknowledgedBytes = await lastSegmentBytes(options.folder);
        await backlog.append(all.at(-1)!.map((one) => write(...one)));
        await backlog.close();
        const allBytes = await lastSegmentBytes(options.folder);
        const keptBytes = Math.round(acknowledgedBytes + cut * (allBytes - acknowledgedBytes));
        await truncate(await lastSegment(options.folder), keptBytes);

        const again = await openAt(options);
        const got = (await drainWrites(again)).map(asTuple);
        const put = all.flat().map((one) => asTuple(write(...one)));
        const acknowledged = all.slice(0, -1).flat().length;
        expect(got.length).toBeGreaterThanOrEqual(acknowledged);
        expect(got).toEqual(put.slice(0, got.length));
        if (cut === 1) expect(got).toHaveLength(put.length);
        expect(again.status.damagedPlaces).toBe(0);
        await again.close();
      }),
      { numRuns: 40 },
    );
  });

  it('rubbish at the end or flipped bytes anywhere never make up a record and never throw', async () => {
    await fc.assert(
      fc.asyncProperty(
        appends,
        fc.uint8Array({ maxLength: 80 }),
        fc.array(fc.nat(100_000), { maxLength: 3 }),
        async (all, rubbish, flips) => {
          const { backlog, options } = await openNew();
          for (const batch of all) await backlog.append(batch.map((one) => write(...one)));
          await backlog.close();
          const path = await lastSegment(options.folder);
          await appendFile(path, rubbish);
          const bytes = await readFile(path);
          for (const flip of flips) {
            const at = 16 + (flip % (bytes.length - 16));
            bytes[at] = bytes[at]! ^ 0x41;
          }
          await writeFile(path, bytes);
          const again = await openAt(options);
          await again.append([write('raw', 1, 'after')]);
          const got = (await drainWrites(again)).map((one) => JSON.stringify(asTuple(one)));
          const put = [...all.flat().map((one) => write(...one)), write('raw', 1, 'after')];
          const known = put.map((one) => JSON.stringify(asTuple(one)));
          expect(got.at(-1)).toBe(known.at(-1));
          let from = 0;
          for (const one of got) {
            const at = known.indexOf(one, from);
            expect(at).toBeGreaterThanOrEqual(0);
            from = at + 1;
          }
          expect(got.length).toBeGreaterThanOrEqual(known.length - flips.length);
          expect(again.status.readings).toBe(0);
          await again.close();
        },
      ),
      { numRuns: 40 },
    );
  });

  it('a killed process has lost nothing of what it was told is safe', async () => {
    const { options } = await openNew();
    const script = `
      import { Backlog } from ${JSON.stringify(join(import.meta.dirname, '../../src/store/backlog.ts'))};
      import { systemClock } from ${JSON.stringify(join(import.meta.dirname, '../../src/base/clock.ts'))};
      const backlog = await Backlog.open({ folder: ${JSON.stringify(options.folder)}, storeKind: 'influx', clock: systemClock, bytesMax: 10_000_000 });
      for (let i = 0; ; i += 1) {
        await backlog.append([{ tier: 'raw', count: 1, bytes: Buffer.from(String(i).padEnd(3000, 'x')) }]);
        process.stdout.write(i + '\\n');
      }`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let acknowledged = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      acknowledged += chunk;
      if (acknowledged.split('\n').length > 150) child.kill('SIGKILL');
    });
    await once(child, 'close');
    const count = acknowledged.split('\n').length - 1;
    expect(count).toBeGreaterThan(100);
    const again = await openAt(options);
    const got = (await drain(again)).flatMap(([, run]) => run.map((one) => Number.parseInt(one, 10)));
    expect(got.length).toBeGreaterThanOrEqual(count);
    expect(got).toEqual(got.map((_, i) => i));
  });
});

async function openNew(
  more: Partial<BacklogOptions> = {},
): Promise<{ backlog: Backlog; options: BacklogOptions }> {
  folders += 1;
  const options: BacklogOptions = {
    folder: join(root, String(folders)),
    storeKind: 'influx',
    clock,
    ...more,
  };
  return { backlog: await openAt(options), options };
}

async function openAt(options: BacklogOptions): Promise<Backlog> {
  const backlog = await Backlog.open(options);
  opened.push(backlog);
  return backlog;
}

function write(tier: WriteTier, count: number, text: string): StoreWrite {
  return { tier, count, bytes: Buffer.from(text, 'latin1') };
}

function texts(writes: readonly StoreWrite[]): string[] {
  return writes.map((one) => Buffer.from(one.bytes).toString('latin1'));
}

function asTuple(one: StoreWrite): [WriteTier, number, string] {
  return [one.tier, one.count, Buffer.from(one.bytes).toString('base64')];
}

async function drain(backlog: Backlog): Promise<[WriteTier, string[]][]> {
  const runs: [WriteTier, string[]][] = [];
  for (let run = await backlog.peek(1_000_000); run !== undefined; run = await backlog.peek(1_000_000)) {
    runs.push([run.writes[0]!.tier, texts(run.writes)]);
    await backlog.shift(run);
  }
  return runs;
}

async function drainWrites(backlog: Backlog): Promise<StoreWrite[]> {
  const writes: StoreWrite[] = [];
  for (let run = await backlog.peek(1000); run !== undefined; run = await backlog.peek(1000)) {
    writes.push(...run.writes);
    await backlog.shift(run);
  }
  return writes;
}

async function lastSegment(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.backlog')).sort();
  return join(folder, names.at(-1) ?? '0000000001.backlog');
}

async function lastSegmentBytes(folder: string): Promise<number> {
  return (await stat(await lastSegment(folder)).catch(() => ({ size: 0 }))).size;
}

async function bytesIn(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder))
    if (name.endsWith('.backlog')) bytes += (await stat(join(folder, name))).size;
  return bytes;
}

/** Changes one byte, so many after the beginning of the text. */
async function spoil(folder: string, text: string, offset: number): Promise<void> {
  const path = await lastSegment(folder);
  const at = (await readFile(path)).indexOf(text) + offset;
  const file = await open(path, 'r+');
  await file.write('#', at);
  await file.close();
}
