import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { family } from '../../src/devices/families/zigbee2mqtt.ts';
import { Intake } from '../../src/devices/intake.ts';
import type { RawMessage } from '../../src/model/reading.ts';
import { KeepingSink, message, startMs } from './made-message.ts';

const numeric = (property: string, unit: string) => ({ type: 'numeric', name: property, property, unit });

function listed(name: string, properties: readonly [string, string][]): object {
  const exposes = properties.map(([property, unit]) => numeric(property, unit));
  return {
    ieee_address: `0x${name}`,
    type: 'Router',
    friendly_name: name,
    definition: { model: 'M', exposes },
  };
}

const plug: readonly [string, string][] = [
  ['power', 'W'],
  ['energy', 'kWh'],
];

function take(messages: readonly RawMessage[]): KeepingSink {
  const intake = new Intake([family]);
  const sink = new KeepingSink();
  for (const raw of messages) intake.accept(raw, sink);
  return sink;
}

describe('states and the list of devices', () => {
  test('may come in any order: every state is read, each of its own device', () => {
    const names = ['plug', 'row/plug', 'row', 'row/plug/power', 'hall 2/µ'];
    const births = [
      message('zigbee2mqtt/bridge/state', '{"state":"online"}', { retained: true }),
      message('zigbee2mqtt/bridge/groups', '[{"id":1,"friendly_name":"all"}]', { retained: true }),
      message(
        'zigbee2mqtt/bridge/devices',
        names.map((name) => listed(name, plug)),
        { retained: true },
      ),
      message('zigbee2mqtt/plug/availability', 'online', { retained: true }),
    ];
    const state = fc.record({
      name: fc.constantFrom(...names),
      watts: fc.integer({ min: -100, max: 3_000 }),
    });
    const places = fc.array(fc.nat(40), { minLength: births.length, maxLength: births.length });
    fc.assert(
      fc.property(fc.array(state, { minLength: 1, maxLength: 30 }), places, (states, at) => {
        const messages = states.map(({ name, watts }, index) =>
          message(`zigbee2mqtt/${name}`, { power: watts }, { receivedAtMs: startMs + index * 2_000 }),
        );
        for (const [index, birth] of births.entries()) messages.splice(at[index] as number, 0, birth);
        const { readings } = take(messages);
        expect(readings.map(({ outlet, watts }) => ({ outlet, watts }))).toEqual(
          states.map(({ name, watts }) => ({ outlet: `${name}/0`, watts })),
        );
      }),
      { numRuns: 200 },
    );
  });

  test('a list that comes late sets the units right from then on', () => {
    const { readings } = take([
      message('zigbee2mqtt/a', { energy: 5 }),
      message('zigbee2mqtt/bridge/devices', [listed('a', [['energy', 'Wh']])]),
      message('zigbee2mqtt/a', { energy: 5_001 }, { receivedAtMs: startMs + 5_000 }),
    ]);
    expect(readings.map(({ wattHoursTotal }) => wattHoursTotal)).toEqual([5_000, 5_001]);
  });
});

describe('availability', () => {
  test('of a device is told once it is known to be a meter, and follows the bridge', () => {
    const sink = take([
      message('zigbee2mqtt/a/availability', '{"state":"online"}', { retained: true }),
      message('zigbee2mqtt/a', { power: 5 }),
      message('zigbee2mqtt/b', { power: 5 }),
      message('zigbee2mqtt/b/availability', 'offline'),
      message('zigbee2mqtt/bridge/state', 'offline'),
      message('zigbee2mqtt/bridge/state', 'offline'),
      message('zigbee2mqtt/bridge/state', '{"state":"online"}'),
    ]);
    expect(sink.heard.map(({ device, online }) => `${device} ${online}`)).toEqual([
      ...['a true', 'b false'],
      ...['a false', 'b false'],
      ...['a true', 'b false'],
    ]);
  });

  test('a device that is removed or renamed is gone at once', () => {
    const sink = take([
      message('zigbee2mqtt/bridge/devices', [listed('old', plug), listed('other', plug)]),
      message('zigbee2mqtt/old', { power: 5 }),
      message('zigbee2mqtt/bridge/devices', [listed('new', plug), listed('other', plug)]),
    ]);
    expect(sink.heard.map(({ device, online }) => `${device} ${online}`)).toEqual(['old false']);
    expect(sink.described.map(({ device }) => device)).toContain('new');
  });
});

