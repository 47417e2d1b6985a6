import * as mqtt from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  AlertsAnswer,
  DevicesAnswer,
  EnergyAnswer,
  IdleAnswer,
  RoomAnswer,
  StartRow,
  StartsAnswer,
  TreeAnswer,
} from '../../src/api/shapes.ts';
import { runApp, scratchFolder, type TestedApp, until } from '../room/running.ts';
import { SteppedClock } from '../room/stepped-clock.ts';
import { eventually, findingsIn, type LookedAt, overflows, soon, textOf, useBrowser } from './opened-page.ts';

/** The service as it is shipped, with its demo room, and the page as it is shipped, in one window. */

const browser = useBrowser();
/** Minutes pass for the demo's meters too: none falls silent. */
const clock = new SteppedClock();
let app: TestedApp;
let looked: LookedAt;

beforeAll(async () => {
  app = await runApp({ RACKWATT_DEMO_RUN: 'always' }, scratchFolder(), browser.folder, clock);
  // Until the store answers the browser would complain of 503.
  await until('it is ready', async () => (await app.get('/readyz')).status === 200);
  await until('the room is measured', async () => (await room()).room?.basis !== 'unknown');
  await until('the idler is known', async () =>
    (await answer<IdleAnswer>('idle')).rows.some(({ verdict }) => verdict === 'high'),
  );
  await startOf('rig');
  looked = await browser.look(app.httpUrl);
});

/** W at each second: off, a surge, settled, and off again, with which a start is complete. */
const drawAt = (second: number) => (second < 60 || second > 180 ? 4 : second < 65 ? 410 : 160 + (second % 3));

/** A plug beside those of the demo, and what hangs on it starts: the demo's own machines may do so an hour from now. */
async function startOf(plug: string): Promise<void> {
  const client = await mqtt.connectAsync(app.brokerUrl);
  const starts = async () =>
    (await answer<Partial<StartsAnswer>>(`starts?scope=server:${plug}/0`)).rows ?? [];
  for (let second = 0; second < 600 && !(await starts())[0]?.complete; second += 5) {
    const ENERGY = { Power: drawAt(second), Voltage: 230, Current: 1 };
    const sentMs = clock.nowMs();
    await client.publishAsync(`tele/${plug}/SENSOR`, JSON.stringify({ ENERGY }), { qos: 1 });
    // It is dated when it is read: time may pass only then, or several would be of one moment.
    await until('it is read', async () => ((await room())[`server:${plug}/0`]?.atMs ?? 0) >= sentMs);
    await until('it is durable', () => app.counts().store.queuedReadings === 0);
    await clock.pass(5_000);
  }
  await client.endAsync();
  await until('a start is complete', async () => (await starts())[0]?.complete);
}

