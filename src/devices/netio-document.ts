import { type RawMessage, totalLabel } from '../model/reading.ts';
import type { Report } from './family.ts';
import * as fields from './fields.ts';
import { feedCeilings, outletCeilings } from './fields.ts';
import { isObject, type JsonObject } from './json.ts';
import { readingAt, trustedIso } from './measured-time.ts';

const outputsMax = 64;

/**
 * NETIO's JSON: who it is (`Agent`), what all outputs share (`GlobalMeasure`), one object for each output
 * (`Outputs`). Currents in mA, energy in Wh (JSON M2M API protocol).
 */
export function readDocument(device: string, body: JsonObject, message: RawMessage, report: Report): void {
  const global = isObject(body.GlobalMeasure) ? body.GlobalMeasure : undefined;
  if (global === undefined && !Array.isArray(body.Outputs)) {
    report.ignore('not-a-meter');
    return;
  }
  const agent = isObject(body.Agent) ? body.Agent : {};
  const outputs = Array.isArray(body.Outputs) ? body.Outputs.slice(0, outputsMax).filter(isObject) : [];
  if (message.retained || agent.Model !== undefined) describe(device, agent, outputs, report);
  const atMs = trustedIso(agent.Time, message.receivedAtMs);
  const volts = fields.volts(global?.Voltage, device, report);
  const hertz = fields.hertz(global?.Frequency, device, report);
  for (const output of outputs) {
    const label = labelOf(output.ID);
    if (label === undefined) {
      report.rejectField(device, 'wrong-shape');
      continue;
    }
    const reading = readingAt(device, `${device}/${label}`, atMs, message);
    reading.watts = fields.watts(output.Load, outletCeilings, device, report);
    reading.volts = output.Voltage === undefined ? volts : fields.volts(output.Voltage, device, report);
    reading.amps = fields.measured('amps', output.Current, 0.001, outletCeilings, device, report);
    reading.powerFactor = fields.powerFactor(output.PowerFactor, device, report);
    reading.hertz = output.Frequency === undefined ? hertz : fields.hertz(output.Frequency, device, report);
    reading.wattHoursTotal = fields.wattHours(output.EnergyNR ?? output.Energy, 1, device, report);
    reading.wattHoursReturnedTotal = fields.wattHours(
      output.ReverseEnergyNR ?? output.ReverseEnergy,
      1,
      device,
      report,
    );
    reading.on = stateOf(output.State, device, report);
    report.reading(reading);
  }
  if (global === undefined) return;
  const total = readingAt(device, `${device}/${totalLabel}`, atMs, message);
  total.watts = fields.watts(global.TotalLoad ?? global.TotalPower, feedCeilings, device, report);
  total.volts = volts;
  total.amps = fields.measured('amps', global.TotalCurrent, 0.001, feedCeilings, device, report);
  total.powerFactor = fields.powerFactor(global.OverallPowerFactor, device, report);
  total.hertz = hertz;
  total.wattHoursTotal = fields.wattHours(global.TotalEnergyNR ?? global.TotalEnergy, 1, device, report);
  total.wattHoursReturnedTotal = fields.wattHours(
    global.TotalReverseEnergyNR ?? global.TotalReverseEnergy,
    1,
    device,
    report,
  );
  report.reading(total);
}

function describe(device: string, agent: JsonObject, outputs: readonly JsonObject[], report: Report): void {
  const names: [string, string][] = [];
  for (const { ID: id, Name: name } of outputs) {
    const label = labelOf(id);
    if (label !== undefined && typeof name === 'string') names.push([label, name.slice(0, 100)]);
  }
  report.describe({
    device,
    name: text(agent.DeviceName),
    model: text(agent.Model),
    firmware: text(agent.Version),
    outletNames: Object.fromEntries(names),
  });
}

function labelOf(id: unknown): string | undefined {
  const label = typeof id === 'number' && Number.isInteger(id) ? String(id) : id;
  return typeof label === 'string' && /^[\w.:-]{1,48}$/.test(label) ? label : undefined;
}

function stateOf(value: unknown, device: string, report: Report): boolean | undefined {
  if (value === 1) return true;
  return value === 0 ? false : fields.switched(value, device, report);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value.slice(0, 100) : undefined;
}
