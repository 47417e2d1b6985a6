import { describe, expect, it } from 'vitest';
import { makeFullRoom } from './full-room.ts';
import { makeRoom } from './made-room.ts';
import { eventually, textOf, useBrowser } from './opened-page.ts';

const browser = useBrowser();

describe('devices', () => {
  it('are listed with what they are, when they were heard, and what could not be read and why', async () => {
    await using opened = await browser.open(makeFullRoom(), '#/devices');
    const { page } = opened;
    const device = (name: string) => textOf(page, `.device-grid:has(strong:text-is("${name}"))`);
    await eventually(page, '#devices-title + .count').toBe('5 devices · 17 outlets · 1 offline · 1 silent');
    expect(await page.locator('.device-name strong').allInnerTexts()).toEqual([
      'plug-lab',
      'plug-mute',
      'kettle',
      'pdu-b',
      'pdu-a',
    ]);
    expect(await device('plug-lab')).toMatch(/^plug-lab tasmota offline 6 min ago 17/);
    expect(await device('plug-mute')).toMatch(/silent 3 min ago/);
    expect(await device('kettle')).toMatch(/not heard live never live 1/);
    expect(await device('pdu-a')).toMatch(
      /Rack PDU A tasmota Metering strip · 14\.4\.1 heard \d s ago 123,456 12 outlets nothing/,
    );
    expect(await device('pdu-b')).toMatch(
      /3 × watts out of range more than an outlet can draw.*2 × not json the payload is no JSON/,
    );
    expect(await textOf(page, '.panel:has(#unread-title)')).toMatch(
      /1,234 messages 1,234 × unknown topic no family reads/,
    );
    await page.locator('.device-outlets summary').click();
    await page.locator('.outlets a[title="srv-002"]').first().click();
    await eventually(page, '#server-title').toBe('srv-002');
  });

  it('name what they should feed though they never spoke; what was lost stands below, only when there is any', async () => {
    const script = makeFullRoom();
    script.devices.rows.push({ ...script.devices.rows.at(-2)!, device: 'plug-new' });
    script.tree.servers[1]!.inputs = [{ outlet: 'plug-new/0' }];
    await using opened = await browser.open(script, '#/devices');
    const { page, server } = opened;
    await eventually(page, '.device-grid:has(strong:text-is("plug-new")) .outlets').toBe('0 srv-001');
    expect(await page.locator('#lost-title').count()).toBe(0);
    server.script.ready.intake.dropped.newest = 1_234;
    server.script.ready.intake.dropped.repeats = 5;
    await page.reload();
    await eventually(page, '.panel:has(#lost-title) li >> nth=0').toMatch(
      /^1,234 messages lost because too many/,
    );
    await eventually(page, '.panel:has(#lost-title) li >> nth=1').toMatch(/^5 messages of a flood skipped/);
    await page.goto(server.url);
    await eventually(page, '.attention').toMatch(
      /Lost or set aside since the service started: 1,234 messages/,
    );
  });

  it('say so when they cannot be read; none at all tells how to make one speak', async () => {
    const script = makeRoom(2);
    script.failing.add('devices');
    await using failed = await browser.open(script, '#/devices');
    await eventually(failed.page, 'main').toContain('could not be read: the store is away');
    await using none = await browser.open(makeRoom(0), '#/devices');
    await eventually(none.page, '.first-run').toContain('No device heard yet');
  });
});