describe('what is learnt', () => {
  test('is bounded: base topics, keys of a device', () => {
    const intake = new Intake([family]);
    const sink = new KeepingSink();
    for (let index = 0; index < 100; index++)
      intake.accept(message(`base${index}/bridge/state`, '{"state":"online"}'), sink);
    expect(sink.filters.length).toBeLessThanOrEqual(16);
    for (let index = 0; index < 2_000; index++)
      intake.accept(message('zigbee2mqtt/a', { [`power_${index % 999}`]: 1, [`key${index}`]: 1 }), sink);
    expect(intake.devices().find(({ device }) => device === 'a')?.outlets.length).toBeLessThanOrEqual(256);
  });

  test('lists bigger than any other message are read', () => {
    const devices = Array.from({ length: 1_000 }, (_, index) =>
      listed(`plug ${index}`, [...plug, ['voltage', 'V'], ['current', 'mA']]),
    );
    const intake = new Intake([family]);
    const sink = new KeepingSink();
    intake.accept(message('zigbee2mqtt/bridge/devices', devices, { retained: true }), sink);
    intake.accept(message('zigbee2mqtt/plug 999', { current: 250 }), sink);
    expect(sink.readings.map(({ amps }) => amps)).toEqual([0.25]);
    for (let tick = 1; tick < 10; tick++) intake.tick(startMs + tick * 5_000, sink);
    expect(sink.described.length).toBe(1_000);
  });
});

describe('a list of many devices', () => {
  const many = 400;
  const name = (index: number) => `row ${index % 7}/plug ${index}`;
  const list = Array.from({ length: many }, (_, index) => ({
    ...listed(name(index), [
      ['power', 'mW'],
      ['energy', 'Wh'],
    ]),
    endpoints: { 1: { clusters: 'x'.repeat(2_000) } },
  }));
  const devices = message('zigbee2mqtt/bridge/devices', list, { retained: true });

  test('is known at once where a device speaks, and bit by bit where none does', () => {
    const intake = new Intake([family]);
    const sink = new KeepingSink();
    intake.accept(devices, sink);
    const atOnce = sink.described.length;
    expect(atOnce).toBeGreaterThan(20);
    expect(atOnce).toBeLessThan(many / 2);
    for (const index of [many - 1, 0, 200])
      intake.accept(message(`zigbee2mqtt/${name(index)}`, { power: 5_000, energy: 7 }), sink);
    intake.accept(message(`zigbee2mqtt/${name(300)}/power`, '2000'), sink);
    expect(sink.readings.map(({ device, watts }) => [device, watts])).toEqual([
      [name(many - 1), 5],
      [name(0), 5],
      [name(200), 5],
      [name(300), 2],
    ]);
    expect(sink.described.length).toBe(atOnce + 3);
    for (let tick = 1; tick < 20; tick++) intake.tick(startMs + tick * 5_000, sink);
    expect(sink.described.map(({ device }) => device).sort()).toEqual(list.map((_, at) => name(at)).sort());
    expect(intake.devices().length).toBe(many);
  });

  test('takes away who is missing in the next one, read or not', () => {
    const intake = new Intake([family]);
    const sink = new KeepingSink();
    intake.accept(devices, sink);
    intake.accept(message(`zigbee2mqtt/${name(399)}`, { power: 5_000 }), sink);
    intake.accept({ ...devices, payload: Buffer.from(JSON.stringify(list.slice(0, 398))) }, sink);
    for (let tick = 1; tick < 20; tick++) intake.tick(startMs + tick * 5_000, sink);
    expect(sink.heard.map(({ device, online }) => [device, online])).toEqual([[name(399), false]]);
    expect(new Set(sink.described.map(({ device }) => device)).has(name(398))).toBe(false);
  });

  test('is refused as a whole where it was cut off, and costs one description where an entry is broken', () => {
    const text = JSON.stringify(list);
    const intake = new Intake([family]);
    const sink = new KeepingSink();
    expect(intake.accept({ ...devices, payload: Buffer.from(text.slice(0, -1)) }, sink)).toBe('not-json');
    expect(sink.described).toEqual([]);
    const broken = Buffer.from(text.replace('"model":"M"', '"model":M'));
    intake.accept({ ...devices, payload: broken }, sink);
    for (let tick = 1; tick < 20; tick++) intake.tick(startMs + tick * 5_000, sink);
    expect(new Set(sink.described.map(({ device }) => device)).size).toBe(many - 1);
    intake.accept(message(`zigbee2mqtt/${name(0)}`, { power: 5 }), sink);
    expect(sink.readings.map(({ watts }) => watts)).toEqual([5]);
  });
});
