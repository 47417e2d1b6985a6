import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { startChromium } from '../servers/chromium.ts';
import { buildPage } from '../web/built-page.ts';
import { makeFigures, makeRoom } from '../web/made-room.ts';
import { RoomServer } from '../web/room-server.ts';
import { measureHeap, type PageHeap } from './page-heap.ts';
import { referenceHtml, referenceScript } from './page-reference.ts';
import { measureTasks } from './page-tasks.ts';
import type { BenchRow } from './run.ts';

/** What a page costs the browser while frames come in. */
export interface PageRow {
  readonly what: string;
  readonly servers: number;
  readonly framesPerSecond: number;
  /** From the navigation until the total and the first rows stand there drawn, by the clock and in CPU of the main thread. */
  readonly firstUsefulPaintMs: number;
  readonly firstUsefulPaintCpuMs: number;
  /** CPU of the main thread: all tasks; scripts, and style with layout, alone. */
  readonly busyPercent: number;
  readonly scriptPercent: number;
  readonly layoutPercent: number;
  /** Tasks of more than 50 ms of CPU, after loading, within a trace of half a minute at most. */
  readonly longTasks: number;
  readonly longestTaskMs: number;
  /** The same by the clock: what else runs on the machine counts. */
  readonly longTasksByClock: number;
  /** After collections, and what of it are data of the page: the rest is code that the browser compiles, and its own. */
  readonly heapBeginMb: number;
  readonly heapMiddleMb: number;
  readonly heapEndMb: number;
  readonly dataBeginMb: number;
  readonly dataMiddleMb: number;
  readonly dataEndMb: number;
  readonly domNodes: number;
}

export interface PageBenchOptions {
  /** How long the page of 500 servers is watched; that of 2,000 two minutes at most, the reference half a minute. */
  readonly minutes?: number;
}

const minuteMs = 60_000;
/** Loading, its history and the first collections are over. */
const settleMs = 8_000;
/** A trace of all tasks costs memory with every second. */
const traceMs = 30_000;

/**
 * The page in a real browser, before a server that changes every figure in every frame: 500 servers once a second,
 * 2,000 twice a second. Beside each the bare reference: a page that only writes the watts of the same frames into
 * the cells of a plain table, every row of it in the document.
 */
export async function measurePage({ minutes = 0.5 }: PageBenchOptions = {}): Promise<PageRow[]> {
  await using built = await buildPage();
  const reference = await mkdtemp(join(tmpdir(), 'rackwatt-reference-'));
  await writeFile(join(reference, 'index.html'), referenceHtml);
  await writeFile(join(reference, 'reference.js'), referenceScript);
  const browser = await startChromium();
  try {
    const rows: PageRow[] = [];
    for (const [servers, framesPerSecond, most] of [
      [500, 1, minutes],
      [2_000, 2, Math.min(minutes, 2)],
    ] as const) {
      const load = { servers, framesPerSecond, watchMs: most * minuteMs };
      const short = { ...load, watchMs: Math.min(load.watchMs, minuteMs / 2) };
      rows.push(await measure(browser, 'plain table, watts only', reference, '#row-9', short));
      rows.push(await measure(browser, 'rackwatt, room', built.folder, '.server .quantity', load));
    }
    return rows;
  } finally {
    await browser.close();
    await rm(reference, { recursive: true, force: true });
  }
}

/** The same as a table. */
export async function pageBench(options: PageBenchOptions): Promise<BenchRow[]> {
  return (await measurePage(options)) as unknown as BenchRow[];
}

interface Load {
  readonly servers: number;
  readonly framesPerSecond: number;
  readonly watchMs: number;
}

