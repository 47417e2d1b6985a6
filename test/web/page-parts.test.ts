import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { makeFigures, makeRoom, serverName } from './made-room.ts';
import { eventually, hashOf, rowNames, soon, textOf, useBrowser } from './opened-page.ts';

const browser = useBrowser();

const row = (number: number) => `.server:has(a[title="${serverName(number)}"])`;

describe('the chart', () => {
  /** Pixels in the colour of the line, in each tenth of the canvas from left to right. */
  const linePixels = (page: Page) =>
    page.locator('.chart-host canvas').evaluate((element) => {
      const canvas = element as HTMLCanvasElement;
      const probe = document.createElement('canvas').getContext('2d')!;
      probe.fillStyle = getComputedStyle(canvas).getPropertyValue('--chart-line');
      probe.fillRect(0, 0, 1, 1);
      const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
      const { data, width } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      const tenths = new Array<number>(10).fill(0);
      for (let i = 0; i < data.length; i += 4) {
        const near = Math.abs(data[i]! - r!) + Math.abs(data[i + 1]! - g!) + Math.abs(data[i + 2]! - b!) < 12;
        if (near && data[i + 3]! > 200) tenths[Math.floor((((i / 4) % width) / width) * 10)]! += 1;
      }
      return tenths;
    });

  it('draws history and live as one line, with a gap where nothing is known', async () => {
    const script = makeRoom(5);
    const whole = script.history;
    script.history = (scope, fromMs, toMs) => {
      const answer = whole(scope, fromMs, toMs);
      const steady = answer.atMs.map((atMs) => {
        const minutesAgo = (toMs - atMs) / 60_000;
        return minutesAgo > 6 && minutesAgo < 11 ? null : 1_000;
      });
      return { ...answer, mean: steady, min: steady, max: steady, remaking: true };
    };
    await using opened = await browser.open(script);
    const { page } = opened;
    await eventually(page, '.link').toBe('Live');
    await expect.poll(async () => (await linePixels(page))[9], soon).toBeGreaterThan(10);
    const tenths = await linePixels(page);
    // The axis takes the first tenth; from 11 to 6 minutes ago is about the middle.
    for (const tenth of [1, 2, 7, 8]) expect(tenths[tenth], `tenth ${tenth}`).toBeGreaterThan(10);
    expect(tenths[4]! + tenths[5]!).toBe(0);
    expect(await textOf(page, '.chart-note')).toMatch(/^Sums of this time are being made again/);
  });

  it('asks for the span that is chosen', async () => {
    await using opened = await browser.open(makeRoom(2));
    const { page, server } = opened;
    const spansMs = () =>
      server.asked
        .filter((asked) => asked.startsWith('history?scope=room&'))
        .map((asked) => new URLSearchParams(asked.split('?')[1]))
        .map((ask) => Number(ask.get('to')) - Number(ask.get('from')));
    await expect.poll(async () => spansMs().length, soon).toBeGreaterThan(0);
    await page.getByRole('radio', { name: '6 h', exact: true }).check();
    await expect.poll(() => Math.round((spansMs().at(-1) ?? 0) / 3_600_000), soon).toBe(6);
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => Math.round((spansMs().at(-1) ?? 0) / 3_600_000), soon).toBe(24);
  });

  it('is read point by point with the arrow keys', async () => {
    await using opened = await browser.open(makeRoom(2));
    const { page } = opened;
    await eventually(page, '.readout').toMatch(/^lowest [\d.]+ k?W · highest/);
    await page.locator('.chart-host').focus();
    await page.keyboard.press('PageUp');
    await eventually(page, '.readout').toMatch(/^\d\d:\d\d:\d\d · [\d.]+ k?W/);
    await page.keyboard.press('Escape');
    await eventually(page, '.readout').toMatch(/^lowest/);
  });
});

describe('the past', () => {
  it('is looked at by steps, kept in the address, and left again', async () => {
    await using opened = await browser.open(makeRoom(2), '#/?range=1h');
    const { page, server } = opened;
    await eventually(page, '.link').toBe('Live');
    await page.getByRole('button', { name: 'Earlier' }).click();
    await eventually(page, '.past').toContain('Back to now');
    const asked = new URLSearchParams((await hashOf(page)).split('?')[1]);
    expect(Number(asked.get('to')) - Number(asked.get('from'))).toBe(3_600_000);
    await expect
      .poll(() => server.asked.some((path) => path.includes('scope=room') && path.includes('points')), soon)
      .toBe(true);
    await page.reload();
    await eventually(page, '.past').toContain('Back to now');
    await page.keyboard.press('0');
    await expect.poll(() => page.locator('.past').count(), soon).toBe(0);
    expect(await hashOf(page)).toBe('#/');
  });

  it('is looked at closer by dragging over a stretch of it', async () => {
    await using opened = await browser.open(makeRoom(2), '#/?range=24h');
    const { page } = opened;
    await eventually(page, '.link').toBe('Live');
    const box = (await page.locator('.chart .u-over').boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.25, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.5, box.y + 30, { steps: 4 });
    await page.mouse.up();
    await eventually(page, '.past').toContain('Back to now');
    const asked = new URLSearchParams((await hashOf(page)).split('?')[1]);
    const hours = (Number(asked.get('to')) - Number(asked.get('from'))) / 3_600_000;
    expect(hours).toBeCloseTo(6, 0);
  });
});

