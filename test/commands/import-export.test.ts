import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { makeLog } from '../../src/base/log.ts';
import { exportHistory } from '../../src/commands/export.ts';
import type { ExportArguments } from '../../src/commands/export-sources.ts';
import { type ImportArguments, importFiles } from '../../src/commands/import.ts';
import { ServiceTarget, storeTarget } from '../../src/commands/import-targets.ts';
import { loadSettings } from '../../src/config/load.ts';
import { MadeMeter } from '../room/energy-truth.ts';
import { runApp } from '../room/running.ts';
import { startInfluxd } from '../servers/influxd.ts';
import { seeded } from '../store/made-readings.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const hourMs = 3_600_000;
const quarterMs = 900_000;
const dayMs = 24 * hourMs;
const startMs = Math.floor(Date.now() / hourMs) * hourMs;

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rackwatt-import-'));
  cleanUps.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const stores = {
  embedded: async () => ({}),
  influx: async () => {
    const influx = await startInfluxd();
    cleanUps.push(() => influx.stop());
    return { RACKWATT_STORE_KIND: 'influx', RACKWATT_STORE_INFLUX_URL: influx.url };
  },
};

const servers = [
  { name: 'hv-01', inputs: [{ outlet: 'pdu/1' }, { outlet: 'pdu/2' }] },
  { name: 'db-01', inputs: [{ outlet: 'pdu/3' }] },
];

/** A place without a service, and what is said there. */
async function place(kind: keyof typeof stores) {
  const folder = scratch();
  const env = {
    RACKWATT_STORE_PATH: join(folder, 'data'),
    RACKWATT_ROOM_TIMEZONE: 'Europe/London',
    RACKWATT_ROOM_SERVERS: JSON.stringify(servers),
    RACKWATT_STORE_RETENTION_MINUTE: 'forever',
    ...(await stores[kind]()),
  };
  const { settings } = loadSettings({ env, cwd: folder });
  const parts = { settings, demo: false, clock: systemClock, log: makeLog('silent') };
  const file = (text: string | Buffer, name = 'file.csv') => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  return { folder, env, parts, file };
}

type Place = Awaited<ReturnType<typeof place>>;

const nothing = { map: [], timezone: 'Europe/London', dryRun: false };

async function imported(
  { parts }: Place,
  files: readonly string[],
  options: Partial<ImportArguments> = {},
  url?: string,
): Promise<string> {
  const said: string[] = [];
  const out = { write: (text: string) => said.push(text) };
  await importFiles(
    { ...nothing, files, ...options },
    {
      stdout: out,
      stderr: { write: () => {} },
      clock: systemClock,
      target: async () =>
        url === undefined
          ? storeTarget(parts)
          : new ServiceTarget({ url, headers: {}, ask: fetch }, systemClock),
    },
  );
  return said.join('');
}

async function exported({ parts }: Place, options: Partial<ExportArguments>, url?: string): Promise<string> {
  const chunks: Buffer[] = [];
  const stdout = new Writable({
    write(chunk: Buffer, _, done) {
      chunks.push(chunk);
      done();
    },
  });
  await exportHistory(
    { kind: 'raw', scopes: [], by: 'day', gzip: false, ...options },
    {
      stdout,
      stderr: { write: () => {} },
      clock: systemClock,
      service: url === undefined ? undefined : { url, headers: {}, ask: fetch },
      store: parts,
    },
  );
  return Buffer.concat(chunks).toString();
}

function rowsOf(csv: string): Record<string, string>[] {
  const [header, ...lines] = csv.trimEnd().split('\r\n');
  const names = header!.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((field, i) => [names[i]!, field])));
}

const resetMs = 5.3 * hourMs;

/** Readings of three meters, in no order and some of them twice. */
function madeCsv(fromMs: number, toMs: number) {
  const meters = [
    {
      outlet: 'pdu/1',
      made: new MadeMeter({ seed: 1, everyMs: 60_000, countWattHours: 0.1, wattsMean: 180 }, fromMs, toMs),
    },
    {
      outlet: 'pdu/2',
      made: new MadeMeter(
        { seed: 2, everyMs: 60_000, countWattHours: 0.1, wattsMean: 240, resetsMs: [fromMs + resetMs] },
        fromMs,
        toMs,
      ),
    },
    {
      outlet: 'pdu/3',
      made: new MadeMeter({ seed: 3, everyMs: 90_000, jitter: true, wattsMean: 150 }, fromMs, toMs),
    },
  ];
  const random = seeded(5);
  const lines = meters.flatMap(({ outlet, made }) =>
    made.said.map(
      ({ atMs, watts, wattHoursTotal }) => `${atMs},${outlet},${watts ?? ''},${wattHoursTotal ?? ''}`,
    ),
  );
  const shuffled = [...lines, ...lines.filter(() => random() < 0.1)]
    .map((line) => [random(), line] as const)
    .sort(([a], [b]) => a - b)
    .map(([, line]) => line);
  return { meters, csv: `atMs,outlet,watts,wattHoursTotal\n${shuffled.join('\n')}\n` };
}

