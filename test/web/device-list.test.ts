import { describe, expect, it } from 'vitest';
import type { DeviceRow } from '../../src/api/shapes.ts';
import { rejectReasons } from '../../src/devices/family.ts';
import { deviceState, sortDevices, troubles } from '../../src/web/device-list.ts';
import { rejectHint } from '../../src/web/reject-hints.ts';

const row = (fields: Partial<DeviceRow>): DeviceRow => ({
  device: 'plug',
  family: 'tasmota',
  outlets: ['plug/0'],
  lastAtMs: 1,
  silent: false,
  messages: 1,
  rejects: {},
  ...fields,
});

describe('the list of devices', () => {
  it('says what is most wrong with each, and puts those first', () => {
    const rows = [
      row({ device: 'plug-10' }),
      row({ device: 'plug-2', rejects: { duplicate: 9 } }),
      row({ device: 'bad', rejects: { 'not-json': 1 } }),
      row({ device: 'mute', silent: true }),
      row({ device: 'gone', online: false, silent: true }),
      row({ device: '?', rejects: { 'unknown-topic': 1 } }),
    ];
    const { devices, unread } = sortDevices(rows);
    expect(devices.map(({ device }) => device)).toEqual(['gone', 'mute', 'bad', 'plug-2', 'plug-10']);
    expect(devices.map(deviceState)).toEqual(['offline', 'silent', 'unreadable', 'ok', 'ok']);
    expect(unread?.device).toBe('?');
    const { lastAtMs: _, ...unheard } = row({});
    expect(deviceState(unheard)).toBe('unheard');
  });

  it('names the most frequent trouble first, and no harmless one', () => {
    const rejects = { sentinel: 2, 'not-json': 5, duplicate: 99, 'too-large': 0 };
    expect(troubles(row({ rejects }))).toEqual([
      ['not-json', 5],
      ['sentinel', 2],
    ]);
  });

  it('has a hint for every reason there is', () => {
    for (const reason of rejectReasons) expect(rejectHint(reason), reason).toBeDefined();
    expect(rejectHint('never heard of')).toBeUndefined();
  });
});