describe('the table of servers', () => {
  it('is sorted with the keyboard, and says by what', async () => {
    await using opened = await browser.open(makeRoom(12));
    const { page, server } = opened;
    await eventually(page, '.link').toBe('Live');
    const head = page.getByRole('columnheader', { name: 'Server', exact: true });
    expect(await page.getByRole('columnheader', { name: 'Power' }).getAttribute('aria-sort')).toBe(
      'descending',
    );
    await page.locator('.server >> nth=0').evaluate((first) => first.setAttribute('data-place', 'first'));
    await head.getByRole('button').focus();
    await page.keyboard.press('Enter');
    await expect.poll(async () => (await rowNames(page))[0], soon).toBe('srv-000');
    expect(await head.getAttribute('aria-sort')).toBe('ascending');
    // No row is moved: the one that stood first tells of another server now, with all its cells.
    const watts = server.script.figures.get('server:srv-000')!.watts!;
    expect(await textOf(page, '[data-place="first"]')).toMatch(
      new RegExp(`^srv-000 r1 active ${watts.toFixed(0)} W .* \\d s$`),
    );
    await page.keyboard.press('Enter');
    await expect.poll(async () => (await rowNames(page))[0], soon).toBe('srv-011');
    expect(await head.getAttribute('aria-sort')).toBe('descending');
  });

  it('is filtered by text and by state', async () => {
    await using opened = await browser.open(makeRoom(12));
    const { page } = opened;
    await eventually(page, '.link').toBe('Live');
    await page.keyboard.press('/');
    await page.keyboard.type('pdu-a/7');
    await expect.poll(() => rowNames(page), soon).toEqual(['srv-007']);
    await eventually(page, '#servers-title + .count').toBe('1 of 12');
    await page.keyboard.press('Escape');
    await expect.poll(async () => (await rowNames(page)).length, soon).toBe(12);
    await page.getByRole('button', { name: /idle/ }).click();
    await expect
      .poll(async () => (await rowNames(page)).sort(), soon)
      .toEqual(['srv-001', 'srv-005', 'srv-009']);
    await page.keyboard.press('/');
    await page.keyboard.type('nothing like it');
    await eventually(page, '.servers-panel').toContain('No server matches');
  });

  it("unfolds a server's inputs, and listens to their outlets only while it is unfolded", async () => {
    await using opened = await browser.open(makeRoom(4));
    const { page, server } = opened;
    await eventually(page, '.link').toBe('Live');
    const button = page.getByRole('button', { name: serverName(2) });
    await button.click();
    await eventually(page, '.server-inputs li').toMatch(
      /^Feed A A1 pdu-a\/2 [\d.]+ W .*Feed B B1 pdu-b\/2 [\d.]+ W/,
    );
    expect(await button.getAttribute('aria-expanded')).toBe('true');
    expect(server.subscriptions.at(-1)?.scopes.slice(-2)).toEqual(['outlet:pdu-a/2', 'outlet:pdu-b/2']);
    server.frame({ 'outlet:pdu-a/2': { watts: 0 }, 'outlet:pdu-b/2': { watts: 333 } });
    await eventually(page, '.server-inputs li').toMatch(/pdu-a\/2 0 W .*carries nothing .*333 W/);
    await button.press('Enter');
    await expect.poll(() => page.locator('.server-inputs').count(), soon).toBe(0);
    expect(server.subscriptions.at(-1)?.scopes.join()).not.toContain('outlet:');
  });

  it('of 2,000 servers stays usable: few rows are drawn, every one can be reached and found', async () => {
    const numbers = Array.from({ length: 2_000 }, (_, i) => i);
    await using opened = await browser.open(makeRoom(2_000));
    const { page, server, complaints } = opened;
    await eventually(page, '#servers-title + .count').toBe('2,000');
    const drawn = () => page.locator('.server').count();
    expect(await drawn()).toBeLessThan(80);
    // The minutes before are asked for the rows in sight, not for all.
    const asked = () =>
      server.asked
        .filter((path) => path.startsWith('history?'))
        .flatMap((path) => new URLSearchParams(path.split('?')[1]).getAll('scope'))
        .filter((scope) => scope.startsWith('server:')).length;
    await expect.poll(asked, soon).toBeGreaterThan(10);
    const feeding = setInterval(() => server.frame(makeFigures(numbers, Date.now())), 500);
    try {
      const lastIsSeen = () =>
        page.evaluate(() => {
          scrollTo(0, document.documentElement.scrollHeight);
          const last = document.querySelector('[aria-rowindex="2001"]');
          return last && last.getBoundingClientRect().bottom <= innerHeight;
        });
      await expect.poll(lastIsSeen, soon).toBe(true);
      expect(await drawn()).toBeLessThan(80);
      await page.keyboard.press('/');
      await page.keyboard.type('srv-1234');
      await expect.poll(() => rowNames(page), soon).toEqual(['srv-1234']);
    } finally {
      clearInterval(feeding);
    }
    expect(asked()).toBeLessThan(250);
    server.frame({ 'server:srv-1234': { watts: 777 } });
    await eventually(page, `${row(1234)} .col-watts`).toBe('777 W');
    expect(complaints).toEqual([]);
  });
});
