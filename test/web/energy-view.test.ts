import { describe, expect, it } from 'vitest';
import { makeEnergy } from './made-energy.ts';
import { makeRoom } from './made-room.ts';
import { eventually, hashOf, type Look, soon, textOf, useBrowser } from './opened-page.ts';
import type { RoomScript } from './room-server.ts';

const browser = useBrowser();

const open = (hash: string, script: RoomScript = steadyRoom(), look?: Look) =>
  browser.open(script, hash, look);

/** Ten servers that draw 100, 200 … 1,000 W, and everything above them. */
function steadyRoom(serverCount = 10): RoomScript {
  const script = makeRoom(serverCount);
  for (const [scope, figure] of script.figures) {
    const number = Number(scope.slice(-3));
    if (scope.startsWith('server:')) script.figures.set(scope, { ...figure, watts: 100 * (number + 1) });
  }
  const watts = [...script.figures]
    .filter(([scope]) => scope.startsWith('server:'))
    .reduce((sum, [, figure]) => sum + figure.watts!, 0);
  script.figures.set('room', { ...script.figures.get('room')!, watts });
  return script;
}

const asksFor = (opened: { server: { asked: string[] } }, text: string) =>
  opened.server.asked.filter((path) => path.startsWith('energy') && decodeURIComponent(path).includes(text));

