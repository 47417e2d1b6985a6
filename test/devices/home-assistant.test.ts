import { describe, expect, test } from 'vitest';
import { family as esphome } from '../../src/devices/families/esphome.ts';
import { family as homeAssistant } from '../../src/devices/families/home-assistant.ts';
import { family as shelly } from '../../src/devices/families/shelly-gen2.ts';
import { family as tasmota } from '../../src/devices/families/tasmota.ts';
import { family as zigbee } from '../../src/devices/families/zigbee2mqtt.ts';
import type { Family } from '../../src/devices/family.ts';
import { Intake } from '../../src/devices/intake.ts';
import type { RawMessage } from '../../src/model/reading.ts';
import { KeepingSink, message, startMs } from './made-message.ts';

/** One broker and what came of its messages. */
class Session {
  readonly intake: Intake;
  readonly sink = new KeepingSink();

  constructor(families: readonly Family[] = [homeAssistant]) {
    this.intake = new Intake(families);
  }

  send(topic: string, payload: unknown, rest: Partial<RawMessage> = {}): string | undefined {
    return this.intake.accept(message(topic, payload, rest), this.sink);
  }

  /** `homeassistant/sensor/<id>/config`, retained as they are. */
  announce(id: string, config: object, component = 'sensor'): string | undefined {
    return this.send(`homeassistant/${component}/${id}/config`, config, { retained: true });
  }

  get outlets(): (string | number | undefined)[][] {
    return this.sink.readings.map(({ outlet, watts }) => [outlet, watts]);
  }

  get devices(): (string | undefined)[][] {
    return this.intake
      .devices()
      .filter(({ device }) => device !== '?')
      .map(({ device, family }) => [device, family]);
  }
}

const power = (device: string, topic: string, rest: object = {}) => ({
  name: 'Power',
  uniq_id: `${device}_power`,
  stat_t: topic,
  unit_of_meas: 'W',
  dev: { ids: [device] },
  ...rest,
});

describe('what is announced', () => {
  test('is listened to from then on: state and availability, each once', () => {
    const session = new Session();
    for (let time = 0; time < 3; time++) session.announce('a', power('d', 'x/w', { avty_t: 'x/lwt' }));
    expect(session.sink.filters).toEqual(['x/w', 'x/lwt']);
    expect(session.sink.described.length).toBe(1);
  });

  test('may come after the first data: these are read from then on', () => {
    const session = new Session();
    expect(session.send('x/w', '5')).toBe('unknown-topic');
    session.announce('a', power('d', 'x/w'));
    expect(session.send('x/w', '6')).toBe(undefined);
    expect(session.outlets).toEqual([['d/0', 6]]);
  });

  test('is forgotten when it is cleared, and read anew when it changes', () => {
    const session = new Session();
    session.announce('a', power('d', 'x/w'));
    session.announce('a', power('d', 'x/kw', { unit_of_meas: 'kW' }));
    expect(session.send('x/w', '5')).toBe('unknown-topic');
    expect(session.send('x/kw', '0.5')).toBe(undefined);
    session.announce('a', power('d', 'x/kw'));
    session.send('x/kw', '7');
    expect(session.announce('a', power('d', 'x/kw', { unit_of_meas: 'mW' }))).toBe('announcement');
    session.send('x/kw', '9000', { receivedAtMs: startMs + 1 });
    session.send('homeassistant/sensor/a/config', '');
    expect(session.send('x/kw', '8')).toBe('unknown-topic');
    expect(session.outlets).toEqual([
      ['d/0', 500],
      ['d/0', 7],
      ['d/0', 9],
    ]);
  });

  test('gives no reading by itself, nor do its retained states give news', () => {
    const session = new Session();
    session.announce('a', power('d', 'x/w'));
    expect(session.sink.readings).toEqual([]);
    session.send('x/w', '5', { retained: true });
    expect(session.sink.readings.map(({ retained }) => retained)).toEqual([true]);
    expect(session.intake.devices()[0]?.lastAtMs).toBe(undefined);
  });

  test('may be one topic for several devices', () => {
    const session = new Session();
    session.announce('a', power('one', 'x/all', { val_tpl: '{{ value_json.a }}' }));
    session.announce('b', power('two', 'x/all', { val_tpl: '{{ value_json.b }}' }));
    session.send('x/all', { a: 1, b: 2 });
    expect(session.outlets).toEqual([
      ['one/0', 1],
      ['two/0', 2],
    ]);
  });

  test('may not make us listen to everything, nor to more than a bounded number of topics', () => {
    const session = new Session();
    for (const topic of ['#', '+/x', 'a\0b', '$SYS/x', 'x'.repeat(300)])
      session.announce('a', power('d', topic));
    expect(session.sink.filters).toEqual([]);
    for (let index = 0; index < 6_500; index++)
      session.announce(`n${index}`, power(`d${index}`, `x/${index}`));
    expect(session.sink.filters.length).toBe(6_000);
    expect(session.intake.totals().rejected).toEqual([
      { family: 'home-assistant', reason: 'too-many-devices', count: 500 },
    ]);
  });
});

