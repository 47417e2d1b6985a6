import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { family as gen1 } from '../../src/devices/families/shelly-gen1.ts';
import { family as gen2 } from '../../src/devices/families/shelly-gen2.ts';
import { Intake } from '../../src/devices/intake.ts';
import type { RawMessage } from '../../src/model/reading.ts';
import { KeepingSink, message } from './made-message.ts';

function take(messages: readonly RawMessage[]): { sink: KeepingSink; intake: Intake } {
  const intake = new Intake([gen2, gen1]);
  const sink = new KeepingSink();
  for (const raw of messages) intake.accept(raw, sink);
  return { sink, intake };
}

describe('whose an id under shellies/ is', () => {
  test('any id is read whole, levels and all', () => {
    const level = fc.stringMatching(/^[\w .-]{1,12}$/);
    fc.assert(
      fc.property(fc.array(level, { minLength: 1, maxLength: 4 }), fc.nat(3), (levels, relay) => {
        const id = levels.join('/');
        const { sink } = take([message(`shellies/${id}/relay/${relay}/power`, '5.5')]);
        expect(sink.readings.map(({ device, outlet }) => ({ device, outlet }))).toEqual([
          { device: id, outlet: `${id}/${relay}` },
        ]);
      }),
    );
  });

  test('a newer Shelly told to publish there is not taken for one of the first generation', () => {
    const { intake, sink } = take([
      message('shellies/rack/online', 'true'),
      message('shellies/rack/events/rpc', {
        src: 'shellyplus1pm-aabbccddeeff',
        method: 'NotifyStatus',
        params: { 'switch:0': { apower: 5 } },
      }),
      message('shellies/rack/status/switch:0', { apower: 6 }),
      message('shellies/rack/online', 'false'),
    ]);
    expect(intake.devices().map(({ device, family }) => `${family} ${device}`)).toContain(
      'shelly-gen2 shellies/rack',
    );
    expect(intake.devices().filter(({ family }) => family === 'shelly-gen1')).toEqual([]);
    expect(sink.heard.map(({ device, online }) => `${device} ${online}`)).toEqual(['shellies/rack false']);
  });

  test('an id that could be of either generation tells its availability with its first figure', () => {
    const { sink } = take([
      message('shellies/under the desk/online', 'true', { retained: true }),
      message('shellies/under the desk/relay/0/power', '5'),
      message('shellies/under the desk/online', 'false'),
      message('shellies/shellyplug-s-7C1F0A/online', 'true'),
    ]);
    expect(sink.heard.map(({ device, online }) => `${device} ${online}`)).toEqual([
      'under the desk true',
      'under the desk false',
      'shellyplug-s-7C1F0A true',
    ]);
  });

  test('an announcement under another id makes no device', () => {
    const { intake } = take([
      message('shellies/announce', { id: 'made up', model: 'SHPLG-S', fw_ver: 'x' }),
      message('shellies/announce', { id: 'shelly1pm-AB12CD', model: 'SHSW-PM', fw_ver: 'x' }),
    ]);
    expect(intake.devices().map(({ device }) => device)).toEqual(['shelly1pm-AB12CD', '?']);
  });
});

test('clamps keep the plain numbers, whatever came first', () => {
  const { sink } = take([
    message('shellies/mains/relay/0', 'on'),
    message('shellies/mains/emeter/0/power', '50'),
    message('shellies/mains/relay/0', 'off'),
    message('shellies/shellyem-0A1B2C/relay/0', 'on'),
  ]);
  expect(sink.readings.map(({ outlet }) => outlet)).toEqual([
    'mains/0',
    'mains/0',
    'mains/relay:0',
    'shellyem-0A1B2C/relay:0',
  ]);
});
