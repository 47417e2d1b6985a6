import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RollUpTier, tierStepMs } from '../../src/model/roll-up.ts';
import { InfluxStore } from '../../src/store/influx/influx-store.ts';
import { type Influxd, startInfluxd } from '../servers/influxd.ts';

interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly refId: string; readonly query: string }[];
}
interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly query: string }[];
  };
}

const scopes = ['room', 'feed:A', 'rack:r1', 'server:hv-01', 'server:plug-a/0'];
const dashboard = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../dashboards/room.json'), 'utf8'),
) as Dashboard;

describe('the Grafana dashboard room.json', () => {
  let influxd: Influxd;

  beforeAll(async () => {
    influxd = await startInfluxd();
    const store = new InfluxStore({
      url: influxd.url,
      database: 'rackwatt',
      retention: { rawMs: Number.POSITIVE_INFINITY, minuteMs: Number.POSITIVE_INFINITY },
    });
    await store.open();
    for (const tier of ['minute', 'quarter'] as const)
      await store.write(store.encodeRollUps(tier, rowsOf(tier)));
    await store.close();
  });
  afterAll(() => influxd.stop());

  it.each(
    dashboard.panels.flatMap(({ title, targets }) =>
      targets.map(({ refId, query }) => [title, refId, query] as const),
    ),
  )('gets rows for the panel "%s", query %s', async (_title, _refId, query) => {
    const rows = await ask(
      query
        .replaceAll('$timeFilter', 'time >= now() - 24h AND time <= now()')
        .replaceAll('$__interval', '5m')
        .replaceAll('$server', 'server:hv-01'),
    );
    expect(rows.length).toBeGreaterThan(0);
  });

  it('offers every server to choose from', async () => {
    const { query } = dashboard.templating.list.find(({ name }) => name === 'server')!;
    expect((await ask(query)).map(([, scope]) => scope)).toEqual(['server:hv-01', 'server:plug-a/0']);
  });

  async function ask(query: string): Promise<unknown[][]> {
    const answer = await fetch(`${influxd.url}/query?${new URLSearchParams({ db: 'rackwatt', q: query })}`);
    const { results } = (await answer.json()) as {
      results: { error?: string; series?: { values: unknown[][] }[] }[];
    };
    expect(results[0]?.error).toBeUndefined();
    return results[0]?.series?.flatMap(({ values }) => values) ?? [];
  }
});

function rowsOf(tier: RollUpTier) {
  const stepMs = tierStepMs[tier];
  const lastMs = Math.floor(Date.now() / stepMs) * stepMs - stepMs;
  return scopes.flatMap((scope) =>
    Array.from({ length: 8 }, (_, i) => ({
      scope,
      fromMs: lastMs - i * stepMs,
      wattsMean: 100,
      wattsMin: 90,
      wattsMax: 120,
      wattHours: (100 * stepMs) / 3_600_000,
      observedMs: stepMs,
    })),
  );
}