describe.each(Object.keys(stores) as (keyof typeof stores)[])('import into the %s store', (kind) => {
  it('makes roll-ups and energy of readings of any age, within a thousandth of the truth, and twice the same', async () => {
    const here = await place(kind);
    // Half a year ago raw readings are not kept any more, three days ago they are.
    for (const fromMs of [startMs - 180 * dayMs, startMs - 3 * dayMs]) {
      const toMs = fromMs + 8 * hourMs;
      const { meters, csv } = madeCsv(fromMs, toMs);
      const path = here.file(gzipSync(csv), 'made.csv.gz');
      const said = await imported(here, [path]);
      expect(said).toContain('lines taken');
      expect(said.includes('older than raw readings')).toBe(fromMs < startMs - 100 * dayMs);
      const range = { from: String(fromMs), to: String(toMs) };
      const first = await exported(here, { kind: 'quarter', ...range });
      const rows = rowsOf(first);
      const told = (scope: string, at: number) =>
        Number(rows.find((row) => row.scope === scope && row.fromMs === String(at))?.wattHours);
      for (let at = fromMs + hourMs; at < toMs - hourMs; at += quarterMs) {
        // Across a reset the minute's watts count: they are not known between two readings.
        const isReset = at <= fromMs + resetMs && at + quarterMs > fromMs + resetMs;
        for (const { outlet, made } of meters) {
          if (outlet === 'pdu/2' && isReset) continue;
          const truth = made.drawn(at, at + quarterMs);
          expect(Math.abs(told(`outlet:${outlet}`, at) - truth)).toBeLessThan(0.001 * truth + 0.2);
        }
        expect(told('server:hv-01', at)).toBeCloseTo(told('outlet:pdu/1', at) + told('outlet:pdu/2', at), 2);
        expect(told('room', at)).toBeCloseTo(told('server:hv-01', at) + told('server:db-01', at), 2);
      }
      // Peaks of a sum are those of the sum.
      const minutes = rowsOf(await exported(here, { kind: 'minute', scopes: ['server:hv-01'], ...range }));
      const peak = Math.max(...minutes.map((row) => Number(row.wattsMax)));
      const both = new Map<number, number>();
      for (const { made } of meters.slice(0, 2))
        for (const { atMs, watts } of made.said) both.set(atMs, (both.get(atMs) ?? 0) + watts!);
      expect(peak).toBeCloseTo(Math.max(...both.values()), 1);
      await imported(here, [path]);
      expect(rowsOf(await exported(here, { kind: 'quarter', ...range }))).toEqual(rows);
    }
  });

  it('takes back what was exported, to the last digit', async () => {
    const here = await place(kind);
    const random = seeded(11);
    const fromMs = startMs - 2 * dayMs;
    const lines = Array.from({ length: 3_000 }, (_, i) => {
      const digits = [0, 1, 2, 3, 6, 15][i % 6]!;
      return `${fromMs + i * 7_001.001},pdu/${1 + (i % 4)},${(random() * 3000).toFixed(digits)},${(220 + random() * 20).toFixed(1)}`;
    });
    await imported(here, [here.file(`atMs,outlet,watts,volts\n${lines.join('\n')}\n`)]);
    const range = { from: String(fromMs), to: String(startMs) };
    const raw = await exported(here, range);
    expect(rowsOf(raw)).toHaveLength(3_000);
    expect(rowsOf(raw).map((row) => [Number(row.atMs).toFixed(3), row.outlet, Number(row.watts)])).toEqual(
      lines.map((line) => {
        const [at, outlet, watts] = line.split(',');
        return [Number(at).toFixed(3), outlet, Number(watts)];
      }),
    );
    const other = await place(kind);
    const out = join(other.folder, 'raw.csv.gz');
    await exported(here, { ...range, out });
    expect(gunzipSync(readFileSync(out)).toString()).toBe(raw);
    await imported(other, [out]);
    expect(await exported(other, range)).toBe(raw);
    expect(await exported(other, { ...range, scopes: ['outlet:pdu/2'] })).toBe(
      `${raw
        .split('\r\n')
        .filter((line, i) => i === 0 || line.includes(',pdu/2,'))
        .join('\r\n')}\r\n`,
    );
  });
});