describe('what is announced at length', () => {
  const cmps = (count: number) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => [
        `o${index}`,
        {
          p: 'sensor',
          name: `Outlet ${index} power`,
          unit_of_meas: 'W',
          val_tpl: `{{ value_json[${index}] }}`,
        },
      ]),
    );

  test('is taken up to 320 entities of one message; each one left out is counted', () => {
    const session = new Session();
    session.send('homeassistant/device/d/config', { dev: { ids: ['d'] }, stat_t: 'x', cmps: cmps(600) });
    expect(session.intake.devices()).toMatchObject([{ device: 'd', rejects: { 'too-many-outlets': 280 } }]);
  });

  test('needs no room for components of other kinds', () => {
    const session = new Session();
    const buttons = Object.fromEntries(
      Array.from({ length: 600 }, (_, index) => [`b${index}`, { p: 'button' }]),
    );
    const config = {
      dev: { ids: ['d'] },
      stat_t: 'x',
      cmps: { ...buttons, w: { p: 'sensor', unit_of_meas: 'W', val_tpl: '{{ value_json.w }}' } },
    };
    session.send('homeassistant/device/d/config', config);
    session.send('x', { w: 5 });
    expect(session.outlets).toEqual([['d/0', 5]]);
  });

  test('may be 512 devices on one topic, and 4,096 behind one will; more are counted', () => {
    const session = new Session();
    for (let index = 0; index < 4_100; index++) {
      const rest = { avty_t: 'x/lwt', val_tpl: `{{ value_json.w }}` };
      session.announce(`n${index}`, power(`d${index}`, index < 518 ? 'x/all' : `x/${index}`, rest));
    }
    session.send('x/all', { w: 5 });
    expect(session.sink.readings.length).toBe(512);
    session.send('x/lwt', 'offline');
    expect(session.sink.heard.length).toBe(4_096);
    expect(session.intake.totals().rejected).toEqual([
      { family: 'home-assistant', reason: 'too-many-devices', count: 10 },
    ]);
  });

  test('is let go of topic by topic as it changes', () => {
    const session = new Session();
    const apart = (topics: readonly string[]) => ({
      dev: { ids: ['d'] },
      cmps: Object.fromEntries(
        topics.map((topic, index) => [
          `o${index + 1}`,
          {
            p: 'sensor',
            name: `Outlet ${index + 1} power`,
            unit_of_meas: 'W',
            stat_t: topic,
            avty_t: 'x/lwt',
          },
        ]),
      ),
    });
    session.send('homeassistant/device/d/config', apart(['x/1', 'x/2', 'x/3']));
    session.send('homeassistant/device/d/config', apart(['x/1', 'x/3']));
    expect(session.send('x/2', '5')).toBe('unknown-topic');
    session.send('x/1', '6');
    session.send('x/3', '7');
    expect(session.outlets).toEqual([
      ['d/1', 6],
      ['d/2', 7],
    ]);
    session.send('x/lwt', 'offline');
    expect(session.sink.heard.map(({ online }) => online)).toEqual([false]);
    session.send('homeassistant/device/d/config', '');
    expect(['x/1', 'x/3', 'x/lwt'].map((topic) => session.send(topic, '5'))).toEqual(
      Array(3).fill('unknown-topic'),
    );
  });
});

