import type { Quantity } from '../model/quantity.ts';
import type { Report, TopicReader } from './family.ts';
import { type Ceilings, measured } from './fields.ts';
import { textOf } from './json.ts';
import { readingAt } from './measured-time.ts';
import { plainValue } from './plain-value.ts';

/** Reads topics whose payload is one figure. `scale` brings it to our unit, e.g. 0.001 for mA. */
export function quantityReader(
  device: string,
  outlet: string,
  quantity: Quantity,
  scale: number,
  ceilings: Ceilings,
): TopicReader {
  return (message, report) => {
    const value = measured(quantity, plainValue(message.payload), scale, ceilings, device, report);
    if (value === undefined) return;
    const reading = readingAt(device, outlet, undefined, message);
    reading[quantity] = value;
    report.reading(reading);
  };
}

/** Reads topics that say whether a relay is closed: `on`, `true`, `1` and their opposites, however written. */
export function relayReader(device: string, outlet: string): TopicReader {
  return (message, report) => {
    const on = switchedText(textOf(message.payload));
    if (on === undefined) {
      report.rejectMessage(device, 'wrong-shape');
      return;
    }
    const reading = readingAt(device, outlet, undefined, message);
    reading.on = on;
    report.reading(reading);
  };
}

/** Reads topics that say whether a device is there: `online` or `offline`, `true` or `false`. */
export function availabilityReader(device: string): TopicReader {
  return (message, report) => {
    const online = availabilityText(textOf(message.payload));
    if (online === undefined) report.rejectMessage(device, 'wrong-shape');
    else report.availability(device, online);
  };
}

/** Claims a topic without reading it, so that it does not look unknown. */
export function ignoring(reason: string): TopicReader {
  return (_, report: Report) => report.ignore(reason);
}

export function availabilityText(text: string): boolean | undefined {
  const word = text.length <= 8 ? text.toLowerCase() : '';
  if (word === 'online' || word === 'true') return true;
  return word === 'offline' || word === 'false' ? false : undefined;
}

export function switchedText(text: string): boolean | undefined {
  const word = text.length <= 8 ? text.toLowerCase() : '';
  if (word === 'on' || word === '1' || word === 'true') return true;
  return word === 'off' || word === '0' || word === 'false' ? false : undefined;
}
