import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdir,
  mkdtemp,
  open as openFile,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EmbeddedStore, type EmbeddedStoreOptions } from '../../src/store/embedded/embedded-store.ts';
import type { Store } from '../../src/store/store.ts';
import { HandClock } from '../base/hand-clock.ts';
import { until } from '../base/until.ts';
import { type MadeStore, points, storeContract, writeReadings } from './contract.ts';
import { announcedStart, completeStart, idleVerdict, startEvent } from './made-events.ts';
import { MadeRoom, reading, rollUp } from './made-readings.ts';
import { numberedOutlets, numberedReading, smallJournalBytes } from './numbered-readings.ts';

const minuteMs = 60_000;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const retention = { rawMs: 30 * dayMs, minuteMs: 400 * dayMs };

storeContract('embedded', () => makeStore({}));
// So small that hardly anything stays in the journal: everything goes through open and sealed blocks.
storeContract('embedded, with a tiny journal', () => makeStore({ journalBytesMax: 2_000 }));

describe('the embedded store', () => {
  let path: string;
  let opened: EmbeddedStore[] = [];
  const nowMs = Math.floor(Date.now() / hourMs) * hourMs;

  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'rackwatt-store-'));
  });
  afterEach(async () => {
    await Promise.all(opened.map((store) => store.close()));
    opened = [];
    await rm(path, { recursive: true });
  });

  async function open(options: Partial<EmbeddedStoreOptions> = {}): Promise<EmbeddedStore> {
    const store = new EmbeddedStore({ path, retention, ...options });
    opened.push(store);
    await store.open();
    return store;
  }

  /** Looks into the file of a closed store. */
  function inFile<T>(look: (db: DatabaseSync) => T): T {
    const db = new DatabaseSync(join(path, 'rackwatt.sqlite'));
    try {
      return look(db);
    } finally {
      db.close();
    }
  }

  describe('killed while it writes', () => {
    it('has every acknowledged reading when it is opened again', async () => {
      const startMs = nowMs - dayMs;
      let acknowledged = 0;
      for (const killAfter of [30, 80, 130]) {
        acknowledged = await writeUntilKilled(path, startMs, acknowledged, killAfter);
        const store = await open({ journalBytesMax: smallJournalBytes });
        await expectNumbered(store, startMs, acknowledged);
        await store.close();
      }
      const blocks = inFile((db) => db.prepare('SELECT open, count(*) AS n FROM block GROUP BY open').all());
      expect(blocks.length).toBeGreaterThan(0);
    });
  });

  it('holds its journal within bounds, and so what a start plays back', async () => {
    const store = await open({ journalBytesMax: 200_000 });
    const room = new MadeRoom(40, nowMs - dayMs, 1000);
    let batchBytes = 0;
    for (let i = 0; i < 400; i += 1) {
      const batch = store.readingBatch();
      for (let r = 0; r < 100; r += 1) batch.add(room.next());
      const write = batch.encode();
      batchBytes = write.bytes.length;
      await store.write(write);
    }
    await store.close();
    const rows = inFile((db) => db.prepare('SELECT count(*) AS n FROM journal').get()?.n as number);
    // Twice the limit is where writes wait until room is made; then a little more is found at each step.
    expect(rows * batchBytes).toBeLessThan(2.2 * 200_000);
    expect(400 * batchBytes).toBeGreaterThan(5 * 200_000);
  });

  it('keeps roll-ups and readings right through small journals, merges and restarts', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 20 }), async (steps) => {
        await rm(join(path, 'rackwatt.sqlite'), { force: true });
        let store = await open({ journalBytesMax: 3_000 });
        const watts = new Map<number, number>();
        const means = new Map<number, number>();
        let value = 0;
        for (const { kind, from, count } of steps) {
          const slots = Array.from({ length: count }, (_, i) => from + i);
          value += 1;
          if (kind === 'restart') {
            await store.close();
            store = await open({ journalBytesMax: 3_000 });
          } else if (kind === 'readings') {
            const at = (slot: number) => nowMs - dayMs + slot * 1000;
            await writeReadings(
              store,
              slots.map((slot) => reading('pdu/1', at(slot), { watts: value })),
            );
            for (const slot of slots) watts.set(slot, value);
          } else {
            const rows = slots.map((slot) =>
              rollUp('room', nowMs - dayMs + slot * minuteMs, minuteMs, value, value, value),
            );
            await store.write(store.encodeRollUps('minute', rows));
            for (const slot of slots) means.set(slot, value);
          }
        }
        const range = { fromMs: nowMs - dayMs, toMs: nowMs + dayMs };
        const series = await store.series({ outlet: 'pdu/1', quantity: 'watts', ...range });
        expect([...series.values]).toEqual(inOrder(watts));
        const rows = await store.rollUps({ tier: 'minute', scope: 'room', ...range });
        expect([...rows.wattsMean]).toEqual(inOrder(means));
        const energy = await store.energyByScope('minute', range.fromMs, range.toMs);
        const expected = inOrder(means).reduce((sum, mean) => sum + mean / 60, 0);
        expect(energy.get('room') ?? 0).toBeCloseTo(expected, 3);
        await store.close();
      }),
      { numRuns: 5 },
    );
  });

  it('takes no more than 3 bytes a reading of five quantities, once packed', async () => {
    const store = await open();
    const room = new MadeRoom(30, nowMs - 2 * dayMs, 10_000);
    for (let i = 0; i < 60; i += 1) {
      const batch = store.readingBatch();
      for (let r = 0; r < 2_000; r += 1) batch.add(room.next());
      await store.write(batch.encode());
    }
    await store.close();
    inFile((db) => {
      const packed = db.prepare('SELECT sum(points) AS points, sum(length(body)) AS bytes FROM block').get();
      expect(packed?.points).toBeGreaterThan(90_000);
      expect((packed?.bytes as number) / (packed?.points as number)).toBeLessThan(3);
    });
  });

  it('keeps the relay beside the quantities', async () => {
    const store = await open();
    const readings = Array.from({ length: 600 }, (_, i) =>
      reading('pdu/1', nowMs - hourMs + i * 1000, i % 3 === 0 ? { watts: i } : { on: i % 3 === 1 }),
    );
    await writeReadings(store, readings);
    await store.close();
    const [block] = inFile((db) => db.prepare('SELECT points, columns FROM block').all());
    expect(block).toMatchObject({ points: 600, columns: 1 | (1 << 9) });
  });

  it('forgets what is older than it keeps, and keeps 15-minute roll-ups for ever', async () => {
    const clock = new HandClock(nowMs);
    const store = await open({ clock, journalBytesMax: 2_000 });
    const row = (at: number, stepMs: number) => rollUp('room', at, stepMs, 100, 90, 110);
    const at = Array.from({ length: 2_000 }, (_, i) => nowMs - hourMs + i * 1000);
    await writeReadings(
      store,
      at.map((one) => reading('pdu/old', one, { watts: 1 })),
    );
    await writeReadings(
      store,
      at.map((one) => reading('pdu/1', one, { watts: 1 })),
    );
    await store.write(store.encodeRollUps('minute', [row(nowMs, minuteMs)]));
    await store.write(store.encodeRollUps('quarter', [row(nowMs, 15 * minuteMs)]));

    clock.advance(20 * dayMs);
    await writeReadings(store, [reading('pdu/1', nowMs + 20 * dayMs, { watts: 2 })]);
    clock.advance(11 * dayMs);
    const everything = { quantity: 'watts', fromMs: 0, toMs: nowMs + 1000 * dayMs } as const;
    const valuesOf = async (outlet: string) => [...(await store.series({ ...everything, outlet })).values];
    await eventually(async () => {
      clock.advance(10 * minuteMs);
      expect(await valuesOf('pdu/1')).toEqual([2]);
      expect(await valuesOf('pdu/old')).toEqual([]);
    });
    const minutes = { scope: 'room', tier: 'minute', fromMs: 0, toMs: everything.toMs } as const;
    expect((await store.rollUps(minutes)).fromMs).toHaveLength(1);
    clock.advance(400 * dayMs);
    await eventually(async () => {
      clock.advance(10 * minuteMs);
      expect((await store.rollUps(minutes)).fromMs).toHaveLength(0);
    });
    expect((await store.rollUps({ ...minutes, tier: 'quarter' })).fromMs).toHaveLength(1);
    await store.close();
    const names = inFile((db) => db.prepare('SELECT name FROM series WHERE tier = 0').all());
    expect(names.map((one) => one.name)).not.toContain('pdu/old');
  });

  it('takes up a file of the first schema, which knew no events, with all that is in it', async () => {
    // Made by the program of that time: 1,500 readings in blocks and journal, three quarters.
    const old = await readFile(join(import.meta.dirname, 'schema-1.sqlite.gz'));
    await writeFile(join(path, 'rackwatt.sqlite'), gunzipSync(old));
    expect(inFile((db) => db.prepare('PRAGMA user_version').get())).toEqual({ user_version: 1 });
    const startMs = Date.UTC(2026, 0, 1);
    const range = { fromMs: startMs, toMs: startMs + dayMs };
    const start = announcedStart('server:hv-01', startMs + hourMs);
    for (const run of ['first', 'second']) {
      const store = await open({ retention: { rawMs: 1e13, minuteMs: 1e13 } });
      const watts = await store.series({ outlet: 'pdu-a/7', quantity: 'watts', ...range });
      expect(points(watts), run).toEqual(
        Array.from({ length: 1500 }, (_, i) => [startMs + i * 1000, i / 10]),
      );
      const quarters = await store.rollUps({ tier: 'quarter', scope: 'server:hv-01', ...range });
      expect([...quarters.wattsMean]).toEqual([100, 101, 102]);
      expect(await store.starts({ ...range, limit: 10 })).toHaveLength(run === 'first' ? 0 : 1);
      await store.write(store.encodeEvents([startEvent(start)]));
      expect(await store.start(start.id)).toEqual(start);
      await store.close();
    }
    expect(inFile((db) => db.prepare('PRAGMA user_version').get())).toEqual({ user_version: 4 });
    // An older program can go on with the copy that was kept.
    const copy = new DatabaseSync(join(path, 'rackwatt.sqlite.version-1'));
    expect(copy.prepare('PRAGMA user_version').get()).toEqual({ user_version: 1 });
    expect(copy.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    copy.close();
  });

  it('leaves a file of an older version as it is when no copy of it can be kept', async () => {
    const old = await readFile(join(import.meta.dirname, 'schema-1.sqlite.gz'));
    await writeFile(join(path, 'rackwatt.sqlite'), gunzipSync(old));
    // A folder where the copy would go.
    await mkdir(join(path, 'rackwatt.sqlite.version-1.new'));
    await expect(open()).rejects.toThrow(/before .*rackwatt\.sqlite is brought from version 1 to 4|EISDIR/);
    expect(inFile((db) => db.prepare('PRAGMA user_version').get())).toEqual({ user_version: 1 });
  });

  it('keeps events for SQL tools to read, a column for each figure', async () => {
    const store = await open();
    const start = completeStart(announcedStart('server:hv-01', nowMs));
    await store.write(store.encodeEvents([startEvent(start)]));
    await store.write(store.encodeIdle([idleVerdict('server:hv-01')], nowMs));
    await store.close();
    expect(
      inFile((db) => db.prepare('SELECT scope, at_micros, peak_watts, complete, outlets FROM start').all()),
    ).toEqual([
      {
        scope: 'server:hv-01',
        at_micros: nowMs * 1000,
        peak_watts: 412.7,
        complete: 1,
        outlets: JSON.stringify(start.outlets),
      },
    ]);
    expect(inFile((db) => db.prepare('SELECT verdict, idle_watts FROM idle_row').all())).toEqual([
      { verdict: 'high', idle_watts: 87.5 },
    ]);
  });

  it('refuses events whose bytes are damaged for good, and keeps none of that write', async () => {
    const store = await open();
    const starts = ['server:a', 'server:b'].map((scope) => startEvent(announcedStart(scope, nowMs)));
    const write = store.encodeEvents(starts);
    const text = Buffer.from(write.bytes).toString('latin1');
    for (const damaged of [
      text.slice(0, -1),
      text.replace('412.7', '"4.2"'),
      text.replace('"server:b"', 'null'),
      text.replace(String(nowMs * 1000), '0.5'),
      text.replace('false', 'false,1'),
    ]) {
      const bytes = Buffer.from(damaged, 'latin1');
      await expect(store.write({ ...write, bytes })).rejects.toMatchObject({ code: 'refused' });
    }
    expect(await store.starts({ fromMs: 0, toMs: nowMs + 1, limit: 10 })).toEqual([]);
    await store.write(write);
    expect(await store.starts({ fromMs: 0, toMs: nowMs + 1, limit: 10 })).toHaveLength(2);
  });

  describe('where it may set a damaged file aside', () => {
    const reported: string[] = [];
    const log = { error: (text: string) => reported.push(text), info() {} } as never;
    const damagedFiles = async () =>
      (await readdir(path)).filter((name) => /^rackwatt\.sqlite\.damaged-\d{8}T\d{6}(-\d)?$/.test(name));
    const hour = Array.from({ length: 3600 }, (_, k) =>
      reading(`pdu/${k % 5}`, nowMs - k * 1000, { watts: Math.sin(k) }),
    );

    it('begins a new one, keeps the old one whole, and says so', async () => {
      const store = await open();
      await writeReadings(store, hour);
      await store.close();
      await truncate(join(path, 'rackwatt.sqlite'), 20_000);
      const before = await readFile(join(path, 'rackwatt.sqlite'));
      reported.length = 0;
      const next = await open({ setsAside: true, log });
      const [kept] = await damagedFiles();
      expect(kept).toBeDefined();
      expect((await readFile(join(path, kept!))).equals(before)).toBe(true);
      expect(next.setAside).toEqual([join(path, kept!)]);
      expect(reported[0]).toMatch(/rackwatt\.sqlite is damaged .* kept as .* docs\/durability\.md/);
      await writeReadings(next, hour);
      const series = { outlet: 'pdu/0', quantity: 'watts', fromMs: 0, toMs: nowMs + 1 } as const;
      expect((await next.series(series)).atMs).toHaveLength(720);
    });

    it('goes on with a new one when the damage shows at a write, and takes that write', async () => {
      const store = await open({ setsAside: true, log });
      await writeReadings(store, hour);
      await store.close();
      // Everything behind the first pages is overwritten: it opens, and fails where it is to go on.
      const file = await openFile(join(path, 'rackwatt.sqlite'), 'r+');
      const { size } = await file.stat();
      await file.write(Buffer.alloc(size - 16_384, 0xa5), 0, size - 16_384, 16_384);
      await file.close();
      reported.length = 0;
      const next = await open({ setsAside: true, log });
      await writeReadings(next, hour);
      expect(next.setAside).toHaveLength(1);
      const series = { outlet: 'pdu/0', quantity: 'watts', fromMs: 0, toMs: nowMs + 1 } as const;
      expect((await next.series(series)).atMs).toHaveLength(720);
    });

    it("leaves another program's file alone, and stops when there are too many damaged ones", async () => {
      inFile((db) => db.exec('CREATE TABLE recipe (id INTEGER)'));
      await expect(open({ setsAside: true })).rejects.toMatchObject({ code: 'corrupt' });
      expect(await damagedFiles()).toEqual([]);
      for (let i = 0; i < 5; i += 1) {
        await writeFile(join(path, 'rackwatt.sqlite'), 'no database'.repeat(1000));
        await (await open({ setsAside: true })).close();
      }
      expect(await damagedFiles()).toHaveLength(5);
      await writeFile(join(path, 'rackwatt.sqlite'), 'no database'.repeat(1000));
      await expect(open({ setsAside: true })).rejects.toMatchObject({ code: 'corrupt' });
    });
  });

  describe('refuses, and says what to do about,', () => {
    it('a file of a newer version, leaving it as it is', async () => {
      await (await open()).close();
      inFile((db) => db.exec('PRAGMA user_version = 99'));
      const before = await stat(join(path, 'rackwatt.sqlite'));
      await expect(open()).rejects.toMatchObject({
        name: 'StoreError',
        code: 'refused',
        message: expect.stringMatching(/rackwatt\.sqlite was written by a newer rackwatt.*version 99/),
      });
      expect((await stat(join(path, 'rackwatt.sqlite'))).mtimeMs).toBe(before.mtimeMs);
    });

    it("another program's database", async () => {
      inFile((db) => db.exec('CREATE TABLE recipe (id INTEGER)'));
      await expect(open()).rejects.toMatchObject({
        code: 'corrupt',
        message: expect.stringMatching(/belongs to another program.*store\.path/),
      });
    });

    it('a file that is no database', async () => {
      await writeFile(join(path, 'rackwatt.sqlite'), 'Dear diary, today I measured the NAS. '.repeat(1000));
      await expect(open()).rejects.toMatchObject({
        code: 'corrupt',
        message: expect.stringMatching(/rackwatt\.sqlite is damaged.*move it away/),
      });
    });

    it('a file cut short', async () => {
      const store = await open();
      for (let i = 0; i < 5; i += 1)
        await writeReadings(
          store,
          Array.from({ length: 1000 }, (_, k) =>
            reading(`pdu/${i}`, nowMs - k * 1000, { watts: Math.sin(k) }),
          ),
        );
      await store.close();
      await truncate(join(path, 'rackwatt.sqlite'), 20_000);
      await expect(open()).rejects.toMatchObject({ code: 'corrupt' });
    });

    it('a folder that cannot be made, and a file that cannot be opened', async () => {
      await writeFile(join(path, 'plain-file'), '');
      await expect(open({ path: join(path, 'plain-file', 'data') })).rejects.toMatchObject({
        code: 'forbidden',
        message: expect.stringMatching(/plain-file.data.*store\.path/),
      });
      await mkdir(join(path, 'rackwatt.sqlite'));
      await expect(open()).rejects.toMatchObject({ code: 'forbidden' });
    });

    it('a file another process has open, until that one ends', async () => {
      const other = startWriter(path, nowMs - dayMs, 0);
      await acknowledgedBy(other, 50);
      await expect(open()).rejects.toMatchObject({
        code: 'busy',
        message: expect.stringMatching(/rackwatt\.sqlite is in use by another process/),
      });
      other.kill('SIGKILL');
      await once(other, 'exit');
      await open();
    });

    it('a second opening in the same process', async () => {
      await open();
      await expect(open()).rejects.toMatchObject({ code: 'busy' });
    });

    it('writes that no longer fit, keeping what was acknowledged', async () => {
      const store = await open({ fileBytesMax: 1_000_000, journalBytesMax: 150_000 });
      const room = new MadeRoom(20, nowMs - 20 * dayMs, 1000);
      let written = 0;
      const fill = async () => {
        for (let i = 0; i < 2_000; i += 1) {
          const batch = store.readingBatch();
          for (let r = 0; r < 1_000; r += 1) batch.add(room.next());
          await store.write(batch.encode());
          written += 1_000;
        }
      };
      await expect(fill()).rejects.toMatchObject({
        code: 'full',
        message: expect.stringMatching(/no room left.*disk space/),
      });
      expect(written).toBeGreaterThan(50_000);
      const everything = { quantity: 'watts', fromMs: 0, toMs: nowMs + dayMs, outlet: 'pdu-1/5' } as const;
      expect((await store.series(everything)).values).toHaveLength(written / 20);
      await store.close();
      const again = await open();
      expect((await again.series(everything)).values).toHaveLength(written / 20);
    });

    it('bytes that are no batch', async () => {
      const store = await open();
      await writeReadings(store, [reading('pdu/1', nowMs, { watts: 1 })]);
      const batch = store.readingBatch();
      batch.add(reading('pdu/1', nowMs + 1000, { watts: 2 }));
      const { bytes } = batch.encode();
      await fc.assert(
        fc.asyncProperty(fc.nat(23), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
          const damaged = Uint8Array.from(bytes);
          damaged[at]! ^= flip;
          // The last word is spare; and a tier of 1 or 2 may make sense of the same bytes.
          if (at >= 20 || at === 4) return;
          const write = store.write({ tier: 'raw', count: 1, bytes: damaged });
          await expect(write).rejects.toMatchObject({ code: 'refused' });
        }),
        { numRuns: 60 },
      );
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async (noise) => {
          const write = store.write({ tier: 'raw', count: 1, bytes: noise });
          await expect(write).rejects.toMatchObject({ code: 'refused' });
        }),
        { numRuns: 40 },
      );
      const got = await store.series({ outlet: 'pdu/1', quantity: 'watts', fromMs: 0, toMs: nowMs + dayMs });
      expect([...got.values]).toEqual([1]);
    });
  });

  it('leaves a damaged block out, answers the rest and reports it', async () => {
    const store = await open();
    for (const part of [0, 1, 2])
      await writeReadings(
        store,
        Array.from({ length: 600 }, (_, i) =>
          reading('pdu/1', nowMs - dayMs + (part * 600 + i) * 1000, { watts: part }),
        ),
      );
    await store.close();
    inFile((db) => {
      expect(db.prepare('SELECT count(*) AS n FROM block').get()).toMatchObject({ n: 3 });
      db.exec(
        `UPDATE block SET body = CAST(substr(body, 1, length(body) - 4) || x'deadbeef' AS BLOB) WHERE id = 2`,
      );
    });
    const reports: string[] = [];
    const log = { error: (text: unknown) => reports.push(String(text)) } as unknown as NonNullable<
      EmbeddedStoreOptions['log']
    >;
    const again = await open({ log });
    const got = await again.series({ outlet: 'pdu/1', quantity: 'watts', fromMs: 0, toMs: nowMs });
    expect([...new Set(got.values)]).toEqual([0, 2]);
    expect(reports[0]).toMatch(/rackwatt\.sqlite: block 2 is damaged/);
  });

  it('starts its thread again when it died, and tells those who waited', async () => {
    const clock = new HandClock(nowMs);
    const store = await open({ clock });
    await writeReadings(store, [reading('pdu/1', nowMs, { watts: 1 })]);
    // So much that the thread dies before it has answered all of it.
    const rows = Array.from({ length: 5_000 }, (_, i) =>
      rollUp(`server:${i % 1000}`, nowMs - i * minuteMs, minuteMs, i, i, i),
    );
    const made = store.encodeRollUps('minute', rows);
    const waiting = Array.from({ length: 100 }, () =>
      store.write({ ...made, bytes: Uint8Array.from(made.bytes) }),
    );
    const told = expect(waiting.at(-1)).rejects.toMatchObject({ code: 'unreachable' });
    const settled = Promise.allSettled(waiting);
    await store.worker!.terminate();
    await told;
    await settled;
    await expect(store.ping()).rejects.toMatchObject({ code: 'unreachable' });
    clock.advance(1000);
    await eventually(async () => void (await store.ping()));
    const query = { outlet: 'pdu/1', quantity: 'watts', fromMs: 0, toMs: nowMs + dayMs } as const;
    expect(points(await store.series(query))).toEqual([[nowMs, 1]]);
  });

  it('does not start its thread again once it is closed', async () => {
    const clock = new HandClock(nowMs);
    const store = await open({ clock });
    await store.worker!.terminate();
    await until(() => clock.pending > 1, 'the restart is planned');
    await store.close();
    expect(clock.pending).toBe(0);
    await expect(store.ping()).rejects.toMatchObject({ code: 'unreachable', message: 'the store is closed' });
  });

  it('can be closed while it opens', async () => {
    const store = new EmbeddedStore({ path, retention });
    const opening = store.open();
    const told = expect(opening).rejects.toMatchObject({ code: 'unreachable' });
    await until(() => store.worker !== undefined, 'the thread is started');
    await store.close();
    await told;
    await expect(store.ping()).rejects.toMatchObject({ code: 'unreachable' });
  });

  it('answers what was asked before it was closed', async () => {
    const store = await open();
    const writes = Array.from({ length: 20 }, (_, i) =>
      writeReadings(store, [reading('pdu/1', nowMs + i, { watts: i })]),
    );
    await store.close();
    await Promise.all(writes);
    const again = await open();
    const got = await again.series({ outlet: 'pdu/1', quantity: 'watts', fromMs: 0, toMs: nowMs + dayMs });
    expect(got.values).toHaveLength(20);
  });

  it('can be opened again after it was closed, and opening twice does no harm', async () => {
    const store = await open();
    await store.open();
    await store.close();
    await store.open();
    expect((await store.ping()).version).toMatch(/^SQLite 3\.\d+/);
  });
});

