import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Tier, tiers } from '../../src/model/roll-up.ts';
import { EmbeddedStore } from '../../src/store/embedded/embedded-store.ts';
import { InfluxStore } from '../../src/store/influx/influx-store.ts';
import type { Store } from '../../src/store/store.ts';
import { type Influxd, startInfluxd } from '../servers/influxd.ts';
import { copyBlocks } from './copy-blocks.ts';
import { copyShards } from './copy-shards.ts';
import { type HistoryQuestion, historyQuestions } from './history-questions.ts';
import { dayMs, MadeYear, repeatDays, type YearSize } from './made-year.ts';
import type { BenchRow } from './run.ts';

const asked = 9;
/** A plain question that takes longer is not asked again. */
const plainPatienceMs = 3000;
const database = 'rackwatt';
/** Rounding of roll-ups differs: 1 / 8192 W here, 0.1 mW there. */
const sameShare = 1e-6;

/** What is known of stores that were filled before. */
interface Filled {
  readonly size: YearSize;
  readonly endMs: number;
  readonly rows: BenchRow[];
  readonly influxBytes: Record<Tier, number>;
}

/**
 * Questions over a made year in both stores: medians of warm answers, that of the first, and beside them the best
 * plain InfluxQL over raw readings. Then what a point takes on disk. Progress goes to stderr. What is filled into a
 * named folder stays there, and is asked again the next time.
 */
export async function historyBench(size: YearSize, kept: string | undefined): Promise<BenchRow[]> {
  const folder = kept ?? (await mkdtemp(join(tmpdir(), 'rackwatt-bench-')));
  await mkdir(folder, { recursive: true });
  const mark = join(folder, 'filled.json');
  const before = await readFile(mark, 'utf8').then(
    (text) => JSON.parse(text) as Filled,
    () => undefined,
  );
  const year = new MadeYear(before?.size ?? size, before?.endMs);
  const influxd = await startInfluxd({
    compactsEarly: true,
    ...(kept === undefined ? {} : { folder: join(folder, 'influxd') }),
  });
  // A copied shard may begin earlier than what is asked for.
  const keptMs = (tier: Tier) => (year.daysOf(tier) + repeatDays[tier] + 30) * dayMs;
  const retention = { rawMs: keptMs('raw'), minuteMs: keptMs('minute') };
  const influx = new InfluxStore({ url: influxd.url, database, retention, queryTimeoutMs: 60_000 });
  const embedded = new EmbeddedStore({ path: folder, retention });
  try {
    await influx.open();
    const filled = before ?? (await fill(year, influx, influxd, embedded));
    await writeFile(mark, JSON.stringify(filled));
    await embedded.open();
    const rows = [...filled.rows];
    for (const question of historyQuestions(year))
      rows.push(await measured(question, influx, embedded, influxd));
    await embedded.close();
    return [...rows, ...diskRows(year, filled.influxBytes, await bytesByTier(embedded.file))];
  } finally {
    await influx.close();
    await embedded.close();
    await influxd.stop();
    if (kept === undefined) await rm(folder, { recursive: true, force: true });
  }
}

/** Only what does not repeat is written (made-year.ts); what lies before are copies of its packed files and blocks. */
async function fill(
  year: MadeYear,
  influx: InfluxStore,
  influxd: Influxd,
  embedded: EmbeddedStore,
): Promise<Filled> {
  const rows = [await filled('influx', influx, year, (tier) => writtenDays(year, tier))];
  say('influx: packing');
  const influxBytes = await settledBytes(influxd);
  const copies = tiers
    .filter((tier) => year.daysOf(tier) > repeatDays[tier])
    .map((tier) => ({
      database,
      tier,
      policy: tier,
      shiftMs: repeatDays[tier] * dayMs,
      fromMs: year.fromMs(year.daysOf(tier)),
      line: tier === 'raw' ? 'reading,device=none,outlet=0 watts=0' : `${tier},scope=none watts_mean=0`,
    }));
  if (copies.length > 0) {
    say('influx: copying shards');
    await copyShards(influxd, copies);
  }
  await embedded.open();
  rows.push(await filled('embedded', embedded, year, (tier) => writtenDays(year, tier)));
  await embedded.close();
  say('embedded: copying blocks');
  copyBlocks(embedded.file, copies);
  return { size: year.size, endMs: year.endMs, rows, influxBytes };
}

function writtenDays(year: MadeYear, tier: Tier): number {
  return Math.min(year.daysOf(tier), repeatDays[tier]);
}

function diskRows(
  year: MadeYear,
  influxBytes: Record<Tier, number>,
  embeddedBytes: Record<Tier, number>,
): BenchRow[] {
  return tiers.map((tier) => ({
    what: `disk: bytes a ${tier === 'raw' ? 'reading' : `row of tier ${tier}`}`,
    points: year.points(tier),
    influx: round(influxBytes[tier] / year.points(tier, writtenDays(year, tier)), 2),
    embedded: round(embeddedBytes[tier], 2),
  }));
}

