import type { RawMessage } from '../../src/model/reading.ts';
import { message } from './made-message.ts';
import { type MadeMetric, sparkplug } from './made-sparkplug.ts';

/** Messages about as long as the intake takes them, or longer, in the order in which a broker would bring them. */
export function largeMessages(): RawMessage[] {
  return [
    ...announcedStrip('wide', 1_000),
    ...sharedAvailability('shelf', 3_000),
    ...sparkplugBirth('hall', 'named', 3_500, false),
    ...sparkplugBirth('hall', 'aliased', 4_000, true),
    ...sparkplugFlat('hall', 'gateway', 4_000),
    ...announcedApart('apart', 500),
    ...zigbeeBridge('zigbee2mqtt', 500),
    ...telegrafBatches(900),
    ...tasmotaAtLength(),
    ...nonsenseAtLength(),
  ];
}

/** A device that announces many entities in one message, then tells them all in one, then is announced again. */
export function announcedStrip(id: string, entities: number): RawMessage[] {
  const cmps = Object.fromEntries(
    Array.from({ length: entities }, (_, index) => [
      `o${index}p`,
      {
        p: 'sensor',
        name: `Outlet ${index + 1} power`,
        uniq_id: `${id}_o${index}p`,
        unit_of_meas: 'W',
        val_tpl: `{{ value_json.out[${index}].w }}`,
      },
    ]),
  );
  const config = { dev: { ids: [id] }, o: { name: 'b' }, '~': id, stat_t: '~/s', avty_t: '~/lwt', cmps };
  const announcement = message(`homeassistant/device/${id}/config`, config, { retained: true });
  const state = { out: Array.from({ length: entities }, (_, index) => ({ w: 20 + (index % 80) })) };
  return [
    announcement,
    message(`${id}/s`, state),
    message(`${id}/lwt`, 'online'),
    announcement,
    message(`${id}/s`, state),
  ];
}

/** Many devices behind one bridge, whose will stands for them all. */
export function sharedAvailability(bridge: string, devices: number): RawMessage[] {
  const announcements = Array.from({ length: devices }, (_, index) =>
    message(
      `homeassistant/sensor/${bridge}_${index}/config`,
      {
        name: 'Power',
        uniq_id: `${bridge}_${index}_p`,
        stat_t: `${bridge}/${index}`,
        unit_of_meas: 'W',
        avty_t: `${bridge}/lwt`,
        dev: { ids: [`${bridge}-${index}`] },
      },
      { retained: true },
    ),
  );
  const wills = ['online', 'offline', 'online'].map((text) => message(`${bridge}/lwt`, text));
  return [...announcements, ...wills];
}

/** A node with many metrics; its data come by name or by alias. */
export function sparkplugBirth(group: string, edge: string, metrics: number, byAlias: boolean): RawMessage[] {
  const born = Array.from({ length: metrics }, (_, index): MadeMetric => {
    const name = `Outlets/Outlet ${1 + (index >> 2)}/${['Power', 'Voltage', 'Current', 'State'][index & 3]}`;
    const unit = ['W', 'V', 'A'][index & 3];
    return {
      name,
      ...(byAlias && { alias: index }),
      type: unit === undefined ? 11 : 9,
      ...(unit === undefined ? { boolean: true } : { float: 5, properties: { engUnit: unit } }),
    };
  });
  const data = born.map(({ name, alias, float, boolean }): MadeMetric => {
    const value = float === undefined ? { boolean: boolean ?? false } : { float: float + 1 };
    return { ...(alias === undefined ? { name: name ?? '' } : { alias }), ...value };
  });
  const birth = message(`spBv1.0/${group}/NBIRTH/${edge}`, sparkplug({ seq: 0, metrics: born }));
  return [
    birth,
    message(`spBv1.0/${group}/NDATA/${edge}`, sparkplug({ seq: 1, metrics: data })),
    birth,
    message(`spBv1.0/${group}/NDEATH/${edge}`, sparkplug({ metrics: [] })),
  ];
}

/** All in the last level of the names, so that no two are alike, as gateways write that know no levels. */
export function sparkplugFlat(group: string, edge: string, metrics: number): RawMessage[] {
  const names = Array.from(
    { length: metrics },
    (_, index) => `Outlet ${1 + (index >> 1)} ${['Active Power kW', 'Voltage'][index & 1]}`,
  );
  const born = names.map((name, alias): MadeMetric => ({ name, alias, type: 9, float: 5 }));
  return [message(`spBv1.0/${group}/DBIRTH/${edge}/flat`, sparkplug({ seq: 0, metrics: born }))];
}

