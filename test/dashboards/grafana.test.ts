import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type RollUpTier, tierStepMs } from '../../src/model/roll-up.ts';
import { eventFields } from '../../src/store/event-rows.ts';
import { InfluxStore } from '../../src/store/influx/influx-store.ts';
import { readingFields, rollUpFields } from '../../src/store/influx/layout.ts';
import { type Influxd, startInfluxd } from '../servers/influxd.ts';
import { alertEvent, firingAlert } from '../store/made-alerts.ts';
import { announcedStart, completeStart, idleEvent, idleVerdict, startEvent } from '../store/made-events.ts';
import { reading } from '../store/made-readings.ts';

interface Variable {
  readonly name: string;
  readonly type: string;
  readonly query: string;
}
interface Queried {
  readonly datasource: { readonly uid: string };
  readonly query: string;
}
interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  /** Lowest length of a bucket. */
  readonly interval?: string;
  readonly fieldConfig: { readonly defaults: { readonly noValue?: string } };
  readonly datasource: { readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly (Queried & { readonly refId: string })[];
}
interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations?: { readonly list: readonly (Queried & { readonly name: string })[] };
}

const folder = join(import.meta.dirname, '../../dashboards');
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
const dashboards = files.map((name) => ({
  name,
  text: readFileSync(join(folder, name), 'utf8'),
  dashboard: JSON.parse(readFileSync(join(folder, name), 'utf8')) as Dashboard,
}));

const minuteMs = 60_000;
const servers = ['server:hv-01', 'server:plug-a/0'];
const scopes = ['room', 'feed:A', 'breaker:A1', 'rack:r1', ...servers];
/** All of whose outlets were plugged in elsewhere later: nothing is known of them any more, and rows say so. */
const left = ['server:left-1', 'feed:left-2', 'breaker:left-3', 'rack:left-4'];
/** What a user would have picked in Grafana. */
const picked: Readonly<Record<string, string>> = {
  server: 'server:hv-01',
  scope: '(server:hv-01|server:plug-a\\/0)',
  device: 'rack/pdu-a',
  outlet: '7',
  timezone: 'Europe/London',
  currency: 'GBP',
  price: '0.30',
  grams: '250',
};

