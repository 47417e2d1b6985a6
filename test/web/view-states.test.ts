import { describe, expect, it } from 'vitest';
import { makeEnergy } from './made-energy.ts';
import { makeRoom } from './made-room.ts';
import { eventually, textOf, useBrowser } from './opened-page.ts';
import type { RoomScript } from './room-server.ts';

const browser = useBrowser();

const resources = [
  'tree',
  'devices',
  'history',
  'energy',
  'idle',
  'starts',
  'alerts',
  'alerts/rules',
  'silences',
  'notifiers',
];

/** Goes through the views of one room; what each of them has to say, by its address. */
async function expectWords(script: RoomScript, words: Readonly<Record<string, RegExp>>): Promise<void> {
  await using opened = await browser.open(script);
  const { page, server } = opened;
  for (const [hash, said] of Object.entries(words)) {
    await page.goto(`${server.url}${hash}`);
    await eventually(page, 'main').toMatch(said);
    expect(await textOf(page, 'main'), hash).not.toMatch(nothingAsFigure);
  }
}

/** As of a time in which nothing was measured. */
function emptyHistory({ history }: RoomScript): RoomScript['history'] {
  return (scope, fromMs, toMs) => {
    const answer = history(scope, fromMs, toMs);
    const nothing = answer.atMs.map(() => null);
    return { ...answer, mean: nothing, min: nothing, max: nothing };
  };
}

/** A 0 that stands as a figure. */
const nothingAsFigure = /(?<![\d.,:])0(?:[.,]0+)? ?(?:k?W|k?Wh|A|V|%|kg)(?!\w)/;

describe('a view', () => {
  it('says that it waits until the service has answered, and shows no 0 meanwhile', async () => {
    const script = makeRoom(3);
    script.figures.clear();
    for (const resource of resources) script.silent.add(resource);
    await expectWords(script, {
      '#/': /Waiting for the first figures …/,
      '#/server/srv-001': /Reading what is known of srv-001 …|There is no server/,
      '#/energy': /Waiting for the room …/,
      '#/starts': /Reading the starts …/,
      '#/idle': /Reading the idle baselines …/,
      '#/alerts': /Reading the alerts …/,
      '#/devices': /Reading the list of devices …/,
    });
  });

  it('with nothing to show says so, and what to do', async () => {
    const script = makeRoom(3);
    script.figures.clear();
    script.history = emptyHistory(script);
    const nothing = { counter: null, integrated: null, spread: null };
    script.energy = (asked) =>
      makeEnergy(script, asked, () => ({
        wattHours: null,
        cost: null,
        grams: null,
        coverage: 0,
        parts: nothing,
      }));
    await expectWords(script, {
      '#/server/srv-001':
        /srv-001 .*unknown – unknown.*No reading of it yet\..*Nothing is learnt of it yet.*It was not seen to start/,
      '#/energy': /No energy is known of this time: nothing was measured\. Choose another time above/,
      '#/starts': /No start in the last 7 days\. The next one appears here/,
      '#/idle': /No server has been heard yet: nothing to learn from/,
      '#/alerts': /Nothing fires\. .*Nothing yet\. .*None.*Nobody but this page: add a webhook/,
      '#/devices': /No device heard yet rackwatt listens on/,
    });
  });

  it('that cannot be read says what is wrong, and that it asks again', async () => {
    const script = makeRoom(3);
    for (const resource of resources.slice(2)) script.failing.add(resource);
    script.failing.add('devices');
    await expectWords(script, {
      '#/': /History could not be read \(the store is away\)/,
      '#/server/srv-001': /They could not be read: the store is away\. Asking again/,
      '#/energy': /Energy could not be read: the store is away\. Asking again/,
      '#/starts': /The list of starts could not be read: the store is away\. Asking again/,
      '#/idle': /could not be read: the store is away\. Asking again/,
      '#/alerts': /The alerts could not be read: the store is away\. Asking again/,
      '#/devices': /The list of devices could not be read: the store is away\. Asking again/,
    });
  });
});

describe('what is not known', () => {
  it('is a dash or a word in every place of the room, and never a 0', async () => {
    const script = makeRoom(3);
    for (const [scope, { atMs }] of script.figures) {
      script.figures.set(scope, { ...(atMs && { atMs }), state: 'unknown', stale: true, basis: 'unknown' });
    }
    script.history = emptyHistory(script);
    await using opened = await browser.open(script);
    const { page } = opened;
    await eventually(page, '.total-watts').toMatch(/^– unknown$/);
    await eventually(page, '.total .tag').toBe('Unknown');
    expect(await textOf(page, '.total .facts')).toMatch(
      /^Today – unknown Current – unknown Idling – unknown$/,
    );
    for (const place of ['.feed h3', '.gauge', '.rack', '.server .col-watts', '.server .col-today']) {
      const texts = await page.locator(place).allInnerTexts();
      expect(texts.length, place).toBeGreaterThan(1);
      for (const text of texts) expect(text, place).toContain('–');
    }
    expect(await textOf(page, 'main')).not.toMatch(nothingAsFigure);
  });
});
