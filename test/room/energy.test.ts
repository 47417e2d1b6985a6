import { rmSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { RollUpColumns, Store } from '../../src/store/store.ts';
import { seeded } from '../store/made-readings.ts';
import { MadeMeter, type Said } from './energy-truth.ts';
import { Rig, stores } from './passing-hours.ts';
import { scratchFolder } from './running.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const minuteMs = 60_000;
const quarterMs = 15 * minuteMs;
const hourMs = 60 * minuteMs;
/** The evening before clocks are put forward in London. */
const fromMs = Date.UTC(2026, 2, 28, 20);
const toMs = fromMs + 12 * hourMs;
const at = (hours: number) => fromMs + hours * hourMs;

/** Silent times; what was said in them is lost, or brought later. */
interface Silence {
  readonly fromMs: number;
  readonly toMs: number;
  readonly broughtMs?: number;
}

interface Meter {
  readonly outlet: string;
  readonly made: MadeMeter;
  readonly silences: readonly Silence[];
  readonly countWattHours: number;
}

/** The service is away, and whatever is said then is lost. */
const downtime = { fromMs: at(7.2), toMs: at(8.05) };

function meters(seed: number): Meter[] {
  const meter = (
    outlet: string,
    options: Omit<ConstructorParameters<typeof MadeMeter>[0], 'seed'>,
    silences: Silence[] = [],
  ): Meter => ({
    outlet,
    made: new MadeMeter({ seed: seed + outlet.charCodeAt(5), ...options }, fromMs, toMs),
    silences: [...silences, downtime],
    countWattHours: options.countWattHours ?? 0,
  });
  return [
    meter('plug-a/0', { everyMs: minuteMs, countWattHours: 0.1, wattsMean: 180 }, [
      { fromMs: at(2.3), toMs: at(3.6) },
    ]),
    meter('plug-b/0', { everyMs: minuteMs, countWattHours: 1, wattsMean: 240 }, [
      { fromMs: at(1.1), toMs: at(2.9), broughtMs: at(5.5) },
    ]),
    meter('plug-c/0', { everyMs: 90_000, jitter: true, wattsMean: 150 }, [
      { fromMs: at(4.2), toMs: at(5.1) },
    ]),
    meter('plug-d/0', {
      everyMs: minuteMs,
      countWattHours: 0.1,
      wattsMean: 320,
      resetsMs: [at(5.31), at(10.1)],
    }),
    meter('plug-e/0', { everyMs: minuteMs, countWattHours: 0.1, wattsMean: 400, tellsWatts: false }),
  ];
}

/** 03:05 on the local clock, a third into a quarter of an hour: another server is plugged in. */
const recabledMs = at(6) + 5 * minuteMs;
const servers = [
  { name: 'hv-01', rack: 'r1', inputs: [{ outlet: 'plug-a/0' }, { outlet: 'plug-b/0' }] },
  { name: 'db-01', rack: 'r1', inputs: [{ outlet: 'plug-d/0', to: '2026-03-29T03:05' }] },
  { name: 'mv-01', rack: 'r1', inputs: [{ outlet: 'plug-d/0', from: '2026-03-29T03:05' }] },
  { name: 'st-01', rack: 'r1', inputs: [{ outlet: 'plug-e/0' }] },
];

const room = {
  RACKWATT_ROOM_TIMEZONE: 'Europe/London',
  RACKWATT_ROOM_RACKS: '[{"name":"r1"}]',
  RACKWATT_ROOM_SERVERS: JSON.stringify(servers),
};

/** What is brought in each minute: disorder, doubles, and what was held back. */
function deliveries(all: readonly Meter[], seed: number): Map<number, string[]> {
  const random = seeded(seed);
  const byMinute = new Map<number, string[]>();
  const bring = (minute: number, line: string) => {
    const lines = byMinute.get(minute) ?? [];
    // Doubles, and lines that overtake one another.
    lines.splice(Math.floor(random() * (lines.length + 1)), 0, line);
    byMinute.set(minute, lines);
  };
  for (const { outlet, made, silences } of all)
    for (const said of made.said) {
      const silence = silences.find((one) => said.atMs > one.fromMs && said.atMs < one.toMs);
      if (silence !== undefined && silence.broughtMs === undefined) continue;
      const broughtMs = silence?.broughtMs ?? said.atMs;
      const minute = Math.floor(broughtMs / minuteMs) * minuteMs;
      bring(minute, lineOf(outlet, said));
      if (random() < 0.05) bring(minute, lineOf(outlet, said));
      if (random() < 0.01 && minute + 25 * minuteMs < toMs)
        bring(minute + 25 * minuteMs, lineOf(outlet, said));
    }
  return byMinute;
}

function lineOf(outlet: string, { atMs, watts, wattHoursTotal }: Said): string {
  const fields = [
    ...(watts === undefined ? [] : [`power_w=${watts}`]),
    ...(wattHoursTotal === undefined ? [] : [`energy_wh=${wattHoursTotal}`]),
  ];
  const [device, label] = outlet.split('/');
  return `pdu,device=${device},outlet=${label} ${fields.join(',')} ${atMs}000000`;
}

interface Quarter {
  readonly wattHours: number;
  readonly counter: number;
  readonly integrated: number;
  readonly spread: number;
  readonly observedMs: number;
  readonly spreadMs: number;
}

async function quartersOf(store: Store, scope: string): Promise<Map<number, Quarter>> {
  const columns: RollUpColumns = await store.rollUps({ tier: 'quarter', scope, fromMs, toMs });
  const told = (values: Float64Array | undefined, i: number) => {
    const value = values?.[i] ?? Number.NaN;
    return Number.isNaN(value) ? undefined : value;
  };
  return new Map(
    [...columns.fromMs].map((quarter, i) => {
      const counter = told(columns.counterWattHours, i);
      return [
        quarter,
        {
          wattHours: columns.wattHours[i]!,
          counter: counter ?? 0,
          integrated: counter === undefined ? columns.wattHours[i]! : columns.integratedWattHours![i]!,
          spread: told(columns.spreadWattHours, i) ?? 0,
          observedMs: columns.observedMs[i]!,
          spreadMs: told(columns.spreadMs, i) ?? 0,
        },
      ];
    }),
  );
}

describe.each(Object.keys(stores) as (keyof typeof stores)[])('energy, kept in the %s store', (kind) => {
  it('is that of a made-up truth where it can be known, and unknown where it cannot', async () => {
    const seed = 7;
    const folder = scratchFolder();
    cleanUps.push(() => rmSync(folder, { recursive: true, force: true }));
    const { env, open } = await stores[kind](folder, (work) => cleanUps.push(work));
    const all = meters(seed);
    const lines = deliveries(all, seed);
    const rig = new Rig({ ...env, ...room }, folder, fromMs);
    await rig.start();
    for (let minute = fromMs; minute < toMs; minute += minuteMs) {
      if (minute === Math.ceil(downtime.fromMs / minuteMs) * minuteMs) {
        await rig.stop();
        rig.clock.advance(downtime.toMs - minute);
        await rig.start();
      }
      if (minute >= downtime.fromMs && minute < downtime.toMs) continue;
      if (rig.clock.nowMs() < minute + minuteMs - 1_000)
        await rig.pass(minute + minuteMs - 1_000 - rig.clock.nowMs());
      const said = lines.get(minute);
      if (said !== undefined) await rig.publish(said);
    }
    for (let minute = 0; minute < 3 * 60; minute += 1) {
      await rig.pass(minuteMs);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await rig.settle();
    await rig.stop();
    const store = open();
    await store.open();
    cleanUps.push(() => store.close());
    const rows = new Map<string, Map<number, Quarter>>();
    for (const { outlet } of all) rows.set(outlet, await quartersOf(store, `outlet:${outlet}`));
    const wrong: string[] = [];
    for (const meter of all) wrong.push(...wrongQuarters(meter, rows.get(meter.outlet)!));
    expect(wrong).toEqual([]);
    for (const meter of all) expectWholeTimes(meter, rows.get(meter.outlet)!);
    await expectSums(store, rows);
  });
});

/** The last hours are not settled at the end. */
const judgedToMs = toMs - hourMs;
const lostIn = ({ silences }: Meter, from: number, to: number) =>
  silences.filter((one) => one.broughtMs === undefined && one.fromMs < to && one.toMs > from);

/** Quarters without a lost reading, against the truth. */
function wrongQuarters(meter: Meter, rows: ReadonlyMap<number, Quarter>): string[] {
  const { outlet, made, countWattHours } = meter;
  const wrong: string[] = [];
  for (let quarter = fromMs; quarter < judgedToMs; quarter += quarterMs) {
    // A silence ends with the first reading after it.
    if (lostIn(meter, quarter - 3 * minuteMs, quarter + quarterMs + 3 * minuteMs).length > 0) continue;
    // A meter that reports now and then has to show its habit first.
    if (countWattHours === 0 && quarter === fromMs) continue;
    const row = rows.get(quarter);
    const truth = made.drawn(quarter, quarter + quarterMs);
    const isRight =
      row !== undefined &&
      // A coarse counter is right to the count at either end.
      Math.abs(row.wattHours - truth) <= 0.001 * truth + 2 * countWattHours &&
      Math.abs(row.wattHours - row.counter - row.integrated - row.spread) < 0.001 &&
      row.observedMs + row.spreadMs > quarterMs - 3 * minuteMs;
    if (!isRight)
      wrong.push(`${outlet} ${new Date(quarter).toISOString()} ${JSON.stringify(row)} truth ${truth}`);
  }
  return wrong;
}

/** With a counter all is proved, gaps too, but not where it began anew; without, what was lost stays unknown. */
function expectWholeTimes(meter: Meter, rows: ReadonlyMap<number, Quarter>): void {
  const { outlet, made, countWattHours } = meter;
  const sum = (figure: keyof Quarter) =>
    [...rows].filter(([at]) => at < judgedToMs).reduce((total, [, row]) => total + row[figure], 0);
  const truth = made.drawn(fromMs, judgedToMs);
  if (countWattHours > 0) {
    const resets = outlet === 'plug-d/0' ? 0.5 : 0;
    expect(Math.abs(sum('wattHours') - truth), outlet).toBeLessThanOrEqual(
      0.001 * truth + 2 * countWattHours + resets,
    );
    expect(sum('spread'), outlet).toBeGreaterThan(0);
    return;
  }
  const lost = lostIn(meter, fromMs, judgedToMs).reduce(
    (total, one) => total + made.drawn(one.fromMs, one.toMs),
    0,
  );
  expect(sum('spread'), outlet).toBe(0);
  expect(sum('wattHours'), outlet).toBeLessThanOrEqual(truth * 1.001);
  expect(sum('wattHours'), outlet).toBeGreaterThan((truth - lost) * 0.95);
  const unknownMs = judgedToMs - fromMs - sum('observedMs');
  expect(unknownMs, outlet).toBeGreaterThan(hourMs);
}

/** Servers, rack and room are their outlets, quarter by quarter. */
async function expectSums(
  store: Store,
  rows: ReadonlyMap<string, ReadonlyMap<number, Quarter>>,
): Promise<void> {
  const of = (...outlets: string[]) => outlets.map((outlet) => rows.get(outlet)!);
  const scopes = {
    'server:hv-01': of('plug-a/0', 'plug-b/0'),
    'server:db-01': of('plug-d/0').map((row) => shared(row, isBefore)),
    'server:mv-01': of('plug-d/0').map((row) => shared(row, (quarter) => 1 - isBefore(quarter))),
    'rack:r1': of('plug-a/0', 'plug-b/0', 'plug-d/0', 'plug-e/0'),
    'device:plug-a': of('plug-a/0'),
    room: [...rows.values()],
  };
  for (const [scope, members] of Object.entries(scopes)) {
    const own = await quartersOf(store, scope);
    for (let quarter = fromMs; quarter < judgedToMs; quarter += quarterMs)
      for (const figure of ['wattHours', 'counter', 'spread'] as const) {
        const sum = members.reduce((total, row) => total + (row.get(quarter)?.[figure] ?? 0), 0);
        const where = `${scope} ${new Date(quarter).toISOString()} ${figure}`;
        expect(Math.abs((own.get(quarter)?.[figure] ?? 0) - sum), where).toBeLessThan(0.01);
      }
  }
}

/** The share of a quarter before the server was plugged in elsewhere. */
function isBefore(quarter: number): number {
  return Math.min(1, Math.max(0, (recabledMs - quarter) / quarterMs));
}

function shared(
  rows: ReadonlyMap<number, Quarter>,
  share: (quarter: number) => number,
): ReadonlyMap<number, Quarter> {
  return new Map(
    [...rows].map(([at, row]) => [
      at,
      {
        ...row,
        wattHours: row.wattHours * share(at),
        counter: row.counter * share(at),
        spread: row.spread * share(at),
      },
    ]),
  );
}
