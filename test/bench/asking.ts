import { type RollUpTier, tierStepMs } from '../../src/model/roll-up.ts';
import type { Store } from '../../src/store/store.ts';
import { rollUp } from '../store/made-readings.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** Between two questions: five a second, as some open pages and a dashboard ask together. */
const everyMs = 200;

/** What pages and dashboards ask, of the scopes of the bench; the last: what each thing drew in this month. */
const questions = [
  '/history?scope=room&from=-1h',
  '/history?scope=outlet:plug_3/0&from=-1h&points=600',
  '/history?scope=room&from=-7d',
  '/history?scope=outlet:plug_7/0,outlet:plug_8/0,room&from=-1d',
  '/energy?scope=room&by=day&from=-7d',
  '/energy?scope=outlet:*&by=day&from=-1d&totals=false',
  '/history?scope=outlet:plug_3/0&quantity=volts&from=-1h',
  '/energy?scope=room&by=hour&from=-1d',
  '/energy?scope=outlet:*&by=month&from=-30d&totals=false',
];
const spans: Readonly<Record<string, number>> = { h: 3_600_000, d: dayMs };

/** Thirty days of quarters and two of minutes, of the room and each outlet, up to now. */
export async function fillPast(store: Store, outlets: readonly string[], nowMs: number): Promise<void> {
  const scopes = ['room', ...outlets.map((outlet) => `outlet:${outlet}`)];
  const fill = async (tier: RollUpTier, days: number) => {
    const stepMs = tierStepMs[tier];
    const endMs = Math.floor((nowMs - minuteMs) / stepMs) * stepMs;
    for (const scope of scopes) {
      const count = (days * dayMs) / stepMs;
      const rows = Array.from({ length: count }, (_, i) =>
        rollUp(scope, endMs - (count - i) * stepMs, stepMs, 200 + (i % 17), 190, 230),
      );
      await store.write(store.encodeRollUps(tier, rows));
    }
  };
  await fill('quarter', 30);
  await fill('minute', 2);
}

/** What a client that asks steadily has met. */
export interface Asked {
  readonly answers: number;
  /** Other answers than 200. */
  readonly refused: number;
  readonly medianMs: number;
  readonly highestMs: number;
}

/** Asks one question after the other, five a second, until it is stopped. */
export function startAsking(httpUrl: string): () => Promise<Asked> {
  let isOver = false;
  let refused = 0;
  const tookMs: number[] = [];
  const asking = (async () => {
    for (let n = 0; !isOver; n += 1) {
      const startedMs = performance.now();
      const answer = await fetch(
        `${httpUrl}/api/v1${absolute(questions[n % questions.length]!, Date.now())}`,
      );
      await answer.arrayBuffer();
      if (answer.status !== 200) refused += 1;
      const took = performance.now() - startedMs;
      tookMs.push(took);
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, everyMs - took)));
    }
  })();
  return async () => {
    isOver = true;
    await asking;
    tookMs.sort((a, b) => a - b);
    const at = (share: number) => Math.round(tookMs[Math.floor((tookMs.length - 1) * share)] ?? 0);
    return { answers: tookMs.length, refused, medianMs: at(0.5), highestMs: at(1) };
  };
}

/** `from=-7d` → epoch ms. */
function absolute(question: string, nowMs: number): string {
  return question.replace(
    /from=-(\d+)([hd])/,
    (_, count, unit) => `from=${nowMs - Number(count) * spans[unit as string]!}`,
  );
}
