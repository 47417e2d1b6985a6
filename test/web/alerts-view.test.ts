import { describe, expect, it } from 'vitest';
import { makeAlert } from './alert-desk.ts';
import { makeRoom } from './made-room.ts';
import { eventually, hashOf, soon, textOf, useBrowser } from './opened-page.ts';
import type { RoomScript } from './room-server.ts';
import { troubledRoom } from './troubled-room.ts';

const browser = useBrowser();

const open = (hash: string, script: RoomScript = troubledRoom()) => browser.open(script, hash);

describe('the Alerts view', () => {
  it('lists what fires, the gravest first, what may, and what is over', async () => {
    await using opened = await open('#/alerts');
    const { page, complaints } = opened;
    await eventually(page, '.alert[data-state="firing"] .alert-text').toBe(
      'critical Feed A is lost: 12 servers run on feed B alone | warning Breaker A1 carries 13.2 A (hot) | info srv-004 moved',
    );
    expect(await textOf(page, '.alert >> nth=0')).toMatch(/Touches srv-000, .*srv-007 and 4 more/);
    expect(await textOf(page, '.alert >> nth=1')).toMatch(
      /Breaker A1 Circuit load 13\.2 A, limit 12\.8 A for 10 min, since [\w ,:]+ Acknowledge Silence/,
    );
    expect(await textOf(page, '.alert >> nth=2')).toContain('Told to nobody: silenced (s1)');
    expect(await textOf(page, '.alert[data-state="pending"]')).toMatch(
      /Server srv-003 High idle 206 W, limit 190 W/,
    );
    await eventually(page, '.alert[data-state="resolved"]').toMatch(/Plug plug-7 was silent .*, for 30 min/);
    expect(await page.title()).toBe('(1) Alerts · Test room · rackwatt');
    expect(await textOf(page, '.badge-count')).toBe('2 open');
    expect(complaints).toEqual([]);
  });

  it('is acknowledged by name and note; the name is remembered', async () => {
    await using opened = await open('#/alerts');
    const { page, server } = opened;
    await page.getByRole('button', { name: 'Acknowledge' }).first().click();
    await page.locator('.alert').getByLabel('Your name').fill('Ada');
    await page.locator('.alert').getByLabel('Note').fill('on my way');
    await page.locator('.alert .do').click();
    await eventually(page, '.alert:has-text("Feed A is lost")').toMatch(
      /Acknowledged by Ada, [\w ,:]+: on my way/,
    );
    expect(server.script.alerts.done).toEqual([
      { method: 'POST', resource: 'alerts/feed/ack', body: { by: 'Ada', note: 'on my way' } },
    ]);
    expect(await page.title()).toBe('Alerts · Test room · rackwatt');
    await page.getByRole('button', { name: 'Acknowledge' }).first().click();
    expect(await page.locator('.alert').getByLabel('Your name').inputValue()).toBe('Ada');
  });

  it('says what was refused and why, and keeps what was written', async () => {
    const script = troubledRoom();
    script.alerts.refusal = {
      status: 403,
      title: 'Not allowed',
      detail: 'the token reads only may look, not act',
    };
    await using opened = await open('#/alerts', script);
    const { page } = opened;
    await page.getByRole('button', { name: 'Acknowledge' }).first().click();
    await page.locator('.alert').getByLabel('Your name').fill('Eve');
    await page.locator('.alert').getByLabel('Note').fill('hm');
    await page.keyboard.press('Enter');
    await eventually(page, '.alert .problem').toBe('Not done: the token reads only may look, not act.');
    expect(await page.locator('.alert').getByLabel('Note').inputValue()).toBe('hm');
    expect(await textOf(page, '.alert >> nth=0')).not.toContain('Acknowledged');
  });

  it('is silenced for a while, by rule and scope, and the silence is ended', async () => {
    await using opened = await open('#/alerts');
    const { page, server } = opened;
    await page.getByRole('button', { name: 'Silence', exact: true }).nth(1).click();
    const form = page.locator('.alert .operate');
    expect(await form.getByRole('combobox', { name: 'Where' }).inputValue()).toBe('breaker:A1');
    await form.getByRole('combobox', { name: 'For' }).selectOption('240');
    await form.getByLabel('Your name').fill('Ada');
    await form.locator('.do').click();
    await eventually(page, '.lines >> nth=0').toMatch(/Circuit load · Breaker A1 until .*, by Ada/);
    expect(server.script.alerts.done[0]).toMatchObject({
      resource: 'silences',
      body: { by: 'Ada', minutes: 240, scopes: ['breaker:A1'], rules: ['circuit-load'] },
    });
    await page.getByRole('button', { name: 'End this silence' }).first().click();
    await expect.poll(() => page.locator('.lines >> nth=0 >> li').count(), soon).toBe(1);
    expect(server.script.alerts.done[1]).toMatchObject({ method: 'DELETE', resource: 'silences/s1' });
  });

  it('tells why a rule does not fire, and leads there from an alert', async () => {
    await using opened = await open('#/alerts');
    const { page } = opened;
    await eventually(page, '.rules').toBe(
      'Circuit load 1 firing, 1 pending, 1 unknown Start sag switched off High idle 9 ok',
    );
    await page.locator('.alert').getByRole('button', { name: 'Circuit load' }).first().click();
    await eventually(page, '.rule-open').toMatch(
      /A breaker carries much.*A1 firing 13\.2 A, raises at 12\.8 A, clears at 12 A It is above.*A2 pending 12\.9 A, raises at 12\.8 A, in 42 s.*B1 unknown It has no rating\. 2 further scopes farther/,
    );
    expect(await hashOf(page)).toBe('#/alerts?rule=circuit-load');
  });

  it('shows who is told and whether that arrives', async () => {
    await using opened = await open('#/alerts');
    await eventually(opened.page, '[aria-labelledby="notifiers-title"]').toMatch(
      /chat webhook delivers https:.* 4 sent · last [\w ,:]+ mail email fails ops@example\.org · 0 sent · 2 waiting · 3 failed attempts connection refused/,
    );
  });

  it('follows what is told live, in every view, and says when something is over', async () => {
    const script = makeRoom(4);
    await using opened = await open('#/alerts', script);
    const { page, server, complaints } = opened;
    await eventually(page, '.alerts-main').toMatch(/Firing 0 Nothing fires\. Resolved Nothing yet\./);
    await eventually(page, '.link').toBe('Live');
    const alert = makeAlert('new', {
      severity: 'critical',
      scope: 'server:srv-001',
      text: 'srv-001 lost a supply',
    });
    server.tellAlert(alert);
    await eventually(page, '.alert-text').toBe('critical srv-001 lost a supply');
    await page.getByRole('link', { name: 'Room', exact: true }).click();
    await eventually(page, '.alert-strip').toBe('1 critical alert srv-001 lost a supply See it');
    expect(await textOf(page, '.attention')).toContain('srv-001 lost a supply');
    await page.goto(`${server.url}#/server/srv-001`);
    await eventually(page, '.server-alerts').toMatch(/^1 alert srv-001 lost a supply See alerts/);
    await page.getByRole('link', { name: 'See alerts' }).click();
    await eventually(page, '.alerts-main').toContain('only of srv-001');
    server.tellAlert({ ...alert, state: 'resolved', resolvedAtMs: Date.now() });
    await eventually(page, '.alert[data-state="resolved"]').toContain('srv-001 lost a supply');
    expect(await page.locator('.badge-count').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('says what cannot be read', async () => {
    const script = troubledRoom();
    for (const resource of ['alerts', 'silences', 'notifiers', 'alerts/rules']) script.failing.add(resource);
    await using opened = await open('#/alerts', script);
    await eventually(opened.page, '.alerts').toMatch(
      /alerts could not be read: the store is away\. Asking again\..*silences could not be read.*Who is told could not be read.*rules could not be read/,
    );
  });
});
