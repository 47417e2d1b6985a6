import fc from 'fast-check';
import mqtt from 'mqtt';
import { expect, it } from 'vitest';
import { chosenNames, hostileNames } from '../room/hostile-name.ts';
import { runApp, until } from '../room/running.ts';
import { soon, useBrowser } from './opened-page.ts';

const browser = useBrowser();

/** What would run, or fetch, if a name were taken for markup. */
const markup = [
  '<img src=x onerror="window.ran=1">',
  '<svg onload=window.ran=1>',
  '<script>window.ran=1<%2Fscript>',
  '"><iframe srcdoc="<b onclick=1>">',
  'javascript:window.ran=1',
  '<style>@import"http:evil.test"<%2Fstyle>',
];

it('hostile names are shown as text on every page: nothing runs, nothing is fetched from elsewhere', async () => {
  const seed = Date.now() % 1_000_000;
  const names = [...new Set([...markup, ...chosenNames, ...fc.sample(hostileNames, { numRuns: 30, seed })])];
  const app = await runApp({}, undefined, browser.folder);
  try {
    const client = await mqtt.connectAsync(app.brokerUrl);
    for (const name of names)
      await client.publishAsync(`tele/${name}/SENSOR`, '{"ENERGY":{"Power":100,"Voltage":230}}', { qos: 1 });
    await client.endAsync();
    await until('all are in the store', () => app.counts().store.written >= names.length);
    await until('ready', async () => (await app.get('/readyz')).status === 200);
    await using looked = await browser.look(`${app.httpUrl}/`);
    const { page, complaints } = looked;
    const elsewhere: string[] = [];
    const isOurs = (url: string) => new URL(url).host === new URL(app.httpUrl).host;
    page.on('request', (request) => {
      if (!isOurs(request.url()) && !request.url().startsWith('data:')) elsewhere.push(request.url());
    });
    const subscribed = new Set<string>();
    page.on('websocket', (socket) => {
      if (!isOurs(socket.url())) elsewhere.push(socket.url());
      socket.on('framesent', ({ payload }) => {
        const { scopes } = JSON.parse(`${payload}`) as { readonly scopes?: readonly string[] };
        for (const scope of scopes ?? []) subscribed.add(scope);
      });
    });
    const asked = new Set<string>();
    page.on('response', (response) => {
      if (response.ok())
        for (const scope of new URL(response.url()).searchParams.getAll('scope')) asked.add(scope);
    });
    page.on('dialog', (dialog) => {
      elsewhere.push(`dialog ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.reload();
    const missing = (selector: string) =>
      page.evaluate(
        ([wanted, where]) => {
          const shown = [...document.querySelectorAll(where)].map((element) => element.textContent ?? '');
          return wanted.filter((name) => !shown.some((text) => text.includes(name)));
        },
        [names, selector] as const,
      );
    const seen = { seed, seconds: soon.timeout };
    await expect.poll(async () => [seen, await missing('.server .server-link')], soon).toEqual([seen, []]);
    for (const name of names.filter((one) => one.includes('\n'))) {
      await page.evaluate(
        (words) => {
          location.hash = `#/?q=${encodeURIComponent(words)}`;
        },
        name.replaceAll('\n', ' '),
      );
      // Its small trace is asked for by its own name, whole.
      await expect.poll(() => [seen, name, asked.has(`server:${name}/0`)], soon).toEqual([seen, name, true]);
    }
    await page.evaluate(() => {
      location.hash = '#/devices';
    });
    await expect.poll(async () => [seen, await missing('.device-grid strong')], soon).toEqual([seen, []]);
    for (const name of names) {
      await page.evaluate(
        (hash) => {
          location.hash = hash;
        },
        `#/server/${encodeURIComponent(`${name}/0`)}`,
      );
      await expect
        .poll(
          () =>
            page.evaluate(
              (text) => [
                text,
                document
                  .querySelector('h1, h2')
                  ?.ownerDocument.querySelector('main')
                  ?.textContent?.includes(text),
              ],
              name,
            ),
          soon,
        )
        .toEqual([name, true]);
    }
    const foreign = await page.evaluate(() => [
      'ran' in window,
      [
        ...document.querySelectorAll(
          'img, iframe, object, embed, main style, main script, [onerror], [onload]',
        ),
      ].map((element) => element.outerHTML),
    ]);
    const unknown = [...subscribed].filter(
      (scope) => scope.startsWith('outlet:') && !names.includes(scope.slice('outlet:'.length, -'/0'.length)),
    );
    expect({ seed, unknown, foreign, elsewhere, complaints }).toEqual({
      seed,
      unknown: [],
      foreign: [false, []],
      elsewhere: [],
      complaints: [],
    });
  } finally {
    await app.dispose();
  }
});
