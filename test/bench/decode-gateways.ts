import { sparkplug } from '../devices/made-sparkplug.ts';

/**
 * What `bench decode` has read: made messages of gateways and pollers. What is no JSON is compared with the same
 * figures as JSON (`bare`).
 */
type MakeMessage = (
  device: number,
  step: number,
) => { topic: string; payload: string | Uint8Array; bare?: string };

export const gateways: readonly (readonly [family: string, make: MakeMessage])[] = [
  ['sparkplug-b', sparkplugMessage],
  ['telegraf', telegrafJson],
  ['telegraf', telegrafLine],
  ['z-wave-js-ui', zwaveMessage],
  ['emonhub', emonhubMessage],
  ['emonhub', emonhubNode],
  ['victron', victronMessage],
  ['nut', nutMessage],
];

const startMs = Date.UTC(2025, 2, 4);
const outlets = [1, 2, 3, 4];
const wattsAt = (step: number) => 60 + ((step * 7) % 4_000) / 10;

/** A birth for each device, then what changed of four outlets, by alias: about 120 bytes. */
function sparkplugMessage(
  device: number,
  step: number,
): { topic: string; payload: Uint8Array; bare: string } {
  const timestamp = startMs + step;
  const isBirth = step === device;
  const metrics = outlets.flatMap((outlet) => [
    { alias: outlet, timestamp, float: wattsAt(step + outlet), ...(isBirth && birth(outlet, 'Power', 'W')) },
    { alias: outlet + 10, timestamp, float: 0.5 + outlet, ...(isBirth && birth(outlet, 'Current', 'A')) },
  ]);
  const payload = sparkplug({ timestamp, seq: step & 255, metrics });
  const bare = JSON.stringify({ timestamp, metrics, seq: 1 });
  return { topic: `spBv1.0/hall/${isBirth ? 'DBIRTH' : 'DDATA'}/edge/pdu-${device}`, payload, bare };
}

function birth(outlet: number, what: string, engUnit: string) {
  return { name: `Outlet ${outlet}/${what}`, type: 9, properties: { engUnit } };
}

function telegrafJson(device: number, step: number): { topic: string; payload: string } {
  const fields = {
    power_w: wattsAt(step),
    current_ma: 400 + (step % 90),
    voltage: 230.4,
    energy_kwh: 120 + step / 1e4,
  };
  const tags = {
    agent_host: `10.20.0.${device % 20}`,
    host: 'mon1',
    outlet: String(device),
    outlet_name: 'NAS',
  };
  const payload = JSON.stringify({
    fields,
    name: 'rpdu_outlet',
    tags,
    timestamp: Math.floor((startMs + step) / 1_000),
  });
  return { topic: 'telegraf/mon1/rpdu_outlet', payload };
}

function telegrafLine(device: number, step: number): { topic: string; payload: string; bare: string } {
  const payload =
    `rpdu_outlet,agent_host=10.20.0.${device % 20},host=mon1,outlet=${device},outlet_name=NAS ` +
    `power_w=${wattsAt(step)},current_ma=${400 + (step % 90)}i,voltage=230.4,energy_kwh=${120 + step / 1e4} ${startMs + step}000000\n`;
  return { topic: 'telegraf/mon1/rpdu_outlet', payload, bare: telegrafJson(device, step).payload };
}

function zwaveMessage(device: number, step: number): { topic: string; payload: string } {
  return {
    topic: `zwave/${device}/50/0/value/66049`,
    payload: `{"time":${startMs + step},"value":${wattsAt(step)}}`,
  };
}

function emonhubMessage(device: number, step: number): { topic: string; payload: string } {
  return { topic: `emon/node${device}/P1`, payload: String(wattsAt(step)) };
}

function emonhubNode(device: number, step: number): { topic: string; payload: string } {
  const powers = outlets.map(
    (outlet) => `"P${outlet}":${wattsAt(step + outlet)},"E${outlet}":${step + outlet}`,
  );
  const payload = `{"MSG":${step},"Vrms":230.41,${powers.join()},"pulse":0,"time":${(startMs + step) / 1_000}}`;
  return { topic: `emon/node${device}`, payload };
}

function victronMessage(device: number, step: number): { topic: string; payload: string } {
  return { topic: `N/c0619ab1d2e3/grid/${device}/Ac/L1/Power`, payload: `{"value":${wattsAt(step)}}` };
}

function nutMessage(device: number, step: number): { topic: string; payload: string } {
  const payload =
    `{"ups.realpower":"${wattsAt(step)}","ups.load":"12","output.voltage":"229.8","output.current":"0.6",` +
    `"input.voltage":"231.0","input.frequency":"49.9","battery.voltage":"27.2","ups.status":"OL"}`;
  return { topic: `nut/ups${device}`, payload };
}