/** A device whose entities have topics of their own. */
export function announcedApart(id: string, entities: number): RawMessage[] {
  const cmps = Object.fromEntries(
    Array.from({ length: entities }, (_, index) => [
      `o${index}p`,
      {
        ...{ p: 'sensor', name: `Outlet ${index + 1} power`, uniq_id: `${id}_o${index}p`, unit_of_meas: 'W' },
        ...{ stat_t: `~/outlet/${index}/power`, avty_t: `~/outlet/${index}/lwt` },
      },
    ]),
  );
  const announcement = message(
    `homeassistant/device/${id}/config`,
    { dev: { ids: [id] }, '~': id, cmps },
    { retained: true },
  );
  return [
    announcement,
    message(`${id}/outlet/7/power`, '12'),
    announcement,
    message(`${id}/outlet/8/power`, '12'),
  ];
}

/** The list of all devices of a bridge, a few KB each, and what one of them says. */
export function zigbeeBridge(base: string, devices: number): RawMessage[] {
  const exposes = ['power', 'voltage', 'current', 'energy'].map((property) => ({
    access: 5,
    description: `Instantaneous measured ${property}, as the cluster attribute tells it`,
    label: property,
    name: property,
    property,
    type: 'numeric',
    unit: { power: 'W', voltage: 'V', current: 'A', energy: 'kWh' }[property],
  }));
  const endpoint = {
    bindings: [],
    clusters: {
      input: ['genBasic', 'genIdentify', 'genOnOff', 'haElectricalMeasurement'],
      output: ['genOta'],
    },
    configured_reportings: Array.from({ length: 6 }, () => ({
      attribute: 'activePower',
      cluster: 'haElectricalMeasurement',
      maximum_report_interval: 3600,
      minimum_report_interval: 10,
      reportable_change: 5,
    })),
    scenes: [],
  };
  const list = Array.from({ length: devices }, (_, index) => ({
    definition: {
      description: 'Smart plug with a meter',
      exposes: [{ type: 'switch', features: [{ property: 'state', type: 'binary' }] }, ...exposes],
      model: 'P1',
      options: exposes,
      supports_ota: true,
      vendor: 'V',
    },
    disabled: false,
    endpoints: { 1: endpoint },
    friendly_name: `rack ${index % 8}/plug ${index}`,
    ieee_address: `0x${(0x00124b0012345678n + BigInt(index)).toString(16).padStart(16, '0')}`,
    interview_completed: true,
    type: 'Router',
    supported: true,
  }));
  return [
    message(`${base}/bridge/devices`, list, { retained: true }),
    message(`${base}/rack 3/plug 3`, { power: 12, voltage: 230 }),
    message(`${base}/bridge/devices`, list.slice(1), { retained: true }),
  ];
}

function telegrafBatches(count: number): RawMessage[] {
  const lines = Array.from(
    { length: count },
    (_, index) =>
      `rpdu,agent_host=10.0.0.${index % 250},outlet=${index >> 5} power_w=${index}i,voltage_v=230`,
  );
  const metrics = lines.map((_, index) => ({
    name: 'rpdu',
    tags: { agent_host: `10.0.1.${index % 250}`, outlet: String(index >> 5) },
    fields: { power_w: index },
    timestamp: 1_749_103_200,
  }));
  return [message('telegraf/h/rpdu', lines.join('\n')), message('telegraf/h/rpdu', { metrics })];
}

function tasmotaAtLength(): RawMessage[] {
  const list = (length: number) => Array.from({ length }, (_, index) => index);
  return [
    message('tele/long/SENSOR', { ENERGY: { Power: list(30_000), Voltage: list(10_000) } }),
    message('tele/wide/SENSOR', Object.fromEntries(list(9_000).map((index) => [`S${index}`, { Power: 1 }]))),
    message('shellies/shelly4pm-ABCDEF/info', { meters: list(9_000).map((power) => ({ power })) }),
  ];
}

function nonsenseAtLength(): RawMessage[] {
  const topics = [
    'tele/x/SENSOR',
    'zigbee2mqtt/x',
    'zigbee2mqtt/bridge/devices',
    'homeassistant/sensor/x/config',
  ];
  const nested = (depth: number) => '{"a":['.repeat(depth) + ']}'.repeat(depth);
  const payloads = [
    nested(90),
    nested(15_000),
    `{"a":"${'x'.repeat(250_000)}"}`,
    `{"a":"${'\\u0041'.repeat(40_000)}"}`,
    `{"a":${'9'.repeat(200_000)}}`,
    `{${'"a":nan,'.repeat(20_000)}"b":1}`,
    `[${'0,'.repeat(100_000)}0]`,
    `{${Array.from({ length: 12_000 }, (_, index) => `"k${index}":${index}`).join()}}`,
    ' '.repeat(250_000),
    '1'.repeat(250_000),
    Buffer.alloc(250_000, 0x92),
    `[${'{"friendly_name":"x"},'.repeat(50_000)}{}]`,
    ' '.repeat(1_200_000),
  ];
  return topics.flatMap((topic) => payloads.map((payload) => message(topic, payload)));
}
