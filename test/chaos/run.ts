// `npm run chaos -- [--seed N | --seeds A..B] [--minutes M] [--store embedded|influx|both] [--quiet]`: breaks everything
// around the service for a while and then holds what is in the store against what was acknowledged, also what is made
// of it hours later, and what was told. Ends with code 1 when anything was lost, doubled or invented.
import { parseArgs } from 'node:util';
import { runSeed, type SeedResult, type StoreKind } from './seed-run.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    minutes: { type: 'string', default: '0.35' },
    store: { type: 'string', default: 'both' },
    quiet: { type: 'boolean', default: false },
  },
});

const seeds = seedsOf(values.seeds, values.seed);
const stores: StoreKind[] = values.store === 'both' ? ['embedded', 'influx'] : [storeOf(values.store)];
const lastsMs = Number(values.minutes) * 60_000;
if (!(lastsMs >= 18_000))
  fail('--minutes must be at least 0.3: a start is only one after a time of being off');

const results: SeedResult[] = [];
let failures = 0;
// With both stores they take turns, so that a hundred seeds are a hundred runs.
for (const [i, seed] of seeds.entries()) {
  const store = stores.length === 1 || seeds.length > 1 ? stores[i % stores.length]! : undefined;
  for (const kind of store === undefined ? stores : [store]) {
    console.log(`seed ${seed}, ${kind}`);
    const tell = values.quiet ? () => {} : (line: string) => console.log(`  ${line}`);
    try {
      const result = await runSeed({ seed, store: kind, lastsMs, tell });
      results.push(result);
      report(result);
    } catch (error) {
      failures += 1;
      console.log(`  FAILED: ${error instanceof Error ? error.stack : error}`);
    }
  }
}
summarize();
process.exit(failures > 0 || results.some(isBad) ? 1 : 0);

function report(result: SeedResult): void {
  const { sent, acknowledgedByBroker, acknowledgedByService, found, lostByBroker } = result;
  console.log(
    `  ${isBad(result) ? 'BAD' : 'ok'}: sent ${sent}, acknowledged by the broker ${acknowledgedByBroker} and by the service ${acknowledgedByService}, found ${found}, lost by the broker ${lostByBroker}; starts ${result.startsFound}/${result.planted}, onset at most ${result.onsetOffMsMax} ms off; ${result.minutes} minutes, ${result.told} notices; recovered in ${result.recoveryMs} ms`,
  );
  for (const fault of result.faults.slice(0, 20)) console.log(`  BAD: ${fault}`);
  if (result.crashes > 0) console.log(`  BAD: the service ended by itself ${result.crashes} times`);
  if (result.logFile !== undefined) console.log(`  its log: ${result.logFile}`);
}

function summarize(): void {
  const injected = new Map<string, number>();
  for (const result of results)
    for (const [name, count] of result.injected) injected.set(name, (injected.get(name) ?? 0) + count);
  console.log('\nfaults injected');
  console.table([...injected].map(([fault, times]) => ({ fault, times })));
  console.table(
    stores.map((store) => {
      const of = results.filter((result) => result.store === store);
      const sum = (read: (result: SeedResult) => number) => of.reduce((total, one) => total + read(one), 0);
      const recoveries = of.map(({ recoveryMs }) => recoveryMs).sort((a, b) => a - b);
      return {
        store,
        seeds: of.length,
        bad: of.filter(isBad).length,
        sent: sum(({ sent }) => sent),
        'acknowledged by broker': sum((one) => one.acknowledgedByBroker),
        'by service': sum((one) => one.acknowledgedByService),
        found: sum(({ found }) => found),
        'lost by broker': sum(({ lostByBroker }) => lostByBroker),
        'starts planted': sum(({ planted }) => planted),
        'found once': sum(({ startsFound }) => startsFound),
        minutes: sum(({ minutes }) => minutes),
        notices: sum(({ told }) => told),
        'recovery ms, median': recoveries[recoveries.length >> 1] ?? 0,
        worst: recoveries.at(-1) ?? 0,
      };
    }),
  );
  if (failures > 0) console.log(`${failures} runs came to no end`);
}

function isBad(result: SeedResult): boolean {
  return result.faults.length > 0 || result.crashes > 0;
}

function seedsOf(range: string | undefined, one: string | undefined): number[] {
  if (range === undefined) return [one === undefined ? Date.now() % 1_000_000 : Number(one)];
  const [, first, last] = /^(\d+)\.\.(\d+)$/.exec(range) ?? fail('--seeds takes A..B, such as 1..100');
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) => Number(first) + i);
}

function storeOf(text: string): StoreKind {
  if (text === 'embedded' || text === 'influx') return text;
  return fail('--store takes embedded, influx or both');
}

function fail(text: string): never {
  console.error(text);
  process.exit(2);
}
