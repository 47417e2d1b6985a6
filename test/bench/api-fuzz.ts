import { fuzz, noTally } from '../api/fuzz-run.ts';
import { madeToken } from '../api/made-access.ts';
import { Chance } from '../devices/mutated-message.ts';
import type { BenchRow } from './run.ts';
import { startService } from './service.ts';

export interface ApiFuzzOptions {
  readonly seed: number;
  readonly requests: number;
}

/** Heap and buffers that may be held more after the last tenth than after the first. */
const growthMiBMax = 24;
const pieces = 10;

/**
 * Changed requests after the OpenAPI document, raw bytes and frames of live clients against the real service with a
 * simulated room. Sets the exit code when there was an answer of 5xx other than an honest 503, a hang, or growth.
 */
export async function apiFuzzBench({ seed, requests }: ApiFuzzOptions): Promise<BenchRow[]> {
  if (!Number.isInteger(seed) || !(requests > 0)) throw new Error('--seed and --requests are whole numbers');
  console.error(`seed ${seed}`);
  const tokens = [madeToken('viewer', 'view'), madeToken('operator', 'operate')];
  const rules = tokens.map(({ rule: { name, hash, role } }) => ({ name, hash, role }));
  const service = await startService(
    {
      RACKWATT_DEMO_RUN: 'always',
      RACKWATT_ACCESS_TOKENS: JSON.stringify(rules),
      RACKWATT_LOG_LEVEL: 'error',
    },
    ['--expose-gc'],
  );
  const target = {
    url: service.httpUrl,
    credentials: tokens.map(({ text }) => ({ authorization: `Bearer ${text}` })),
  };
  const chance = new Chance(seed);
  const tally = noTally();
  const heldMiB: number[] = [];
  const startMs = performance.now();
  const { cpuMicros: cpuMicrosBefore } = await service.counts();
  for (let piece = 0; piece < pieces; piece += 1) {
    await fuzz(target, chance, Math.ceil(requests / pieces), tally);
    heldMiB.push((await service.counts(true)).heldBytes / 2 ** 20);
    console.error(`${tally.requests} requests, ${heldMiB.at(-1)!.toFixed(1)} MiB held`);
  }
  const { cpuMicros } = await service.counts();
  const seconds = (performance.now() - startMs) / 1_000;
  const alive = (await fetch(`${service.httpUrl}/healthz`)).status;
  await service.stop();
  service.remove();
  // The first pieces warm up what is made once.
  const growthMiB = heldMiB.at(-1)! - heldMiB[1]!;
  if (alive !== 200) tally.findings.add(`not alive afterwards: ${alive}`);
  if (growthMiB > growthMiBMax)
    tally.findings.add(`${growthMiB.toFixed(1)} MiB more are held than in the beginning`);
  console.error(`slowest: ${tally.slowest}`);
  for (const finding of tally.findings) console.error(finding);
  if (tally.findings.size > 0) process.exitCode = 1;
  const statuses = [...tally.byStatus].sort(([a], [b]) => a - b);
  return [
    {
      seed,
      requests: tally.requests,
      liveFrames: tally.frames,
      findings: tally.findings.size,
      slowestMs: Math.round(tally.slowestMs),
      requestsPerSecond: Math.round(tally.requests / seconds),
      cpuMicrosPerRequest: Math.round((cpuMicros - cpuMicrosBefore) / tally.requests),
      heldMiBFirst: Math.round(heldMiB[1]! * 10) / 10,
      heldMiBLast: Math.round(heldMiB.at(-1)! * 10) / 10,
      statuses: statuses.map(([status, count]) => `${status}: ${count}`).join(', '),
    },
  ];
}
