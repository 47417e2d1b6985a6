import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  AlertsAnswer,
  DevicesAnswer,
  EnergyAnswer,
  IdleAnswer,
  RoomAnswer,
  StartsAnswer,
  TreeAnswer,
} from '../../src/api/shapes.ts';
import { runApp, scratchFolder, type TestedApp, until } from '../room/running.ts';
import { eventually, findingsIn, type LookedAt, overflows, soon, textOf, useBrowser } from './opened-page.ts';

/** The service as it is shipped, with its demo room, and the page as it is shipped, in one window. */

const browser = useBrowser();
let app: TestedApp;
let looked: LookedAt;

beforeAll(async () => {
  app = await runApp({ RACKWATT_DEMO_RUN: 'always' }, scratchFolder(), browser.folder);
  // Until the store answers the browser would complain of 503.
  await until('it is ready', async () => (await app.get('/readyz')).status === 200, 50_000);
  await until('the room is measured', async () => (await room()).room?.basis !== 'unknown', 50_000);
  await until(
    'the idler is known',
    async () => (await answer<IdleAnswer>('idle')).rows.some(({ verdict }) => verdict === 'high'),
    50_000,
  );
  looked = await browser.look(app.httpUrl);
}, 120_000);

afterAll(async () => {
  await looked?.[Symbol.asyncDispose]();
  await app?.dispose();
});

const answer = async <T>(path: string) => (await app.get(`/api/v1/${path}`)).body as T;
const room = async () => (await answer<RoomAnswer>('room')).figures;
const shown = (selector: string) => textOf(looked.page, selector);
const countOf = (selector: string) => looked.page.locator(selector).count();

/** A figure as it is read, in W, Wh or A. */
function read(text: string): number {
  const [, number, kilo] = /(-?[\d,]+(?:\.\d+)?) (k?)(?:Wh|W|A)\b/.exec(text) ?? [];
  return Number(number?.replaceAll(',', '')) * (kilo === 'k' ? 1_000 : 1);
}

/** What is shown there is what the API says, as near as a figure that changes each second and is rounded can be. */
async function expectShown(selector: string, truth: () => Promise<number>): Promise<void> {
  await expect
    .poll(async () => Math.abs(read(await shown(selector)) / (await truth()) - 1), soon)
    .toBeLessThan(0.02);
}

