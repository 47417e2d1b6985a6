import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** CPU of the thread between begin and end, µs; the clock does not count. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

const categories = ['disabled-by-default-devtools.timeline'];

/** ms of CPU of each task that the page's main thread runs meanwhile, from a trace of the browser. */
export async function measureTasks(browser: Browser, page: Page, forMs: number): Promise<number[]> {
  await browser.startTracing(page, { categories });
  await sleep(forMs);
  const { traceEvents } = JSON.parse(String(await browser.stopTracing())) as { traceEvents: TraceEvent[] };
  const threadOf = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`;
  const mains = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(threadOf),
  );
  const tasks = traceEvents.filter((event) => event.name === 'RunTask' && mains.has(threadOf(event)));
  if (!tasks.some(({ tdur }) => tdur !== undefined))
    throw new Error('The trace tells no CPU times of the tasks of the main thread.');
  return tasks.map(({ tdur }) => (tdur ?? 0) / 1_000);
}