describe('the dashboards for Grafana', () => {
  let influxd: Influxd;

  beforeAll(async () => {
    influxd = await startInfluxd();
    const forever = { rawMs: Number.POSITIVE_INFINITY, minuteMs: Number.POSITIVE_INFINITY };
    const options = { url: influxd.url, database: 'rackwatt', retention: forever };
    // The room was elsewhere before.
    for (const timezone of ['Asia/Kathmandu', 'Europe/London']) {
      const store = new InfluxStore({ ...options, room: { timezone, currency: 'GBP' } });
      await store.open();
      if (timezone === picked.timezone) await fill(store);
      await store.close();
    }
  });
  afterAll(() => influxd.stop());

  it('are four, each with a uid of its own', () => {
    expect(dashboards.map(({ dashboard }) => dashboard.uid).sort()).toEqual([
      'rackwatt-idle-cost',
      'rackwatt-room',
      'rackwatt-server',
      'rackwatt-starts',
    ]);
  });

  describe.each(dashboards)('$name', ({ dashboard, text }) => {
    const { panels, templating, annotations } = dashboard;
    const names = templating.list.map(({ name }) => name);

    it.each(
      panels.flatMap(({ title, targets }) =>
        targets.map(({ refId, query }) => [title, refId, query] as const),
      ),
    )('gets rows for the panel "%s", query %s', async (_title, _refId, query) => {
      const rows = await ask(influxd, shown(query, names));
      expect(rows.length).toBeGreaterThan(0);
      expect(JSON.stringify(rows)).not.toContain('left-');
      // A field nobody writes comes as null, beside those that are there.
      for (const column of rows[0]!.keys())
        expect(
          rows.some((row) => row[column] !== null),
          `column ${column} of ${query}`,
        ).toBe(true);
    });

    it.each([
      ...templating.list
        .filter(({ type }) => type === 'query')
        .map(({ name, query }) => [name, query] as const),
      ...(annotations?.list ?? []).map(({ name, query }) => [name, query] as const),
    ])('gets rows for "%s", which is no panel', async (_name, query) => {
      expect((await ask(influxd, shown(query, names))).length).toBeGreaterThan(0);
    });

    it('says of each panel what it shows, and what an empty one means', () => {
      for (const { title, description, fieldConfig } of panels) {
        expect(description, title).toMatch(/\w/);
        expect(fieldConfig.defaults.noValue, title).toMatch(/./);
      }
    });

    it('asks for no shorter buckets than the tier has', () => {
      const shortest = { raw: ['10s'], minute: ['1m'], quarter: ['15m', '1h'] };
      for (const { title, interval, targets } of panels)
        for (const { query } of targets.filter((target) => target.query.includes('$__interval'))) {
          const [, tier] = /FROM "(raw|minute|quarter)"/.exec(query)!;
          expect(shortest[tier as keyof typeof shortest], title).toContain(interval);
        }
    });

    it('groups days and hours in the zone picked', () => {
      for (const { query } of panels.flatMap(({ targets }) => targets))
        if (/sum\("\w*watt_hours"\).* time\(|time\(1d\)/.test(query))
          expect(query).toContain("tz('$timezone')");
    });

    it('leads on to dashboards that there are, with time and variables kept', () => {
      const uids = dashboards.map((other) => other.dashboard.uid);
      for (const [url, uid] of text.matchAll(/\/d\/([\w-]+)\?[^"]*/g)) {
        expect(uids).toContain(uid);
        expect(url).toContain('${datasource:queryparam}&${timezone:queryparam}&${__url_time_range}');
      }
    });

    it('asks the data source that was picked, and names none of an instance', () => {
      expect(names[0]).toBe('datasource');
      const queried = [...panels, ...panels.flatMap(({ targets }) => targets), ...(annotations?.list ?? [])];
      for (const { datasource } of queried) expect(datasource.uid).toBe(`\${datasource}`);
      expect(text).not.toMatch(/hv-01|pdu-a|plug-a|127\.0\.0\.1|http:/);
    });

    it('has panels that neither share a number nor overlap', () => {
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
      const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
      );
      expect(new Set(cells).size).toBe(cells.length);
      for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    });

    it('asks for nothing but what is written', () => {
      const fields = [
        ...Object.values(readingFields),
        ...Object.values(rollUpFields),
        ...Object.values(eventFields).flatMap(Object.keys),
      ];
      const known = new Set([...fields, 'scope', 'device', 'outlet', 'v', 'energy']);
      const policies = ['raw', 'reading', 'minute', 'quarter', 'events', 'start', 'idle', 'alert'];
      for (const { targets } of panels)
        for (const { query } of targets)
          for (const [, name] of query.matchAll(/"([^"]+)"/g))
            expect([...known, ...policies], query).toContain(name);
    });

    it('uses every variable it offers', () => {
      for (const { name } of templating.list.slice(1)) expect(text).toMatch(new RegExp(`\\$${name}\\b`));
    });
  });

  it('lists the servers to choose from', async () => {
    const { dashboard } = dashboards.find(({ name }) => name === 'server.json')!;
    const { query } = dashboard.templating.list.find(({ name }) => name === 'server')!;
    // Also one that has no outlet any more: its history stays.
    expect((await ask(influxd, query)).map(([, scope]) => scope)).toEqual(
      [...servers, 'server:left-1'].sort(),
    );
  });

  it('know the zone and the currency of the room, as they are now', async () => {
    for (const [key, value] of [
      ['timezone', 'Europe/London'],
      ['currency', 'GBP'],
    ] as const) {
      const query = `SHOW TAG VALUES FROM "events"."rackwatt" WITH KEY = "${key}"`;
      expect(await ask(influxd, query)).toEqual([[key, value]]);
    }
  });

  it('shows figures in their natural units, closer than the meter tells them', async () => {
    const query = 'SELECT last("watts"), last("amps") FROM "raw"."reading" WHERE time > now() - 1h';
    const [row] = await ask(influxd, query);
    expect(Math.abs((row![1] as number) - 104.3)).toBeLessThan(0.05);
    expect(Math.abs((row![2] as number) - 0.453)).toBeLessThan(0.0005);
  });

  it('are found by the provisioning files', () => {
    const source = parse(readFileSync(join(folder, 'provisioning/datasources/rackwatt.yaml'), 'utf8'));
    expect(source.datasources[0]).toMatchObject({ type: 'influxdb', jsonData: { dbName: 'rackwatt' } });
    const provider = parse(readFileSync(join(folder, 'provisioning/dashboards/rackwatt.yaml'), 'utf8'));
    expect(provider.providers[0].options.path).toMatch(/dashboards/);
    const readme = readFileSync(join(folder, 'README.md'), 'utf8');
    for (const name of files) expect(readme).toContain(`\`${name}\``);
  });
});

/** As Grafana sends it for the last 24 hours. */
function shown(query: string, variables: readonly string[]): string {
  const text = query
    .replaceAll('${__from}', String(Date.now() - 24 * 3_600_000))
    .replaceAll('${__to}', String(Date.now()))
    .replaceAll('$timeFilter', 'time >= now() - 24h AND time <= now()')
    .replaceAll('$__interval', '5m')
    .replaceAll(/\$(\w+)/g, (whole, name: string) => (variables.includes(name) ? picked[name]! : whole));
  expect(text).not.toMatch(/\$\w/);
  return text;
}

async function ask(influxd: Influxd, query: string): Promise<unknown[][]> {
  const answer = await fetch(`${influxd.url}/query?${new URLSearchParams({ db: 'rackwatt', q: query })}`);
  const { results } = (await answer.json()) as {
    results: { error?: string; series?: { tags?: Record<string, string>; values: unknown[][] }[] }[];
  };
  expect(results[0]?.error).toBeUndefined();
  return (
    results[0]?.series?.flatMap(({ tags, values }) =>
      values.map((row) => [...row, ...Object.values(tags ?? {})]),
    ) ?? []
  );
}

/** Through the service's own writer, all that it writes. */
async function fill(store: InfluxStore): Promise<void> {
  const nowMs = Date.now();
  const batch = store.readingBatch();
  const figures = { watts: 104.3, volts: 230.1, amps: 0.453, powerFactor: 0.97, wattHoursTotal: 1234.5 };
  for (let i = 1; i <= 60; i += 1) batch.add(reading('rack/pdu-a/7', nowMs - i * minuteMs, figures));
  await store.write(batch.encode());
  for (const tier of ['minute', 'quarter'] as const)
    await store.write(store.encodeRollUps(tier, rollUpsOf(tier, nowMs)));
  const gone = { wattsMean: 0, wattsMin: 0, wattsMax: 0, wattHours: 0, observedMs: 0 };
  for (const tier of ['minute', 'quarter'] as const) {
    const fromMs = (Math.floor(nowMs / tierStepMs[tier]) - 2) * tierStepMs[tier];
    await store.write(
      store.encodeRollUps(
        tier,
        left.map((scope) => ({ scope, fromMs, ...gone })),
      ),
    );
  }
  await store.write(store.encodeEvents([alertEvent(firingAlert('breaker:A1', nowMs - 15 * minuteMs))]));
  const starts = servers.map((scope, i) =>
    completeStart(announcedStart(scope, nowMs - (i + 1) * 10 * minuteMs), {}),
  );
  await store.write(store.encodeEvents(starts.map(startEvent)));
  const changes = servers.map((scope) =>
    idleEvent(scope, nowMs - 30 * minuteMs, { change: 'moved', fromWatts: 80 }),
  );
  await store.write(store.encodeEvents(changes));
  await store.write(
    store.encodeIdle(
      servers.map((scope) => idleVerdict(scope)),
      nowMs - 20 * minuteMs,
    ),
  );
}

function rollUpsOf(tier: RollUpTier, nowMs: number) {
  const stepMs = tierStepMs[tier];
  const lastMs = Math.floor(nowMs / stepMs) * stepMs - stepMs;
  const wattHours = (100 * stepMs) / 3_600_000;
  const parts = {
    counterWattHours: 0.75 * wattHours,
    integratedWattHours: 0.25 * wattHours,
    spreadWattHours: 0,
    spreadMs: 0,
  };
  return scopes.flatMap((scope) =>
    Array.from({ length: 8 }, (_, i) => ({
      scope,
      fromMs: lastMs - i * stepMs,
      wattsMean: 100,
      wattsMin: 90,
      wattsMax: 120,
      wattHours,
      observedMs: stepMs,
      ...(tier === 'quarter' ? parts : {}),
    })),
  );
}
