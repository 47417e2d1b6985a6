import type { Quantity } from '../../model/quantity.ts';
import type { Family, FamilySession, Report, TopicReader } from '../family.ts';
import { outletCeilings } from '../fields.ts';
import { textOf } from '../json.ts';
import { Known } from '../known.ts';
import { availabilityText, ignoring, quantityReader, relayReader } from '../plain-reader.ts';

/**
 * Ubiquiti mPower strips with the mpower-tools scripts, laid out in the manner of Homie. Everything is retained.
 * Source: radim-ek/mpower-tools, mqtt/client/mqpub.sh.
 */
export const family: Family = {
  name: 'mpower',
  topics: [
    ...['power', 'voltage', 'current', 'pf', 'energy', 'relay', 'lock'].map((tail) => `homie/+/+/${tail}`),
    'homie/+/$online',
    'homie/+/$state',
    'homie/+/$name',
  ],
  rank: 20,
  expectedIntervalMs: 60_000,
  open: () => new MPowerSession(),
};

const devicesMax = 5_000;

const figures: Readonly<Record<string, Quantity>> = {
  power: 'watts',
  voltage: 'volts',
  current: 'amps',
  pf: 'powerFactor',
  /** Wh: the script has multiplied the pulses already. */
  energy: 'wattHoursTotal',
};

/** What is known of one strip. Any Homie device has `$online`: held back until it is sure that this is a strip. */
class MPowerDevice {
  readonly device: string;
  #met = false;
  #heldOnline: boolean | undefined = undefined;
  #heldName: string | undefined = undefined;

  constructor(device: string) {
    this.device = device;
  }

  meet(report: Report): void {
    if (this.#met) return;
    this.#met = true;
    if (this.#heldOnline !== undefined) this.tellOnline(this.#heldOnline, report);
    if (this.#heldName !== undefined) this.tellName(this.#heldName, report);
  }

  tellOnline(online: boolean, report: Report): void {
    if (this.#met) report.availability(this.device, online);
    else this.#heldOnline = online;
    report.ignore('availability');
  }

  tellName(name: string, report: Report): void {
    if (this.#met) report.describe({ device: this.device, name });
    else this.#heldName = name;
    report.ignore('description');
  }
}

class MPowerSession implements FamilySession {
  readonly #devices = new Known(devicesMax, (name) => new MPowerDevice(name));

  claim(topic: string): TopicReader | undefined {
    const port = /^homie\/([^/]+)\/(port\d{1,2})\/([a-z]+)$/.exec(topic);
    if (port !== null) {
      const [, name = '', label = '', tail = ''] = port;
      return portReader(this.#devices.get(name), label, tail);
    }
    const whole = /^homie\/([^/]+)\/\$(online|state|name)$/.exec(topic);
    if (whole === null) return undefined;
    const device = this.#devices.get(whole[1] as string);
    if (whole[2] === 'name')
      return (message, report) => device.tellName(textOf(message.payload).slice(0, 100), report);
    return (message, report) => {
      const online = onlineOf(textOf(message.payload));
      if (online === undefined) report.ignore('not-a-meter');
      else device.tellOnline(online, report);
    };
  }
}

function portReader(device: MPowerDevice, label: string, tail: string): TopicReader | undefined {
  const outlet = `${device.device}/${label}`;
  const quantity = Object.hasOwn(figures, tail) ? figures[tail] : undefined;
  const read =
    tail === 'relay'
      ? relayReader(device.device, outlet)
      : quantity !== undefined
        ? quantityReader(device.device, outlet, quantity, 1, outletCeilings)
        : tail === 'lock'
          ? ignoring('not-a-meter')
          : undefined;
  return (
    read &&
    ((message, report) => {
      device.meet(report);
      read(message, report);
    })
  );
}

/** `$online` is true or false; `$state` (Homie 3) is ready, lost, disconnected, or on its way between them. */
function onlineOf(text: string): boolean | undefined {
  if (text === 'ready' || text === 'alert') return true;
  return text === 'lost' || text === 'disconnected' ? false : availabilityText(text);
}
