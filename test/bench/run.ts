// `npm run bench -- NAME [NAME…] [--json]`: measures, and prints tables, or with --json one JSON object last.
// `history` also takes --outlets N, --days N, --minute-days N and --raw-days N to shrink its made year, and --folder DIR
// to keep it and ask it again.
// `ingest` also takes --messages N, how many are measured in each run.
// `page` also takes --minutes N, how long each page is watched.
// `fuzz` also takes --seed N and --messages N, and ends with code 1 when it has found something.
// `api-fuzz` takes --seed N and --requests N in the same way.
// Machines differ, so each figure has a bare reference beside it, measured on the same machine in the same run.
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';

/** One line of a bench's table: what was measured, and figures with their unit in the name. */
export type BenchRow = Readonly<Record<string, string | number>>;

export interface BenchOptions {
  readonly seed?: string | undefined;
  readonly messages?: string | undefined;
  readonly outlets?: string | undefined;
  readonly days?: string | undefined;
  readonly 'minute-days'?: string | undefined;
  readonly 'raw-days'?: string | undefined;
  readonly folder?: string | undefined;
  readonly minutes?: string | undefined;
  readonly requests?: string | undefined;
}

const benches: Readonly<Record<string, (options: BenchOptions) => Promise<BenchRow[]>>> = {
  ingest: async ({ messages }) =>
    (await import('./ingest.ts')).ingestBench(messages === undefined ? undefined : Number(messages)),
  live: async () => (await import('./live.ts')).liveBench(),
  decode: async () => (await import('./decode.ts')).decodeBench(),
  alerts: async () => (await import('./alerts.ts')).alertsBench(),
  detect: async () => (await import('./detect.ts')).detectBench(),
  stores: async () =>
    [
      ...(await (await import('./store-influx.ts')).storeInfluxBench()),
      ...(await (await import('./store-embedded.ts')).storeEmbeddedBench()),
    ] as unknown as BenchRow[],
  history: async ({ outlets, days, folder, ...rest }) =>
    (await import('./history.ts')).historyBench(
      {
        outlets: Number(outlets ?? 500),
        days: Number(days ?? 365),
        minuteDays: Number(rest['minute-days'] ?? days ?? 365),
        rawDays: Number(rest['raw-days'] ?? Math.min(30, Number(days ?? 30))),
      },
      folder,
    ),
  memory: async () => (await import('./memory.ts')).memoryBench(),
  startup: async () => (await import('./startup.ts')).startupBench(),
  page: async ({ minutes }) => (await import('./page.ts')).pageBench({ minutes: Number(minutes ?? 0.5) }),
  fuzz: async ({ seed, messages }) =>
    (await import('./fuzz.ts')).fuzzBench({
      seed: Number(seed ?? Date.now() % 1e9),
      messages: Number(messages ?? 1_000_000),
    }),
  'api-fuzz': async ({ seed, requests }) =>
    (await import('./api-fuzz.ts')).apiFuzzBench({
      seed: Number(seed ?? Date.now() % 1e9),
      requests: Number(requests ?? 100_000),
    }),
};

const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  options: {
    json: { type: 'boolean', default: false },
    seed: { type: 'string' },
    messages: { type: 'string' },
    outlets: { type: 'string' },
    days: { type: 'string' },
    'minute-days': { type: 'string' },
    'raw-days': { type: 'string' },
    folder: { type: 'string' },
    minutes: { type: 'string' },
    requests: { type: 'string' },
  },
  allowPositionals: true,
});
const unknown = positionals.find((name) => !(name in benches));
if (positionals.length === 0 || unknown !== undefined) {
  if (unknown !== undefined) console.error(`There is no bench "${unknown}".`);
  console.error(`npm run bench -- NAME [--json]; there are: ${Object.keys(benches).join(', ')}`);
  process.exit(2);
}

const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
const results: Record<string, BenchRow[]> = {};
for (const name of positionals) {
  console.error(`bench ${name} …`);
  const rows = await benches[name]!(values);
  results[name] = rows;
  if (values.json) continue;
  console.log(`\n${name} (${machine})`);
  console.table(rows);
}
if (values.json) console.log(JSON.stringify({ machine, results }));
process.exit();