async function filled(
  name: string,
  store: Store,
  year: MadeYear,
  daysOf: (tier: Tier) => number,
): Promise<BenchRow> {
  const startedMs = performance.now();
  let saidMs = 0;
  let points = 0;
  for (const tier of tiers.toReversed()) {
    points += year.points(tier, daysOf(tier));
    await year.fill(store, tier, daysOf(tier), (share) => {
      if (performance.now() - saidMs < 5000 && share < 1) return;
      saidMs = performance.now();
      say(`${name}: ${tier} ${Math.round(share * 100)} % after ${Math.round((saidMs - startedMs) / 1000)} s`);
    });
  }
  const seconds = (performance.now() - startedMs) / 1000;
  return { what: `filling ${name}: points a second`, points, [name]: Math.round(points / seconds) };
}

async function measured(
  question: HistoryQuestion,
  influx: Store,
  embedded: Store,
  influxd: Influxd,
): Promise<BenchRow> {
  const { what, plain, plainDays, targetMs } = question;
  const ofInflux = await timed(() => question.ask(influx));
  const ofEmbedded = await timed(() => question.ask(embedded));
  for (const [i, figure] of ofInflux.answer.entries())
    if (Math.abs(figure - ofEmbedded.answer[i]!) > Math.abs(figure) * sameShare)
      throw new Error(`${what}: ${figure} in one store, ${ofEmbedded.answer[i]} in the other`);
  const plainMs = await timedPlain(influxd, plain);
  say(`${what}: ${ofInflux.medianMs} and ${ofEmbedded.medianMs} ms, plain ${plainMs}`);
  return {
    what,
    targetMs,
    influxMs: ofInflux.medianMs,
    embeddedMs: ofEmbedded.medianMs,
    influxFirstMs: ofInflux.firstMs,
    embeddedFirstMs: ofEmbedded.firstMs,
    plainMs,
    plainDays: round(plainDays, 2),
  };
}

async function timed(
  ask: () => Promise<number[]>,
): Promise<{ answer: number[]; firstMs: number; medianMs: number }> {
  const times: number[] = [];
  let answer: number[] = [];
  for (let i = 0; i <= asked; i += 1) {
    const startedMs = performance.now();
    answer = await ask();
    times.push(performance.now() - startedMs);
  }
  const [firstMs, ...warm] = times;
  return { answer, firstMs: round(firstMs!, 1), medianMs: round(median(warm), 1) };
}

/** What InfluxDB says instead of an answer when it gives up. */
async function timedPlain(influxd: Influxd, statement: string): Promise<number | string> {
  const times: number[] = [];
  for (let i = 0; i < 4; i += 1) {
    const startedMs = performance.now();
    const url = `${influxd.url}/query?${new URLSearchParams({ db: database, q: statement })}`;
    const answer = (await (await fetch(url)).json()) as {
      results: { error?: string; series?: unknown[] }[];
    };
    const [result] = answer.results;
    if (result?.error !== undefined) return result.error;
    if (result?.series === undefined) throw new Error(`no rows for ${statement}`);
    times.push(performance.now() - startedMs);
    if (times.at(-1)! > plainPatienceMs) break;
  }
  return round(median(times.length > 1 ? times.slice(1) : times), 1);
}

/** Bytes of data files once all is packed: no write-ahead log left, and the same for a while. */
async function settledBytes(influxd: Influxd): Promise<Record<Tier, number>> {
  const bytesOf = async (part: string) => {
    const files = await readdir(join(influxd.folder, part, database), {
      recursive: true,
      withFileTypes: true,
    });
    const sizes: Record<string, number> = {};
    for (const file of files) {
      if (!file.isFile()) continue;
      const path = join(file.parentPath, file.name);
      const policy = path.slice(join(influxd.folder, part, database).length + 1).split('/')[0]!;
      const size = await stat(path).then(
        (found) => found.size,
        () => 0,
      );
      sizes[policy] = (sizes[policy] ?? 0) + size;
    }
    return sizes;
  };
  let before = '';
  for (let same = 0, second = 0; same < 20 && second < 900; second += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const wal = Object.values(await bytesOf('wal')).reduce((sum, bytes) => sum + bytes, 0);
    const now = JSON.stringify(await bytesOf('data'));
    same = now === before && wal === 0 ? same + 1 : 0;
    before = now;
  }
  return { raw: 0, minute: 0, quarter: 0, ...(JSON.parse(before) as Record<string, number>) };
}

/** Bytes a point: the file's bytes, shared out by what the blocks of each tier take. */
async function bytesByTier(file: string): Promise<Record<Tier, number>> {
  const fileBytes = (await stat(file)).size;
  const db = new DatabaseSync(file, { readOnly: true });
  const shares = db
    .prepare('SELECT tier, sum(length(body)) AS bytes, sum(points) AS points FROM block GROUP BY tier')
    .all() as { tier: number; bytes: number; points: number }[];
  db.close();
  const total = shares.reduce((sum, { bytes }) => sum + bytes, 0);
  const of = (tier: Tier) => {
    const share = shares.find((one) => tiers[one.tier] === tier);
    return share === undefined ? 0 : ((share.bytes / total) * fileBytes) / share.points;
  };
  return Object.fromEntries(tiers.map((tier) => [tier, of(tier)])) as Record<Tier, number>;
}

function say(text: string): void {
  console.error(`  ${text}`);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}

function round(value: number, decimals: number): number {
  return Math.round(value * 10 ** decimals) / 10 ** decimals;
}
