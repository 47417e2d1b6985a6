import type { Quantity } from '../../model/quantity.ts';
import { type RawMessage, type Reading, soleLabel, totalLabel } from '../../model/reading.ts';
import type { Family, FamilySession, Report, TopicReader } from '../family.ts';
import { feedCeilings, measured, wattHours, watts } from '../fields.ts';
import { readObject } from '../json.ts';
import { Known } from '../known.ts';
import { readingAt, trustedSeconds } from '../measured-time.ts';
import { plainValue } from '../plain-value.ts';

/**
 * OpenEnergyMonitor's emonHub: clamps of an emonTx or emonPi, one value for each topic or one JSON for each node.
 * Source: openenergymonitor/emonhub, EmonHubMqttInterfacer.py.
 */
export const family: Family = {
  name: 'emonhub',
  topics: ['emon/+', 'emon/+/+', 'nodes/+/+', 'emonhub/rx/+/values'],
  rank: 20,
  expectedIntervalMs: 10_000,
  open: () => new EmonSession(),
};

interface Variable {
  readonly quantity: Quantity;
  readonly label: string;
}

const nodesMax = 5_000;

class EmonSession implements FamilySession {
  readonly #nodes = new Known(nodesMax, (device) => new EmonNode(device));

  claim(topic: string): TopicReader | undefined {
    const [root, node, name, ...more] = topic.split('/');
    if (root === 'emonhub' && node === 'rx' && more.length === 1 && more[0] === 'values') {
      const device = name as string;
      return (_, report) => report.rejectMessage(device, 'unit-unknown');
    }
    // `nodes/` is where it publishes when its settings say nothing.
    const isOwn =
      root === 'emon' || (root === 'nodes' && name !== undefined && variableOf(name) !== undefined);
    if (!isOwn || node === undefined || node === '' || more.length > 0) return undefined;
    if (name === undefined) return (message, report) => readNode(this.#nodes.get(node), message, report);
    const variable = variableOf(name);
    if (variable === undefined) return (_, report) => report.ignore('not-a-meter');
    const outlet = `${node}/${variable.label}`;
    return (message, report) => readVariable(node, outlet, variable.quantity, message, report);
  }
}

/** A clamp, or the node as a whole, and its reading while a message is being read. */
interface Clamp {
  readonly outlet: string;
  reading: Reading | undefined;
}

class EmonNode {
  readonly device: string;
  readonly shared: Clamp;
  /** By variable; null: not for us. */
  readonly #slots = new Map<string, { quantity: Quantity; clamp: Clamp } | null>();
  readonly #clamps = new Map<string, Clamp>();

  constructor(device: string) {
    this.device = device;
    this.shared = this.#clamp(totalLabel);
  }

  slot(name: string): { quantity: Quantity; clamp: Clamp } | null {
    const known = this.#slots.get(name);
    if (known !== undefined) return known;
    const variable = variableOf(name);
    const slot =
      variable === undefined ? null : { quantity: variable.quantity, clamp: this.#clamp(variable.label) };
    if (this.#slots.size < variablesMax) this.#slots.set(name, slot);
    return slot;
  }

  #clamp(label: string): Clamp {
    const known = this.#clamps.get(label);
    if (known !== undefined) return known;
    const clamp: Clamp = { outlet: `${this.device}/${label}`, reading: undefined };
    this.#clamps.set(label, clamp);
    return clamp;
  }
}

/** Of one node; its clamps are numbered with two digits, so there are fewer of them still. */
const variablesMax = 512;

function readVariable(
  device: string,
  outlet: string,
  quantity: Quantity,
  message: RawMessage,
  report: Report,
): void {
  const reading = readingAt(device, outlet, undefined, message);
  reading[quantity] = measured(quantity, plainValue(message.payload), 1, feedCeilings, device, report);
  report.reading(reading);
}

/** All variables of a node; `time` in seconds. */
function readNode(node: EmonNode, message: RawMessage, report: Report): void {
  const { device, shared } = node;
  const body = readObject(message, device, report);
  if (body === undefined) return;
  const atMs = trustedSeconds(body.time, message.receivedAtMs);
  const touched: Clamp[] = [];
  for (const name in body) {
    const slot = node.slot(name);
    if (slot === null) continue;
    const { quantity, clamp } = slot;
    if (clamp.reading === undefined) {
      clamp.reading = readingAt(device, clamp.outlet, atMs, message);
      touched.push(clamp);
    }
    const { reading } = clamp;
    // Spelt out for what most names are: a computed key costs more than the figure.
    if (quantity === 'watts') reading.watts ??= watts(body[name], feedCeilings, device, report);
    else if (quantity === 'wattHoursTotal')
      reading.wattHoursTotal ??= wattHours(body[name], 1, device, report);
    else reading[quantity] ??= measured(quantity, body[name], 1, feedCeilings, device, report);
  }
  // All clamps hang on the one voltage that is measured.
  const whole = shared.reading;
  const volts = whole?.volts;
  for (const clamp of touched) {
    const reading = clamp.reading as Reading;
    clamp.reading = undefined;
    if (reading === whole) continue;
    if (reading.watts !== undefined && reading.volts === undefined && volts !== undefined) {
      reading.volts = volts;
      whole!.volts = undefined;
    }
    report.reading(reading);
  }
  // What the clamps have taken over needs not be said again.
  if (whole !== undefined) report.reading(whole);
  report.ignore('not-a-meter');
}

/** Names of the standard firmware: `P1`, `power 2` W, `E1` Wh, `I1` A, `Vrms` V. Three-phase `V1` … are not those of clamps. */
function variableOf(name: string): Variable | undefined {
  if (name.length > 40) return undefined;
  const plain = name.toLowerCase().replace(/[ _-]/g, '');
  const known = plainNames.get(plain);
  if (known !== undefined) return known;
  const numbered =
    /^(p|power|realpower|e|wh|energy|i|irms|current|pf|powerfactor|s|apparentpower)(\d{1,2})(wh)?$/.exec(
      plain,
    );
  const quantity = numbered === null ? undefined : prefixes.get(numbered[1] as string);
  return quantity && { quantity, label: String(Number(numbered?.[2])) };
}

const prefixes: ReadonlyMap<string, Quantity> = new Map<string, Quantity>([
  ['p', 'watts'],
  ['power', 'watts'],
  ['realpower', 'watts'],
  ['e', 'wattHoursTotal'],
  ['wh', 'wattHoursTotal'],
  ['energy', 'wattHoursTotal'],
  ['i', 'amps'],
  ['irms', 'amps'],
  ['current', 'amps'],
  ['pf', 'powerFactor'],
  ['powerfactor', 'powerFactor'],
  ['s', 'voltAmps'],
  ['apparentpower', 'voltAmps'],
]);

const plainNames: ReadonlyMap<string, Variable> = new Map<string, Variable>([
  ['power', { quantity: 'watts', label: soleLabel }],
  ['realpower', { quantity: 'watts', label: soleLabel }],
  ['power1pluspower2', { quantity: 'watts', label: totalLabel }],
  ['ptotal', { quantity: 'watts', label: totalLabel }],
  ['powertotal', { quantity: 'watts', label: totalLabel }],
  ['totalpower', { quantity: 'watts', label: totalLabel }],
  ['vrms', { quantity: 'volts', label: totalLabel }],
  ['voltage', { quantity: 'volts', label: totalLabel }],
  ['frequency', { quantity: 'hertz', label: totalLabel }],
  ['freq', { quantity: 'hertz', label: totalLabel }],
]);