const step = fc.record({
  kind: fc.constantFrom('readings', 'readings', 'readings', 'minutes', 'minutes', 'restart'),
  from: fc.nat(800),
  count: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 900 })),
});

const inOrder = (bySlot: Map<number, number>) =>
  [...bySlot].sort(([a], [b]) => a - b).map(([, value]) => value);

async function makeStore(options: Partial<EmbeddedStoreOptions>): Promise<MadeStore> {
  const path = await mkdtemp(join(tmpdir(), 'rackwatt-store-'));
  let open = new EmbeddedStore({ path, retention, ...options });
  await open.open();
  return {
    store: open,
    async reopen() {
      await open.close();
      open = new EmbeddedStore({ path, retention, ...options });
      await open.open();
      return open;
    },
    async dispose() {
      await open.close();
      await rm(path, { recursive: true });
    },
  };
}

function startWriter(path: string, startMs: number, from: number): ChildProcess {
  const script = join(import.meta.dirname, 'write-until-killed.ts');
  return spawn(process.execPath, [script, path, String(startMs), String(from)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Kills it in the middle of its work, once it has acknowledged so many more. Answers the last acknowledged. */
async function writeUntilKilled(
  path: string,
  startMs: number,
  from: number,
  batches: number,
): Promise<number> {
  const child = startWriter(path, startMs, from);
  const acknowledged = acknowledgedBy(child, from + batches * 50);
  await acknowledged;
  child.kill('SIGKILL');
  await once(child, 'close');
  return (await acknowledged).last;
}

/** Resolves when it has acknowledged so many; `last` grows on while it lives. */
async function acknowledgedBy(child: ChildProcess, readings: number): Promise<{ last: number }> {
  const seen = { last: 0 };
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      seen.last = Number(line);
      if (seen.last >= readings) resolve();
    });
    child.on('exit', (code) => reject(new Error(`the writer ended (${code}) after ${seen.last} readings`)));
  });
  return seen;
}

/** One batch more than acknowledged may be there. */
async function expectNumbered(store: Store, startMs: number, acknowledged: number): Promise<void> {
  for (let outlet = 0; outlet < numberedOutlets; outlet += 1) {
    const expected: [number, number][] = [];
    for (let number = outlet; number < acknowledged; number += numberedOutlets) {
      const { atMs, watts } = numberedReading(startMs, number);
      expected.push([atMs, watts!]);
    }
    const query = {
      outlet: `pdu-k/${outlet}`,
      quantity: 'watts',
      fromMs: startMs,
      toMs: startMs + dayMs,
    } as const;
    const got = points(await store.series(query));
    expect(got.slice(0, expected.length)).toEqual(expected);
    expect(got.length - expected.length).toBeLessThanOrEqual(Math.ceil(50 / numberedOutlets));
  }
}

async function eventually(check: () => Promise<void>, deadlineMs = 30_000): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (performance.now() > endMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
