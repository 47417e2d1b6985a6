import { mappingFamily } from '../../src/devices/mapping-family.ts';

/** Families that are told beforehand how to read: by discovery messages, or by the settings. */
export interface AnnouncedBench {
  readonly family: string;
  /** What one device announces. */
  announce(device: number): { topic: string; payload: string }[];
  message(device: number, step: number): { topic: string; payload: string };
}

/** A mapping as an admin would write it for a PDU that tells all outlets in one message. */
export const benchMapping = mappingFamily([
  {
    topic: 'hall/{device}/outlets',
    outlet: '{out[*].id}',
    figures: { 'out[*].w': 'W', 'out[*].ma': 'mA', 'out[*].on': 'on' },
  },
]);

export const announced: readonly AnnouncedBench[] = [
  { family: 'home-assistant', announce: announceStrip, message: stripMessage },
  { family: 'esphome', announce: announceNode, message: nodeMessage },
  { family: 'openbeken', announce: () => [], message: bekenMessage },
  { family: 'mapping', announce: () => [], message: mappedMessage },
];

const figures = [
  ['power', 'W', 'w'],
  ['current', 'mA', 'ma'],
  ['energy', 'kWh', 'kwh'],
] as const;

/** Four outlets, three figures each, in one state topic. */
function announceStrip(device: number): { topic: string; payload: string }[] {
  const cmps = Object.fromEntries(
    [0, 1, 2, 3].flatMap((outlet) =>
      figures.map(([name, unit, key]) => [
        `o${outlet}${key}`,
        {
          p: 'sensor',
          name: `Outlet ${outlet + 1} ${name}`,
          uniq_id: `strip${device}_${outlet}_${key}`,
          unit_of_meas: unit,
          val_tpl: `{{ value_json.out[${outlet}].${key} }}`,
        },
      ]),
    ),
  );
  const config = { dev: { ids: [`strip-${device}`] }, '~': `strips/${device}`, stat_t: '~/state', cmps };
  return [{ topic: `homeassistant/device/strip-${device}/config`, payload: JSON.stringify(config) }];
}

function stripMessage(device: number, step: number): { topic: string; payload: string } {
  const out = [0, 1, 2, 3].map((outlet) => {
    const watts = 40 + ((step * 7 + outlet * 31) % 300) / 10;
    return `{"w":${watts.toFixed(1)},"ma":${Math.round(watts * 4.3)},"kwh":${(100 + step / 1e4).toFixed(3)},"on":true}`;
  });
  return { topic: `strips/${device}/state`, payload: `{"out":[${out.join()}],"t":31.5,"rssi":-61}` };
}

function announceNode(device: number): { topic: string; payload: string }[] {
  const config = {
    name: 'Power',
    uniq_id: `ESPsensorpower${device}`,
    stat_t: `node-${device}/sensor/power/state`,
    unit_of_meas: 'W',
    dev: { ids: `a4cf12${(0x100000 + device).toString(16)}`, name: `node-${device}` },
  };
  return [{ topic: `homeassistant/sensor/node-${device}/power/config`, payload: JSON.stringify(config) }];
}

function nodeMessage(device: number, step: number): { topic: string; payload: string } {
  return { topic: `node-${device}/sensor/power/state`, payload: (80 + ((step * 7) % 3500) / 10).toFixed(1) };
}

function bekenMessage(device: number, step: number): { topic: string; payload: string } {
  return {
    topic: `obk${(0x10000000 + device).toString(16)}/power/get`,
    payload: (80 + ((step * 7) % 3500) / 10).toFixed(2),
  };
}

function mappedMessage(device: number, step: number): { topic: string; payload: string } {
  const out = [1, 2, 3, 4, 5, 6, 7, 8].map((outlet) => {
    const watts = 40 + ((step * 7 + outlet * 31) % 300);
    return `{"id":"A${outlet}","w":${watts},"ma":${Math.round(watts * 4.3)},"on":1,"name":"server ${outlet}"}`;
  });
  return { topic: `hall/pdu-${device}/outlets`, payload: `{"model":"X8","out":[${out.join()}]}` };
}