async function measure(
  browser: Browser,
  what: string,
  folder: string,
  usefulPart: string,
  load: Load,
): Promise<PageRow> {
  const server = new RoomServer(folder, makeRoom(load.servers));
  await server.start();
  const numbers = Array.from({ length: load.servers }, (_, i) => i);
  const frames = setInterval(
    () => server.frame(makeFigures(numbers, Date.now())),
    1_000 / load.framesPerSecond,
  );
  const context = await browser.newContext({
    viewport: { width: 1920, height: 1080 },
    // The page is asked in its own words.
    bypassCSP: true,
  });
  try {
    const page = await context.newPage();
    await page.addInitScript(watchScript(usefulPart));
    const session = await context.newCDPSession(page);
    // CPU of the thread, not time on the clock: what else runs on the machine does not count.
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    // Heard, not asked for: a question would be work of the page while it loads.
    const useful = page.waitForEvent('console', (message) => message.text() === usefulWord);
    await page.goto(server.url);
    await useful;
    const loaded = (await metricsOf(session)).TaskDuration!;
    await sleep(settleMs);
    const begin = await look(page, session);
    await sleep(load.watchMs / 2);
    const middle = await look(page, session);
    await sleep(load.watchMs / 2);
    const end = await look(page, session);
    const share = (...keys: string[]) => {
      const between = (key: string) =>
        middle.before[key]! - begin.after[key]! + (end.before[key]! - middle.after[key]!);
      return percent(keys.reduce((sum, key) => sum + between(key), 0) / between('Timestamp'));
    };
    const { usefulMs, tasks: all } = await page.evaluate<Watched>('watched');
    const byClock = all.filter(
      ({ atMs }) =>
        (atMs >= begin.toMs && atMs < middle.fromMs) || (atMs >= middle.toMs && atMs < end.fromMs),
    );
    const tasks = await measureTasks(browser, page, Math.min(load.watchMs, traceMs));
    return {
      what,
      servers: load.servers,
      framesPerSecond: load.framesPerSecond,
      firstUsefulPaintMs: Math.round(usefulMs),
      firstUsefulPaintCpuMs: Math.round(loaded * 1_000),
      busyPercent: share('TaskDuration'),
      scriptPercent: share('ScriptDuration'),
      layoutPercent: share('LayoutDuration', 'RecalcStyleDuration'),
      longTasks: tasks.filter((ms) => ms > 50).length,
      longestTaskMs: Math.round(tasks.reduce((most, ms) => Math.max(most, ms), 0)),
      longTasksByClock: byClock.length,
      heapBeginMb: megabytes(begin.heap.bytes),
      heapMiddleMb: megabytes(middle.heap.bytes),
      heapEndMb: megabytes(end.heap.bytes),
      dataBeginMb: megabytes(begin.heap.dataBytes),
      dataMiddleMb: megabytes(middle.heap.dataBytes),
      dataEndMb: megabytes(end.heap.dataBytes),
      domNodes: end.after.Nodes!,
    };
  } finally {
    clearInterval(frames);
    await context.close();
    await server.stop();
  }
}

const usefulWord = 'useful';

/** `watched` in the page, ms since its navigation. */
interface Watched {
  readonly usefulMs: number;
  readonly tasks: readonly { readonly atMs: number; readonly ms: number }[];
}

/** Runs in the page before anything else: when something useful stands there drawn, and every long task. */
function watchScript(usefulPart: string): string {
  return `
    window.watched = { tasks: [] };
    new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries()) watched.tasks.push({ atMs: startTime, ms: duration });
    }).observe({ type: 'longtask', buffered: true });
    const look = () => {
      if (!document.querySelector(${JSON.stringify(usefulPart)})) requestAnimationFrame(look);
      // What was found is painted with this frame; the next one begins after that.
      else requestAnimationFrame(() => {
        watched.usefulMs = performance.now();
        console.debug('${usefulWord}');
      });
    };
    requestAnimationFrame(look);
  `;
}

type Metrics = Readonly<Record<string, number>>;

/** Before and after collections, which are no work of the page. */
interface Look {
  readonly before: Metrics;
  readonly after: Metrics;
  readonly heap: PageHeap;
  /** As the page counts: since its navigation. */
  readonly fromMs: number;
  readonly toMs: number;
}

async function look(page: Page, session: CDPSession): Promise<Look> {
  const nowMs = () => page.evaluate<number>('performance.now()');
  const [before, fromMs] = [await metricsOf(session), await nowMs()];
  const heap = await measureHeap(session);
  const [toMs, after] = [await nowMs(), await metricsOf(session)];
  return { before, after, heap, fromMs, toMs };
}

async function metricsOf(session: CDPSession): Promise<Metrics> {
  const { metrics } = await session.send('Performance.getMetrics');
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
}

const percent = (share: number) => Math.round(share * 1_000) / 10;
const megabytes = (bytes: number) => Math.round(bytes / 1e4) / 100;
