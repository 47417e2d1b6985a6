/** What `bench decode` has read: made messages in the shapes of Shelly Gen1, Zigbee2MQTT and rack PDUs. */
type MakeMessage = (device: number, step: number) => { topic: string; payload: string };

export const plugsAndPdus: readonly (readonly [family: string, make: MakeMessage])[] = [
  ['shelly-gen1', shellyGen1Message],
  ['zigbee2mqtt', zigbeeMessage],
  ['gude', gudeMessage],
  ['netio', netioMessage],
  ['netio', netioDocument],
  ['cyberpower', cyberpowerMessage],
  ['mpower', mpowerMessage],
];

/** One bare number. */
function shellyGen1Message(device: number, step: number): { topic: string; payload: string } {
  const id = `shellyplug-s-${(0xabc000 + device).toString(16).toUpperCase()}`;
  return { topic: `shellies/${id}/relay/0/power`, payload: (60 + ((step * 13) % 9_000) / 10).toFixed(2) };
}

/** About 200 bytes, the cached state of a plug. */
function zigbeeMessage(device: number, step: number): { topic: string; payload: string } {
  const watts = 60 + ((step * 7) % 4_000) / 10;
  const seen = new Date(Date.UTC(2025, 2, 4) + step).toISOString();
  const payload =
    `{"ac_frequency":49.98,"current":${(watts / 230).toFixed(2)},"energy":${(50 + step / 1e4).toFixed(2)},` +
    `"last_seen":"${seen}","linkquality":${100 + (step % 90)},"power":${watts.toFixed(1)},"power_factor":0.93,` +
    `"power_on_behavior":"on","state":"ON","voltage":${(229 + (step % 30) / 10).toFixed(1)}}`;
  return { topic: `zigbee2mqtt/rack ${device % 40}/plug ${device}`, payload };
}

/** About 700 bytes: twelve ports and the input. */
function gudeMessage(device: number, step: number): { topic: string; payload: string } {
  const watts = 600 + ((step * 11) % 900);
  const ports = Array.from({ length: 12 }, (_, index) => ({
    port: String(index + 1),
    name: `server ${index + 1}`,
    state: 1,
  }));
  const line = {
    voltage: 231.4,
    current: watts / 240,
    freq: 50.01,
    act_pow: watts,
    react_pow: -120,
    app_pow: watts + 40,
    pow_fact: 0.96,
    tot_energy: 140_000 + step,
  };
  const ts = (Date.UTC(2025, 2, 4) + step) / 1000;
  const mac = `00:19:32:0a:${(device >> 8).toString(16).padStart(2, '0')}:${(device & 255).toString(16).padStart(2, '0')}`;
  return {
    topic: `de/gudesystems/epc/${mac}/device/telemetry`,
    payload: JSON.stringify({ type: 'telemetry', portstates: ports, line_in: [line], ts }),
  };
}

/** One whole number, mA. */
function netioMessage(device: number, step: number): { topic: string; payload: string } {
  return {
    topic: `netio/rack-${device}/output/${1 + (step % 4)}/current`,
    payload: String(200 + ((step * 7) % 4_000)),
  };
}

/** About 700 bytes: four outputs and the whole. */
function netioDocument(device: number, step: number): { topic: string; payload: string } {
  const outputs = [1, 2, 3, 4].map((id) => ({
    ID: id,
    Name: `output ${id}`,
    State: 1,
    Action: 6,
    Delay: 5000,
    Current: 300 + ((step * id) % 2_000),
    PowerFactor: 0.94,
    Load: 70 + ((step * id) % 400),
    Energy: 60_000 + step,
  }));
  const body = {
    Agent: { Model: 'PowerPDU 4KS', DeviceName: `pdu-${device}`, Version: '3.4.0', Uptime: step },
    GlobalMeasure: {
      Voltage: 230.1,
      Frequency: 50,
      TotalCurrent: 2_100,
      OverallPowerFactor: 0.93,
      TotalLoad: 480,
    },
    Outputs: outputs,
  };
  return { topic: `netio/pdu-${device}`, payload: JSON.stringify(body) };
}

function cyberpowerMessage(device: number, step: number): { topic: string; payload: string } {
  return {
    topic: `pdu/pdu-${device}/outlet/${1 + (step % 10)}/power`,
    payload: `${60 + ((step * 3) % 300)}.0`,
  };
}

function mpowerMessage(device: number, step: number): { topic: string; payload: string } {
  return {
    topic: `homie/strip-${device}/port${1 + (step % 6)}/power`,
    payload: (20 + ((step * 3) % 900) / 10).toFixed(1),
  };
}