describe('the outlets of a device', () => {
  /** The labels that the figures of these names come under. */
  function labels(names: readonly [name: string, unit: string, id?: string][]): Record<string, string> {
    const session = new Session();
    const entities = names.map(([name, unit, id], index) => [
      `c${index}`,
      {
        p: 'sensor',
        name,
        uniq_id: id ?? `u${index}`,
        unit_of_meas: unit,
        val_tpl: `{{ value_json.v${index} }}`,
      },
    ]);
    const cmps = Object.fromEntries(entities);
    session.send('homeassistant/device/d/config', {
      dev: { ids: ['d'], name: 'Rack Strip' },
      stat_t: 'x',
      cmps,
    });
    return Object.fromEntries(
      names.map(([name], index) => {
        session.sink.readings.length = 0;
        session.send('x', { [`v${index}`]: 1 }, { receivedAtMs: startMs + index });
        return [name, session.sink.readings.map(({ outlet }) => outlet).join() || 'none'];
      }),
    );
  }

  test.each([
    ['one meter', { Power: 'd/0', 'Total energy': 'd/0', Voltage: 'd/0' }],
    ['the name of the device before it', { 'Rack Strip Power': 'd/0', 'Rack Strip Voltage': 'd/0' }],
    [
      'numbers',
      { 'Outlet 1 power': 'd/1', 'Outlet 1 current': 'd/1', 'Power socket 2': 'd/2', Voltage: 'd/total' },
    ],
    ['letters and numbers', { 'Port A2 power': 'd/A2', 'Port A2 energy': 'd/A2', 'Port B1 power': 'd/B1' }],
    [
      'phases',
      { 'Phase A power': 'd/a', 'Power L2': 'd/L2', 'Total power': 'd/total', 'Phase A voltage': 'd/a' },
    ],
    [
      'names',
      {
        'NAS power': 'd/nas',
        'NAS current': 'd/nas',
        'Core switch power': 'd/core_switch',
        Power: 'd/total',
      },
    ],
    ['sides', { 'Left Power': 'd/left', 'Right Power': 'd/right', 'Right Current': 'd/right' }],
    ['another language, one meter', { Leistung: 'd/0', Spannung: 'd/0', Strom: 'd/0' }],
  ])('by %s', (_, expected) => {
    const unitOf = (name: string) =>
      /energ/i.test(name) ? 'kWh' : /volt|spann/i.test(name) ? 'V' : /current|strom/i.test(name) ? 'A' : 'W';
    expect(labels(Object.keys(expected).map((name) => [name, unitOf(name)]))).toEqual(expected);
  });

  test('by their ids, where the names do not tell them apart', () => {
    const names: [string, string, string][] = [
      ['Power', 'W', 'd_o1p'],
      ['Power ', 'W', 'd_o2p'],
      ['Current', 'A', 'd_o2c'],
    ];
    expect(labels(names)).toEqual({ Power: 'd/1', 'Power ': 'd/2', Current: 'd/2' });
  });

  test('never mix two figures of a kind', () => {
    expect(
      Object.values(
        labels([
          ['Power', 'W', 'a'],
          ['Power ', 'W', 'a'],
        ]),
      ).sort(),
    ).toHaveLength(2);
    const found = labels([
      ['Energy', 'kWh', 'e'],
      ['Energy total', 'kWh', 'energy_total'],
      ['Power', 'W', 'p'],
    ]);
    expect(new Set([found.Energy, found['Energy total']]).size).toBe(2);
  });
});