/** Of each view: where it is, what it is called, its headings, and whether it shows what the API says. */
const views: Record<string, { title: string; headings: string[]; isTrue(): Promise<void> }> = {
  '': {
    title: '',
    headings: [
      'Room now',
      'Room total',
      'Attention',
      'Feeds and breakers',
      'Racks',
      'Last starts',
      'Servers',
    ],
    async isTrue() {
      const { feeds, racks, servers, unclaimed } = await answer<TreeAnswer>('tree');
      await expectShown('.total-watts', async () => (await room()).room!.watts!);
      await expectShown('.total .facts', async () => (await room()).room!.todayWattHours!);
      for (const [i, { name }] of feeds.entries()) {
        await expectShown(`.feed >> nth=${i} >> h3`, async () => (await room())[`feed:${name}`]!.watts!);
      }
      expect(await countOf('.rack')).toBe(racks.length);
      expect(await shown('#servers-title + .count')).toBe(String(servers.length + unclaimed.length));
      const named = await looked.page.locator('.server .server-link').allInnerTexts();
      expect(named).toEqual(expect.arrayContaining(servers.map(({ name }) => name)));
      // The supply that is dead and the plug that is silent are neither hidden nor shown as nothing.
      expect(await shown('.attention')).toContain('plug-lab-02');
    },
  },
  'server/old-erp-01': {
    title: 'old-erp-01',
    headings: ['old-erp-01', 'Inputs', 'Idle', 'Starts'],
    async isTrue() {
      await expectShown(
        '.server-facts .total-watts',
        async () => (await room())['server:old-erp-01']!.watts!,
      );
      const { servers } = await answer<TreeAnswer>('tree');
      const inputs = servers.find(({ name }) => name === 'old-erp-01')!.inputs;
      expect(await countOf('.server-inputs-panel li')).toBe(inputs.length);
      for (const { outlet } of inputs) expect(await shown('.server-inputs-panel')).toContain(outlet);
    },
  },
  'energy?period=day': {
    title: 'Energy',
    headings: ['Energy', 'How this is known', 'Each hour'],
    async isTrue() {
      const csv = new URL(
        (await looked.page.getByRole('link', { name: 'CSV' }).getAttribute('href'))!,
        app.httpUrl,
      );
      const asked = ['from', 'to'].map((name) => `${name}=${csv.searchParams.get(name)}`).join('&');
      await expectShown('.energy-facts dd >> nth=0', async () => {
        const { totals } = await answer<EnergyAnswer>(`energy?scope=room&by=hour&${asked}`);
        return totals![0]!.wattHours!;
      });
    },
  },
  starts: {
    title: 'Starts',
    headings: ['Starts'],
    async isTrue() {
      const { rows } = await answer<StartsAnswer>('starts');
      await expect.poll(() => countOf('.start'), soon).toBeGreaterThanOrEqual(Math.min(rows.length, 1));
      if (rows.length === 0) expect(await shown('.starts-panel')).toContain('No start in the last 7 days');
      else expect(await shown('.starts-panel .count')).toBe(`${rows.length} in the last 7 days`);
    },
  },
  idle: {
    title: 'Idle',
    headings: ['Idling costs this room a year', 'Who burns most doing nothing'],
    async isTrue() {
      const { rows } = await answer<IdleAnswer>('idle');
      const judged = rows.filter(({ verdict }) => verdict !== 'learning');
      await eventually(looked.page, '#ranked-title + .count').toBe(String(judged.length));
      expect(await shown('.idle tbody tr >> nth=0 >> .server-link')).toBe(judged[0]!.scope.slice(7));
      await expectShown('.idle-watts >> nth=0', async () => judged[0]!.idleWatts!);
      const yearWattHours = judged.reduce((sum, row) => sum + (row.yearWattHours ?? 0), 0);
      await expectShown('.idle-totals .big-facts dd >> nth=0', async () => yearWattHours);
    },
  },
  alerts: {
    title: 'Alerts',
    headings: ['Firing', 'Resolved', 'Silences', 'Who is told', 'Rules, and why they do not fire'],
    async isTrue() {
      await expect
        .poll(async () => {
          const { rows } = await answer<AlertsAnswer>('alerts?state=firing');
          const texts = await shown('.alert[data-state="firing"] .alert-text');
          return rows.filter(({ text }) => !texts.includes(text.slice(0, 20)));
        }, soon)
        .toEqual([]);
      expect(await shown('.alert[data-state="firing"] .alert-text')).toContain('old-erp-01');
    },
  },
  devices: {
    title: 'Devices',
    headings: ['Devices'],
    async isTrue() {
      const { rows } = await answer<DevicesAnswer>('devices');
      const known = rows.filter(({ device }) => device !== '?');
      const outlets = known.reduce((sum, row) => sum + row.outlets.length, 0);
      await eventually(looked.page, '#devices-title + .count').toContain(
        `${known.length} devices · ${outlets} outlets`,
      );
      expect(await shown('.device-grid:has(strong:text-is("plug-lab-02"))')).toMatch(/offline|silent/);
    },
  },
};

/** Phone, laptop, wall, large wall. */
const viewports = [
  [390, 844],
  [1280, 800],
  [1920, 1080],
  [3840, 2160],
] as const;

describe('of the demo room', () => {
  it.each(Object.entries(views))(
    '"%s" shows what the API says, fits phone, laptop and walls in dark and light, and axe finds nothing serious',
    async (path, { title, headings, isTrue }) => {
      const { page, complaints } = looked;
      await eventually(page, '.link').toBe('Live');
      await page.goto(`${app.httpUrl}/#/${path}`);
      await expect
        .poll(() => page.locator('h2').allInnerTexts(), soon)
        .toEqual(expect.arrayContaining(headings));
      expect(await page.locator('h1').allInnerTexts()).toEqual(['Demo server room']);
      const titles = [title, 'Demo server room', 'rackwatt'].filter(Boolean).join(' · ');
      expect((await page.title()).replace(/^\(\d+\) /, '')).toBe(titles);
      await isTrue();
      await page.emulateMedia({ colorScheme: 'dark' });
      const wrong = await overflows(page, viewports);
      wrong.push(...(await findingsIn(page, ['light', 3840], ['dark', 1280], ['light', 390])));
      expect(wrong).toEqual([]);
      expect(complaints).toEqual([]);
    },
    90_000,
  );
});
