import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CheckpointFile, type CheckpointSection } from '../../src/store/checkpoint.ts';
import { NewerCheckpoint } from '../../src/store/checkpoint-reader.ts';
import { HandClock } from '../base/hand-clock.ts';

let folder: string;
const clock = new HandClock();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rackwatt-checkpoint-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a checkpoint', () => {
  it('comes back as it was written: sections by name, chunks as they were given', async () => {
    const checkpoints = open();
    await checkpoints.write(
      [section('loads', 'one', '', 'three'), section('empty'), section('', 'x')],
      1234.5,
    );
    const found = (await checkpoints.read())!;
    expect(found.savedAtMs).toBe(1234.5);
    expect(found.sections).toEqual(['loads', 'empty', '']);
    expect(await texts(found.chunks('loads'))).toEqual(['one', '', 'three']);
    expect(await texts(found.chunks('empty'))).toEqual([]);
    expect(await texts(found.chunks('nothing of this name'))).toEqual([]);
    expect(await texts(found.chunks(''))).toEqual(['x']);
    expect(await texts(found.chunks('loads'))).toEqual(['one', '', 'three']);
    await found.close();
    expect(checkpoints.status).toEqual({
      savedAtMs: 1234.5,
      bytes: (await bytesOf()).length,
      failures: 0,
      setAside: 0,
    });
  });

  it('is of the present moment unless another is given', async () => {
    await open().write([]);
    expect((await saved())?.savedAtMs).toBe(clock.nowMs());
  });

  it('is not there at first', async () => {
    expect(await open().read()).toBeUndefined();
    expect(open().status).toEqual({ failures: 0, setAside: 0 });
  });

  it('of many megabytes is written and read chunk by chunk, though one buffer is used for all', async () => {
    const chunkBytes = 300_000;
    async function* chunks(): AsyncGenerator<Uint8Array> {
      const reused = new Uint8Array(chunkBytes);
      for (let i = 0; i < 100; i += 1) {
        reused.fill(i);
        yield reused;
      }
      yield new Uint8Array(5_000_000).fill(200);
    }
    const checkpoints = open();
    await checkpoints.write([{ name: 'large', chunks: chunks() }, section('small', 'x')]);
    const found = (await checkpoints.read())!;
    let at = 0;
    for await (const chunk of found.chunks('large')) {
      expect(chunk.length).toBe(at < 100 ? chunkBytes : 5_000_000);
      expect(chunk.equals(Buffer.alloc(chunk.length, at < 100 ? at : 200))).toBe(true);
      at += 1;
    }
    expect(at).toBe(101);
    expect(await texts(found.chunks('small'))).toEqual(['x']);
    await found.close();
  });

  it('may be changed by who gave it while it is written', async () => {
    const live = new Uint8Array(3_000_000).fill(1);
    const checkpoints = open();
    const writing = checkpoints.write([{ name: 'live', chunks: [live, live.subarray(0, 10)] }]);
    const change = setInterval(() => live.fill(Math.random() * 256), 0);
    await writing.finally(() => clearInterval(change));
    expect(await saved()).toBeDefined();
  });

  it('comes back whatever is in it', async () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    const sections = fc.uniqueArray(
      fc.record({
        name: fc.string({ maxLength: 40, unit: 'grapheme' }),
        chunks: fc.array(bytes, { maxLength: 6 }),
      }),
      { selector: ({ name }) => name, maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(sections, async (written) => {
        const checkpoints = open();
        await checkpoints.write(written);
        const found = (await checkpoints.read())!;
        expect(found.sections).toEqual(written.map(({ name }) => name));
        for (const { name, chunks } of written) {
          const got: Uint8Array[] = [];
          for await (const chunk of found.chunks(name)) got.push(Uint8Array.from(chunk));
          expect(got).toEqual(chunks);
        }
        await found.close();
      }),
      { numRuns: 50 },
    );
  });

  it('refuses two sections of one name, and names that are too long', async () => {
    const checkpoints = open();
    await expect(checkpoints.write([section('a'), section('a')])).rejects.toThrow('same name');
    await expect(checkpoints.write([section('x'.repeat(256))])).rejects.toThrow('longer than');
    expect(checkpoints.status).toMatchObject({ failures: 2 });
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('the generation before', () => {
  it('is kept, and taken when the newest is damaged, which is set aside and counted', async () => {
    const checkpoints = open();
    for (const text of ['first', 'second', 'third']) await checkpoints.write([section('a', text)]);
    expect((await saved())?.text).toBe('third');
    await damage((bytes) => bytes.subarray(0, -1));
    const again = open();
    const found = (await again.read())!;
    expect(await texts(found.chunks('a'))).toEqual(['second']);
    await found.close();
    expect(again.status).toMatchObject({ setAside: 1, failures: 0 });
    expect((await readdir(folder)).sort()).toEqual([
      'rackwatt.checkpoint.bad',
      'rackwatt.checkpoint.previous',
    ]);
    await again.write([section('a', 'fourth')]);
    expect((await saved())?.text).toBe('fourth');
  });

  it('is no help when it is damaged as well: then there is none', async () => {
    const checkpoints = open();
    await checkpoints.write([section('a', 'first')]);
    await checkpoints.write([section('a', 'second')]);
    for (const name of ['rackwatt.checkpoint', 'rackwatt.checkpoint.previous'])
      await writeFile(join(folder, name), 'nonsense');
    expect(await checkpoints.read()).toBeUndefined();
    expect(checkpoints.status).toMatchObject({ setAside: 2 });
  });

  it('is not needed when a process ended just before it put a whole new one in place', async () => {
    const checkpoints = open();
    await checkpoints.write([section('a', 'first')]);
    await checkpoints.write([section('a', 'second')]);
    const second = await bytesOf();
    await rm(join(folder, 'rackwatt.checkpoint'));
    await writeFile(join(folder, 'rackwatt.checkpoint.new'), second);
    expect((await saved())?.text).toBe('second');
    expect((await saved())?.text).toBe('second');
  });

  it('stays when writing fails: the disk, or what makes the chunks', async () => {
    const checkpoints = open();
    await checkpoints.write([section('a', 'good')]);
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(2_000_000);
      throw new Error('lost its thread');
    }
    await expect(checkpoints.write([{ name: 'a', chunks: failing() }])).rejects.toThrow('lost its thread');
    expect(checkpoints.status).toMatchObject({
      failures: 1,
      problem: expect.stringContaining('lost its thread'),
    });
    expect((await saved())?.text).toBe('good');
    expect(await readdir(folder)).toEqual(['rackwatt.checkpoint']);
    await checkpoints.write([section('a', 'better')]);
    expect(checkpoints.status.problem).toBeUndefined();

    const nowhere = new CheckpointFile({ folder: join(folder, 'gone'), clock });
    await expect(nowhere.write([section('a', 'x')])).rejects.toMatchObject({ code: 'ENOENT' });
    expect(nowhere.status.problem).toContain('rackwatt.checkpoint cannot be written');
  });

  it('outlives writes that are asked for side by side, and the last of them stands', async () => {
    const checkpoints = open();
    await Promise.all(['a', 'b', 'c', 'd'].map((text) => checkpoints.write([section('a', text)])));
    expect((await saved())?.text).toBe('d');
  });
});

it('is whole after kill -9 at any moment, and none is lost that was on disk', async () => {
  let last = 0;
  for (const writes of [1, 3, 6, 4]) {
    const script = join(import.meta.dirname, 'checkpoint-until-killed.ts');
    const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    const until = last + writes;
    for await (const line of createInterface({ input: child.stdout })) {
      last = Number(line);
      if (last >= until) child.kill('SIGKILL');
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
    const checkpoints = open();
    const found = (await checkpoints.read())!;
    expect(found.savedAtMs).toBeGreaterThanOrEqual(last);
    let bytes = 0;
    for await (const chunk of found.chunks('a')) {
      expect(chunk.every((byte) => byte === found.savedAtMs % 256)).toBe(true);
      bytes += chunk.length;
    }
    expect(bytes).toBe(2_000_000);
    await found.close();
    expect(checkpoints.status.setAside).toBe(0);
  }
});

describe('damage', () => {
  it('at any byte is found out: cut off there, or changed', async () => {
    await open().write([section('before', 'older')]);
    await open().write([section('one', 'abc', 'defg'), section('two'), section('three', 'x'.repeat(50))]);
    const [whole, previous] = [await bytesOf(), await bytesOf('.previous')];
    const expectPrevious = async (bytes: Uint8Array, i: number) => {
      const own = join(folder, String(i));
      await mkdir(own);
      await writeFile(join(own, 'rackwatt.checkpoint'), bytes);
      await writeFile(join(own, 'rackwatt.checkpoint.previous'), previous);
      const checkpoints = new CheckpointFile({ folder: own, clock });
      const found = await checkpoints.read();
      expect(found?.sections).toEqual(['before']);
      await found?.close();
      expect(checkpoints.status.setAside).toBe(1);
    };
    const cut = Array.from(whole, (_, length) => whole.subarray(0, length));
    const changed = Array.from(whole, (_, at) => {
      const flipped = Uint8Array.from(whole);
      flipped[at]! ^= 1 << (at % 8);
      return flipped;
    });
    const longer = [Buffer.concat([whole, Buffer.alloc(1)]), Buffer.concat([whole, whole])];
    // Side by side, each in a folder of its own.
    await Promise.all([...cut, ...changed, ...longer].map(expectPrevious));
  });

  it('of any kind never gets through, and never throws', async () => {
    await open().write([section('one', 'abc', 'defg'), section('two', 'x'.repeat(500))]);
    const whole = await bytesOf();
    const change = fc.record({ at: fc.nat(whole.length - 1), value: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 1, maxLength: 8 }),
        fc.nat(whole.length),
        async (changes, length) => {
          const bytes = Uint8Array.from(whole);
          for (const { at, value } of changes) bytes[at] = value;
          const cut = bytes.subarray(0, length);
          await writeFile(join(folder, 'rackwatt.checkpoint'), cut);
          const found = await open().read();
          await found?.close();
          expect(found === undefined).toBe(!whole.equals(cut));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('of a file being written is no news', async () => {
    await open().write([section('a', 'good')]);
    await writeFile(join(folder, 'rackwatt.checkpoint.new'), (await bytesOf()).subarray(0, 40));
    const checkpoints = open();
    await (await checkpoints.read())?.close();
    expect(checkpoints.status.setAside).toBe(0);
    await rm(join(folder, 'rackwatt.checkpoint'));
    expect(await checkpoints.read()).toBeUndefined();
    expect(checkpoints.status.setAside).toBe(0);
    expect(await readdir(folder)).toEqual([]);
  });
});

it('a newer format is refused clearly, left as it is and not written over', async () => {
  await open().write([section('a', 'from the future')]);
  await damage((bytes) => {
    bytes.writeUInt32LE(2, 4);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, 20)), 20);
    return bytes;
  });
  const newer = await bytesOf();
  const checkpoints = open();
  await expect(checkpoints.read()).rejects.toThrow(NewerCheckpoint);
  await expect(checkpoints.read()).rejects.toThrow('newer rackwatt (format 2, this one reads up to 1)');
  await expect(checkpoints.write([section('a', 'older')])).rejects.toThrow('newer rackwatt');
  expect((await bytesOf()).equals(newer)).toBe(true);
  expect(checkpoints.status.setAside).toBe(0);
});

function open(): CheckpointFile {
  return new CheckpointFile({ folder, clock });
}

function section(name: string, ...chunks: string[]): CheckpointSection {
  return { name, chunks: chunks.map((text) => Buffer.from(text)) };
}

async function texts(chunks: AsyncIterable<Buffer>): Promise<string[]> {
  const all: string[] = [];
  for await (const chunk of chunks) all.push(chunk.toString());
  return all;
}

/** What a new process would find. */
async function saved(): Promise<{ savedAtMs: number; text: string } | undefined> {
  const found = await open().read();
  if (found === undefined) return undefined;
  const text = (await texts(found.chunks('a'))).join('');
  await found.close();
  return { savedAtMs: found.savedAtMs, text };
}

function bytesOf(suffix = ''): Promise<Buffer> {
  return readFile(join(folder, `rackwatt.checkpoint${suffix}`));
}

async function damage(change: (bytes: Buffer) => Uint8Array): Promise<void> {
  await writeFile(join(folder, 'rackwatt.checkpoint'), change(await bytesOf()));
}