afterAll(async () => {
  await looked?.[Symbol.asyncDispose]();
  await app?.dispose();
  clock.stop();
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

/** Of each figure there something says how it is known and how old it is: beside it, or in its title. */
async function expectKnown(selector: string, how: RegExp): Promise<void> {
  await expect
    .poll(async () => {
      const texts = await looked.page
        .locator(selector)
        .evaluateAll((all) => all.map((one) => `${(one as HTMLElement).title} ${one.textContent}`));
      return texts.length === 0 ? ['nothing there'] : texts.map(plain).filter((text) => !how.test(text));
    }, soon)
    .toEqual([]);
}

interface View {
  readonly title: string;
  readonly headings: string[];
  /** Of its figures: what must stand there, or in their title, of each, so that age and basis are known. */
  readonly known: Readonly<Record<string, RegExp>>;
  /** Shows what the API says. */
  isTrue(): Promise<void>;
}

const heard = /measured, \d+ \S+ ago|at least: .*, \d+ \S+ ago|stale, last heard \d+|never heard/;

/** Of each view: where it is, what it is called, its headings, how its figures are known. */
const views: Record<string, View> = {
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
    known: {
      '.total .hint': / \d+ \S+ ago|summed up from the watts read, known for [\d.]+%/,
      '.feed h3': heard,
      '.gauge': heard,
      '.feeds .known': /^\d+ (measured|at least).*; each heard within \d+ \S+\.$/,
      '.rack': heard,
      '.racks-panel .known': /^\d+ (measured|at least).*; each heard within \d+ \S+\.$/,
      '.server .col-age': /\d+ s|\d+ min|never/,
      '.server .col-idle:not(:has(.unknown))': /\d+ (h|d) watched, (sure|fairly sure|rough)/,
      '.servers-head .col-today': /summed up from the watts read/,
    },
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
    known: {
      '.server-facts > .hint >> nth=0':
        /Newest reading \d+ \S+ ago, measured\. Today is summed up from .* known for [\d.]+%/,
      '.server-inputs-panel li': heard,
      '.server-idle .hint >> nth=-1':
        /A year is estimated: .* watched, (sure|fairly sure).* As of \d\d:\d\d:\d\d/,
    },
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
    known: {
      '.energy-facts .hint': /As of \d\d:\d\d:\d\d/,
      '.energy-method ul >> nth=0': /\d+% (counted|integrated|spread)/,
      '.energy-ranking tbody td:last-child': /\d+% (counted|integrated|spread).* [\d.]+%/,
      '[aria-labelledby="bars-title"] tbody tr:not(:has(td[colspan])) td:last-child':
        /\d+% (counted|integrated|spread).* [\d.]+%/,
    },
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
    known: {
      '.start-when time': /\d\d:\d\d/,
      '.start-basis': /^measured|lower bound, read every \d/,
    },
    async isTrue() {
      // Another one may come at any moment.
      await expect
        .poll(async () => {
          const { rows } = await answer<StartsAnswer>('starts');
          const complete = rows.filter((start) => start.complete);
          const seen = await startsSeen();
          const differ = complete.flatMap((start, i) => differences(start, seen[i]));
          return [
            await shown('.starts-panel .count'),
            seen.length > 0,
            seen.length - complete.length,
            differ,
          ];
        }, soon)
        .toEqual([expect.stringMatching(/^\d+ in the last 7 days$/), true, 0, []]);
      const { rows } = await answer<StartsAnswer>('starts');
      await eventually(looked.page, '.starts-panel .count').toBe(`${rows.length} in the last 7 days`);
    },
  },
  idle: {
    title: 'Idle',
    headings: ['Idling costs this room a year', 'Who burns most doing nothing'],
    known: {
      '.idle-totals .hint': /^Estimated, of \d+ servers: .* As of \d\d:\d\d:\d\d/,
      '.idle tbody .idle-watched': /Confidence \d+% \d.*(sure|fairly sure|rough)/,
    },
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
    known: { '.alert-facts': /for \d+ .*since \d|, for \d+/ },
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
    known: { '.device-grid [data-label="Last heard"]': /\d+ \S+ ago|never live/ },
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

const plain = (text: string) => text.replaceAll('\u00a0', ' ').replace(/\s+/g, ' ').trim();

const numbersIn = (text: string) =>
  (text.match(/\d[\d,]*(?:\.\d+)?/g) ?? []).map((one) => Number(one.replaceAll(',', '')));

/** The complete starts as the table shows them, each cell as text. */
async function startsSeen(): Promise<Record<string, string>[]> {
  const rows = await looked.page
    .locator('.start[data-phase="complete"]')
    .evaluateAll((all) =>
      all.map((row) =>
        [...row.querySelectorAll('td')].map((cell) => [
          cell.dataset.label ?? cell.className,
          cell.textContent,
        ]),
      ),
    );
  return rows.map((cells) => Object.fromEntries(cells.map(([name, text]) => [name, plain(text!)])));
}

/** In what a start is shown otherwise than the API tells it, as far as rounding goes. */
function differences(start: StartRow, seen: Record<string, string> | undefined): string[] {
  if (!seen) return [`${start.id} is not shown`];
  const [from, peak, settled] = numbersIn(seen['start-levels figure']!);
  const near = (shown: number | undefined, truth: number) =>
    Math.abs(shown! - truth) <= (Math.abs(truth) < 9.95 ? 0.05 : 0.5) + 1e-9;
  const [energy] = numbersIn(seen.Energy!);
  const [first, second = 0] = numbersIn(seen['Settled after']!);
  const seconds = seen['Settled after']!.includes('min') ? first! * 60 + second : first!;
  const is: Record<string, boolean> = {
    name: start.scope === `server:${seen['start-server']}`,
    levels: near(from, start.fromWatts) && near(peak, start.peakWatts) && near(settled, start.settledWatts!),
    ratio: near(numbersIn(seen.Ratio!)[0], start.peakWatts / start.settledWatts!),
    settledAfter: Math.abs(seconds - start.settleMs! / 1_000) <= 0.5,
    energy: Math.abs((energy! * (seen.Energy!.includes('kWh') ? 1_000 : 1)) / start.wattHours! - 1) < 0.01,
    peakIs: seen['Peak is']!.startsWith(start.peakIs === 'measured' ? 'measured' : 'lower bound, read every'),
  };
  return Object.keys(is).flatMap((what) =>
    is[what] ? [] : [`${what} of ${start.id}: ${JSON.stringify(seen)}`],
  );
}

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
    async (path, { title, headings, known, isTrue }) => {
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
      for (const [selector, how] of Object.entries(known)) await expectKnown(selector, how);
      await page.emulateMedia({ colorScheme: 'dark' });
      const wrong = await overflows(page, viewports);
      wrong.push(...(await findingsIn(page, ['light', 3840], ['dark', 1280], ['light', 390])));
      expect(wrong).toEqual([]);
      expect(complaints).toEqual([]);
    },
    90_000,
  );
});