describe('import', () => {
  it('goes through the service that runs, which knows the outlets from then on', async () => {
    const here = await place('embedded');
    const app = await runApp({ ...here.env }, join(here.folder, 'data'));
    cleanUps.push(() => app.stop());
    const fromMs = startMs - 90 * dayMs;
    const { meters, csv } = madeCsv(fromMs, fromMs + 3 * hourMs);
    const recent = Array.from({ length: 60 }, (_, i) => `${Date.now() - i * 60_000},lamp/0,60,`);
    const said = await imported(here, [here.file(csv + recent.join('\n'))], {}, app.httpUrl);
    expect(said).toContain('outlet:lamp/0: 60 from');
    const energy = (await app.get(
      `/api/v1/energy?scope=server:hv-01&from=${fromMs + hourMs}&to=${fromMs + 2 * hourMs}&by=hour`,
    )) as { body: { rows: { wattHours: number }[] } };
    const truth = meters
      .slice(0, 2)
      .reduce((sum, { made }) => sum + made.drawn(fromMs + hourMs, fromMs + 2 * hourMs), 0);
    expect(energy.body.rows.reduce((sum, row) => sum + row.wattHours, 0) / truth).toBeCloseTo(1, 2);
    const lamp = (await app.get('/api/v1/history?scope=outlet:lamp/0')) as {
      status: number;
      body: { mean: (number | null)[] };
    };
    expect(lamp.status).toBe(200);
    expect(lamp.body.mean).toContain(60);
    const raw = rowsOf(await exported(here, { scopes: ['outlet:lamp/0'] }, app.httpUrl));
    expect(raw.map((row) => row.watts)).toEqual(recent.map(() => '60'));
    const status = (await app.get('/api/v1/import')) as { body: { state: string; tooOld: number } };
    expect(status.body).toMatchObject({ state: 'done', tooOld: csv.split('\n').length - 2 });
  });

  it('joins what comes of one server in two files, though raw readings are long gone', async () => {
    const here = await place('embedded');
    const fromMs = startMs - 200 * dayMs;
    const csv = (outlet: string, watts: number) =>
      `atMs,outlet,watts\n${Array.from({ length: 120 }, (_, i) => `${fromMs + i * 60_000},${outlet},${watts + (i === 70 ? 400 : 0)}`).join('\n')}\n`;
    await imported(here, [here.file(csv('pdu/1', 100), 'one.csv')]);
    await imported(here, [here.file(csv('pdu/2', 50), 'two.csv')]);
    const [row] = rowsOf(
      await exported(here, {
        kind: 'quarter',
        scopes: ['server:hv-01'],
        from: String(fromMs + hourMs),
        to: String(fromMs + hourMs + quarterMs),
      }),
    );
    expect(Number(row!.wattHours)).toBeCloseTo((150 * 15 + 800) / 60, 1);
    // Both rose in the same minute, which their quarters alone do not tell.
    expect(Number(row!.wattsMax)).toBeCloseTo(950, 6);
    expect(Number(row!.wattsMin)).toBeCloseTo(150, 6);
    expect(Number(row!.observedMs)).toBe(quarterMs);
  });

  it("takes Home Assistant's statistics as quarters, and never over what was measured", async () => {
    const here = await place('embedded');
    const fromMs = startMs - 5 * dayMs;
    const hour = (i: number, watts: number) =>
      `sensor.one_power,W,${new Date(fromMs + i * hourMs).toISOString()},${watts - 10},${watts + 90},${watts}`;
    const measured = Array.from({ length: 60 }, (_, i) => `${fromMs + i * 60_000},pdu/1,77`);
    await imported(here, [here.file(`atMs,outlet,watts\n${measured.join('\n')}\n`, 'own.csv')]);
    const statistics = here.file(
      `statistic_id,unit,start,min,max,mean\n${[hour(0, 500), hour(1, 100), hour(2, 120)].join('\n')}\n`,
      'ha.csv',
    );
    const map = ['sensor.one_power=pdu/1'];
    expect(await imported(here, [statistics], { map, dryRun: true })).toContain('nothing was written');
    await imported(here, [statistics], { map });
    const range = { from: String(fromMs), to: String(fromMs + 3 * hourMs) };
    const rows = rowsOf(await exported(here, { kind: 'quarter', scopes: ['server:hv-01'], ...range }));
    expect(rows.map((row) => Math.round(Number(row.wattsMean)))).toEqual([
      77, 77, 77, 77, 100, 100, 100, 100, 120, 120, 120, 120,
    ]);
    expect(Number(rows[4]!.wattsMax)).toBe(190);
    expect(Number(rows[4]!.wattHours)).toBe(25);
  });

  it('says what is wrong with a mapping, a file and a quantity', async () => {
    const here = await place('embedded');
    await expect(imported(here, [join(here.folder, 'none.csv')], { dryRun: true })).rejects.toThrow(
      'no such file',
    );
    await expect(imported(here, [here.file('x')], { map: ['x'], dryRun: true })).rejects.toThrow(
      'no mapping',
    );
    await expect(imported(here, [here.file('x')], { quantity: 'x', dryRun: true })).rejects.toThrow(
      'no quantity',
    );
    await expect(imported(here, [here.file('x')], { timezone: 'Mars/One', dryRun: true })).rejects.toThrow(
      'no IANA time zone',
    );
    await expect(imported(here, [here.file('a,b\n1,2')], { dryRun: true })).rejects.toThrow(
      'no form of file',
    );
    const cut = gzipSync('atMs,outlet,watts\n1,2,3\n').subarray(0, 20);
    await expect(imported(here, [here.file(cut)], { dryRun: true })).rejects.toThrow('damaged or cut off');
  });
});