describe('the Energy view', () => {
  it('shows a past month by servers: bars for each day, the most first, the rest together, against the month before', async () => {
    await using opened = await open('#/energy?date=2026-03&by=server');
    const { page, complaints } = opened;
    // 31 days of 5.5 kW, one of them an hour short.
    await eventually(page, '.energy-facts').toMatch(
      /Energy 4,087 kWh \+10% Cost €1,021\.63 \+10% CO₂e 817 kg \+10% Peak of 15 min 4\.32 kW Sun 1 Mar, 00:00 Load factor 72% Known 100%/,
    );
    expect(await textOf(page, '.energy-facts')).toContain(
      'Compared with the month before: 3,715 kWh, €928.75.',
    );
    expect(await textOf(page, '.energy-span')).toBe('March 2026');
    expect(await page.locator('.energy-slot').count()).toBe(31);
    expect(await page.locator('.energy-bar').count()).toBe(31);
    await expect.poll(() => page.locator('.energy-slot >> nth=0 >> .energy-piece').count(), soon).toBe(9);
    expect(await textOf(page, '.energy-chart .chart-legend')).toBe(
      'srv-009 srv-008 srv-007 srv-006 srv-005 srv-004 srv-003 srv-002 2 others the month before',
    );
    expect(await textOf(page, '.energy-ranking tbody tr >> nth=0')).toBe(
      'srv-009 18% 743.0 kWh €185.75 149 kg +10% 100%',
    );
    expect(await page.locator('.energy-ranking tbody tr').count()).toBe(10);
    expect(await textOf(page, '.energy-method')).toMatch(
      /75% counted: .*20% integrated: .*5\.0% spread: .*Cost in EUR: .*fixed €40\.00, tax on them €8\.00\. The demand charge is told of whole months\..*CO₂e: location-based, average, life-cycle; 200 g\/kWh \(somebody, standing in: the figure of 2024\).*clock of Europe\/London/,
    );
    expect(complaints).toEqual([]);
  });

  it('stands wholly in the address, is changed there, and leads back', async () => {
    await using opened = await open('#/energy?date=2026-03-29&period=day&by=feed&measure=cost');
    const { page, complaints } = opened;
    await eventually(page, '.energy-span').toBe('Sunday, 29 March 2026');
    // The clocks are put forward: one hour is missing.
    await expect.poll(() => page.locator('.energy-slot').count(), soon).toBe(23);
    await eventually(page, '.energy-chart h2').toBe('Cost');
    await page.getByRole('radio', { name: 'CO₂' }).check();
    await eventually(page, '.energy-chart h2').toBe('CO₂');
    expect(await hashOf(page)).toBe('#/energy?date=2026-03-29&period=day&by=feed&measure=carbon');
    await page.getByRole('link', { name: 'The day before' }).click();
    await eventually(page, '.energy-span').toBe('Saturday, 28 March 2026');
    await expect.poll(() => page.locator('.energy-slot').count(), soon).toBe(24);
    await page.getByRole('radio', { name: 'Year', exact: true }).check();
    await eventually(page, '.energy-span').toBe('2026');
    await page.getByRole('combobox', { name: /^Bars/ }).selectOption('week');
    await eventually(page, '#bars-title').toBe('Each week');
    await page.getByRole('combobox', { name: /^By/ }).selectOption('breaker');
    await eventually(page, '#ranking-title').toBe('By breaker');
    // What the calendar of the browser would do.
    await page.evaluate(() => {
      HTMLInputElement.prototype.showPicker = function () {
        this.value = '2025-12-24';
        this.dispatchEvent(new Event('change', { bubbles: true }));
      };
    });
    await page.getByRole('button', { name: 'Go to a day' }).click();
    await eventually(page, '.energy-span').toBe('2025');
    await page.getByRole('link', { name: 'Now', exact: true }).click();
    await eventually(page, '.energy-span').toBe(String(new Date().getFullYear()));
    await page.goBack();
    await eventually(page, '.energy-span').toBe('2025');
    expect(complaints).toEqual([]);
  });

  it('leads from a month to a day by a click, by keys, and by its table', async () => {
    await using opened = await open('#/energy?date=2026-03');
    const { page } = opened;
    await eventually(page, '.energy-chart h2').toBe('Energy');
    await page.locator('.energy-slot >> nth=4').click();
    await eventually(page, '.energy-span').toBe('Thursday, 5 March 2026');
    await page.goBack();
    await eventually(page, '.energy-span').toBe('March 2026');
    await page.locator('.energy-plot').focus();
    await page.keyboard.press('End');
    await eventually(page, '.readout').toBe('Tuesday, 31 March 2026: 132.0 kWh · €33.00 · 26 kg CO₂');
    await page.keyboard.press('Enter');
    await eventually(page, '.energy-span').toBe('Tuesday, 31 March 2026');
    await page.goBack();
    await page.getByRole('link', { name: 'Mon 2 Mar' }).click();
    await eventually(page, '.energy-span').toBe('Monday, 2 March 2026');
  });

  it('draws what is not known as a gap, what is partly known hatched, and compares neither', async () => {
    const script = steadyRoom();
    const nothing = { counter: null, integrated: null, spread: null };
    const gone = { wattHours: null, cost: null, grams: null, coverage: 0, parts: nothing };
    const firstMs = Date.UTC(2026, 1, 1);
    script.energy = (asked) =>
      makeEnergy(script, asked, ({ fromMs }) => {
        const day = (fromMs - firstMs) / 86_400_000;
        if (day >= 0 && day < 5) return gone;
        return day === 7 ? { coverage: 0.4 } : {};
      });
    await using opened = await open('#/energy?date=2026-02&by=room', script);
    const { page } = opened;
    await expect.poll(() => page.locator('.energy-bar').count(), soon).toBe(23);
    expect(await page.locator('.energy-unknown').count()).toBe(5);
    expect(await page.locator('.energy-bar[data-partly="true"]').count()).toBe(1);
    expect(await textOf(page, '.energy-table tbody tr >> nth=0')).toBe('1 – 5 Feb nothing known');
    expect(await textOf(page, '.energy-facts')).toMatch(
      /Known 80% Not compared: this time is known for 80% of its time only.* is in no sum\./,
    );
    expect(await textOf(page, '.difference')).not.toContain('%');
  });

  it('shows the days to come as empty, the one under way as such, and is asked again', async () => {
    await using opened = await open('#/energy?period=week&by=room');
    const { page } = opened;
    await expect.poll(() => page.locator('.energy-slot').count(), soon).toBe(7);
    const weekday = (new Date().getUTCDay() + 6) % 7;
    await expect.poll(() => page.locator('.energy-bar').count(), soon).toBe(weekday + 1);
    expect(await page.locator('.energy-bar[data-under-way="true"]').count()).toBe(1);
    expect(await page.getByRole('link', { name: 'The week after' }).count()).toBe(0);
    expect(await textOf(page, '.energy-facts')).toContain('as much of the week before');
  });

  it('follows one server alone', async () => {
    await using opened = await open('#/energy?date=2026-03');
    const { page } = opened;
    await page.getByRole('combobox', { name: /^By/ }).selectOption('server');
    await page.getByRole('link', { name: 'srv-004' }).click();
    await eventually(page, '#energy-title').toBe('Energy of srv-004');
    await eventually(page, '.energy-facts').toContain('Energy 371.5 kWh');
    expect(asksFor(opened, 'scope=server:srv-004').length).toBeGreaterThan(0);
    expect(await page.locator('.energy-ranking').count()).toBe(0);
    await page.getByRole('link', { name: 'Whole room' }).click();
    await eventually(page, '#ranking-title').toBe('By server');
  });

  it('asks of two thousand servers only for totals, and for bars of the eight that draw most', async () => {
    await using opened = await open('#/energy?date=2026-03&by=server', steadyRoom(2_000));
    const { page } = opened;
    await eventually(page, '.energy-chart .chart-legend').toContain('1992 others');
    expect(await page.locator('.energy-ranking tbody tr').count()).toBe(15);
    const parts = asksFor(opened, 'scope=server:srv-').map((path) => path.match(/scope=/g)!.length);
    expect(new Set(parts)).toEqual(new Set([8]));
    expect(asksFor(opened, 'scope=server:*').every((path) => path.includes('by=year'))).toBe(true);
  });

  it('tells how old it is, and that sums are being made again while they are', async () => {
    const script = steadyRoom();
    script.energy = (asked) => ({ ...makeEnergy(script, asked), remaking: asked.has('scope', 'rack:*') });
    await using opened = await open('#/energy?date=2026-03&by=rack', script);
    const { page } = opened;
    await eventually(page, '.notice').toMatch(/^Sums of this time are being made again, since the settings/);
    await eventually(page, '.energy-facts .hint').toMatch(/As of \d\d:\d\d:\d\d\.$/);
    script.energy = (asked) => makeEnergy(script, asked);
    await page.reload();
    await eventually(page, '.energy-ranking').toContain('r1');
    expect(await page.locator('.notice').count()).toBe(0);
  });

  it('writes no date as the browser would: all are those of the room, in the language of the reader', async () => {
    await using opened = await open('#/energy?period=day&date=2026-03-03', steadyRoom(), { locale: 'de-DE' });
    const { page } = opened;
    await eventually(page, '.energy-span').toBe('Dienstag, 3. März 2026');
    const field = page.locator('.energy-when input');
    expect(await field.inputValue()).toBe('2026-03-03');
    expect(await field.evaluate((input) => [getComputedStyle(input).opacity, input.clientWidth])).toEqual([
      '0',
      0,
    ]);
    expect(await page.getByRole('button', { name: 'Go to a day' }).getAttribute('title')).toBe(
      'Go to a day, of Europe/London',
    );
  });

  it('is given out as a file for spreadsheets', async () => {
    await using opened = await open('#/energy?date=2026-03&by=rack');
    const link = opened.page.getByRole('link', { name: 'CSV' });
    const address = new URL((await link.getAttribute('href'))!, opened.server.url);
    expect(await link.getAttribute('download')).toBe('energy-month-2026-03-01.csv');
    expect(address.pathname).toBe('/api/v1/energy');
    expect(address.searchParams.getAll('scope')).toEqual(['room', 'rack:*']);
    expect(address.searchParams.get('format')).toBe('csv');
  });

  it('says what is wrong, and shows what it can', async () => {
    const script = steadyRoom();
    script.failing.add('energy');
    await using opened = await open('#/energy', script);
    const { page, server } = opened;
    await eventually(page, '.notice-bad').toBe('Energy could not be read: the store is away. Asking again.');
    server.script.failing.delete('energy');
    await page.getByRole('radio', { name: 'Week', exact: true }).check();
    await eventually(page, '.energy-facts').toContain('kWh');
    expect(await page.locator('.notice-bad').count()).toBe(0);
  });

  it('without tariff and carbon says so instead of zeros', async () => {
    const script = steadyRoom();
    script.energy = (asked) => {
      const {
        currency: _c,
        tariff: _t,
        carbon: _k,
        ...answer
      } = makeEnergy(script, asked, () => ({
        cost: null,
        grams: null,
      }));
      return answer;
    };
    await using opened = await open('#/energy?date=2026-03&by=room&measure=cost', script);
    await eventually(opened.page, '.energy-facts').toMatch(/Cost – unknown CO₂e – unknown/);
    expect(await textOf(opened.page, '.energy-method')).toMatch(/no tariff.*neither a country nor a factor/);
    expect(await opened.page.locator('.energy-unknown').count()).toBe(31);
  });

  it('is printed black on white with room, period and zone in its head', async () => {
    await using opened = await open('#/energy?date=2026-03&by=rack', steadyRoom(), { colorScheme: 'dark' });
    const { page } = opened;
    await page.locator('.energy-ranking').waitFor();
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    expect(await textOf(page, '#energy-title')).toBe(
      'Test room · Energy · March 2026 · times of Europe/London',
    );
    const shown = await page.evaluate(() => [
      getComputedStyle(document.querySelector('.energy-facts')!).color,
      getComputedStyle(document.body).backgroundColor,
    ]);
    expect(shown).toEqual(['rgb(0, 0, 0)', 'rgb(255, 255, 255)']);
    for (const part of ['.top', '.energy-when', '.energy-tools fieldset', '.energy-out']) {
      expect(await page.locator(part).first().isVisible(), part).toBe(false);
    }
  });
});