describe('one device is read by one family', () => {
  const energy = { ENERGY: { Power: 42 } };

  test('a topic another family reads is theirs, and the device does not appear twice', () => {
    const session = new Session([homeAssistant, tasmota, shelly]);
    session.announce(
      '1',
      power('1A2B3C', 'tele/plug/SENSOR', {
        val_tpl: '{{ value_json.ENERGY.Power }}',
        avty_t: 'tele/plug/LWT',
      }),
    );
    session.announce(
      '2',
      power('x', 'shellyplus1pm-a8032ab12345/status/switch:0', { val_tpl: '{{ value_json.apower }}' }),
    );
    session.send('tele/plug/SENSOR', energy);
    session.send('tele/plug/LWT', 'Online', { retained: true });
    session.send('shellyplus1pm-a8032ab12345/status/switch:0', { id: 0, apower: 7 });
    expect(session.devices).toEqual([
      ['plug', 'tasmota'],
      ['shellyplus1pm-a8032ab12345', 'shelly-gen2'],
    ]);
    expect(session.outlets).toEqual([
      ['plug/0', 42],
      ['shellyplus1pm-a8032ab12345/0', 7],
    ]);
    expect(session.sink.filters).toEqual([]);
  });

  test('an `online` is that of whoever announced it, not of a Shelly nobody has heard', () => {
    const session = new Session([homeAssistant, shelly]);
    const will = { avty_t: 'bridge/7/online', pl_avail: 'true', pl_not_avail: 'false' };
    session.announce('1', power('bridge-7', 'bridge/7/watts', will));
    session.send('bridge/7/watts', '42');
    session.send('bridge/7/online', 'false');
    session.send('somebody/else/online', '0');
    session.send('rack/online', 'true');
    session.send('rack/status/switch:0', { id: 0, apower: 7 });
    session.send('rack/online', 'false');
    expect(session.devices).toEqual([
      ['bridge-7', 'home-assistant'],
      ['rack', 'shelly-gen2'],
    ]);
    expect(session.sink.heard.map(({ device, online }) => `${device} ${online}`)).toEqual([
      'bridge-7 false',
      'rack true',
      'rack false',
    ]);
  });

  test('also by another name and on other topics: known by its address', () => {
    const session = new Session([homeAssistant, tasmota, shelly]);
    const config = { t: 'plug', ft: '%prefix%/%topic%/', tp: ['cmnd', 'stat', 'tele'], rl: [1] };
    session.send('tasmota/discovery/AABBCC1A2B3C/config', config, { retained: true });
    session.send('tele/plug/SENSOR', energy);
    session.announce(
      '1',
      power('bridge-7', 'bridge/7', { dev: { ids: ['bridge-7'], cns: [['mac', 'aa:bb:cc:1a:2b:3c']] } }),
    );
    expect(session.send('bridge/7', '42')).toBe('read-natively');
    expect(session.sink.filters).toEqual([]);
    // The other way round: it was read here, until it was heard by itself.
    session.announce('2', power('meter_a8032ab12345', 'bridge/8'));
    expect(session.send('bridge/8', '5')).toBe(undefined);
    session.send('shellyplus1pm-a8032ab12345/status/switch:0', { id: 0, apower: 7 });
    expect(session.send('bridge/8', '6')).toBe('read-natively');
  });

  test('Zigbee2MQTT under its own base announces for others, not for us', () => {
    const session = new Session([homeAssistant, zigbee]);
    session.announce(
      '0x1',
      power('zigbee2mqtt_0x00124b0012345678', 'zigbee2mqtt/ups plug', { val_tpl: '{{ value_json.power }}' }),
    );
    session.send('zigbee2mqtt/ups plug', { power: 5 });
    expect(session.sink.readings.map(({ device }) => device)).toEqual(['ups plug']);
    expect(session.intake.devices().filter(({ family }) => family === 'home-assistant')).toEqual([]);
  });

  test('a node of ESPHome keeps its name, and takes its units from the announcement', () => {
    const session = new Session([homeAssistant, esphome]);
    session.announce(
      'n/a',
      power('a4cf12d07b31', 'n/sensor/load/state', { unit_of_meas: 'kW', avty_t: 'n/status', name: 'Load' }),
    );
    session.send('n/sensor/load/state', '0.5');
    expect(session.outlets).toEqual([['n/0', 500]]);
    expect(session.devices).toEqual([['n', 'esphome']]);
    expect(session.sink.filters).toEqual(['n/status']);
  });
});

describe('a device says whether it is there', () => {
  test('by all, any or the latest of several topics', () => {
    const told = (mode: string | undefined) => {
      const session = new Session();
      const avty = [{ t: 'x/a' }, { t: 'x/b', val_tpl: '{{ value_json.state }}' }];
      session.announce('a', power('d', 'x/w', { avty, avty_mode: mode }));
      session.send('x/a', 'online');
      session.send('x/b', { state: 'online' });
      session.send('x/b', { state: 'offline' });
      session.send('x/a', 'offline');
      session.send('x/b', { state: 'sleeping' });
      session.send('x/b', { state: 'online' });
      return session.sink.heard.map(({ online }) => online);
    };
    expect(told('all')).toEqual([true, false]);
    expect(told('any')).toEqual([true, false, true]);
    expect(told(undefined)).toEqual([true, false, true]);
  });

  test('by a silence longer than it announced, known at once, and over with the next figure', () => {
    const session = new Session();
    session.announce('a', power('d', 'x/w', { exp_aft: 60 }));
    session.intake.tick(startMs + 1e9, session.sink);
    expect(session.sink.heard).toEqual([]);
    session.send('x/w', '5');
    session.intake.tick(startMs + 60_000, session.sink);
    session.intake.tick(startMs + 60_001, session.sink);
    session.intake.tick(startMs + 70_000, session.sink);
    expect(session.sink.heard).toEqual([{ device: 'd', online: false, atMs: startMs + 60_001 }]);
    expect(session.intake.devices()[0]?.online).toBe(false);
    session.send('x/w', '6', { receivedAtMs: startMs + 80_000 });
    expect(session.sink.heard.map(({ online }) => online)).toEqual([false, true]);
  });
});

test('what cannot be read is shown under the device, with its reason', () => {
  const session = new Session();
  session.announce('a', power('d', 'x/w', { val_tpl: '{{ now().timestamp() }}' }));
  session.announce('b', power('d', 'x/e', { unit_of_meas: undefined, dev_cla: 'energy' }));
  expect(session.intake.devices()).toMatchObject([
    { device: 'd', family: 'home-assistant', rejects: { 'unsupported-template': 1, 'unit-unknown': 1 } },
  ]);
});
