import type { Quantity } from '../../model/quantity.ts';
import { type RawMessage, soleLabel, totalLabel } from '../../model/reading.ts';
import type { Family, FamilySession, Report, TickReport, TopicReader } from '../family.ts';
import { feedCeilings, measured } from '../fields.ts';
import { type JsonObject, readObject } from '../json.ts';
import { Known } from '../known.ts';
import { readingAt } from '../measured-time.ts';
import { figureOfPath } from '../victron-paths.ts';

/**
 * Victron GX devices: meters, inverters and batteries, also through a bridge that puts one level or two before `N/`.
 * Docs: victronenergy/dbus-flashmq README.
 */
export const family: Family = {
  name: 'victron',
  topics: ['', '+/', '+/+/'].flatMap((bridge) =>
    [
      '+/heartbeat',
      '+/keepalive',
      '+/full_publish_completed',
      '+/system/0/Serial',
      '+/+/+/Ac/#',
      '+/+/+/Dc/0/+',
      '+/+/+/Connected',
      '+/+/+/CustomName',
      '+/+/+/ProductName',
    ].map((rest) => `${bridge}N/${rest}`),
  ),
  rank: 20,
  expectedIntervalMs: 60_000,
  open: () => new VictronSession(),
};

const portalsMax = 64;
const servicesMax = 20_000;
/** A portal falls silent after 60 s without a request. */
const keepaliveMs = 30_000;

class VictronSession implements FamilySession {
  readonly #services = new Known(servicesMax, (device) => new VictronService(device));
  /** Where requests go → when the last one went; NaN: none yet. */
  readonly #portals = new Map<string, number>();

  claim(topic: string): TopicReader | undefined {
    const levels = topic.split('/');
    const at = levels.slice(0, 3).indexOf('N');
    const portal = levels[at + 1];
    if (at < 0 || portal === undefined || !portalId.test(portal) || levels.length < at + 3) return undefined;
    if (/^[0-9a-f]{12}$/i.test(portal))
      this.#meet([...levels.slice(0, at), 'R', portal, 'keepalive'].join('/'));
    const [type, instance, ...path] = levels.slice(at + 2);
    if (instance === undefined || !/^\d{1,6}$/.test(instance)) return ignored('not-a-meter');
    const device = [...levels.slice(0, at), portal, type, instance].join('/');
    return this.#readerOf(device, type as string, path.join('/'));
  }

  /** The service has gone: all its topics are cleared. */
  cleared(topic: string, report: Report): void {
    const service = this.#serviceOf(topic);
    if (service === undefined || service.isGone || !service.isMet) return;
    service.isGone = true;
    report.availability(service.device, false);
  }

  tick(nowMs: number, { publish }: TickReport): void {
    for (const [topic, atMs] of this.#portals) {
      const sinceMs = nowMs - atMs;
      if (sinceMs >= 0 && sinceMs < keepaliveMs) continue;
      this.#portals.set(topic, nowMs);
      // The first request brings everything there is, the others only keep changes coming.
      publish(topic, Number.isNaN(atMs) ? '' : '{"keepalive-options":["suppress-republish"]}');
    }
  }

  #meet(topic: string): void {
    if (this.#portals.size < portalsMax && !this.#portals.has(topic)) this.#portals.set(topic, Number.NaN);
  }

  #serviceOf(topic: string): VictronService | undefined {
    const match = /^(.+?\/)?N\/([^/]+\/[^/]+\/\d+)\//.exec(topic);
    const device = match === null ? '' : `${match[1] ?? ''}${match[2]}`;
    return this.#services.has(device) ? this.#services.get(device) : undefined;
  }

  #readerOf(device: string, type: string, path: string): TopicReader {
    if (path === 'Connected')
      return (message, report) => readConnected(this.#services.get(device), message, report);
    if (path === 'CustomName' || path === 'ProductName')
      return (message, report) => readName(this.#services.get(device), path, message, report);
    const figure = figureOfPath(type, path);
    if (figure === undefined) return ignored('not-a-meter');
    const service = this.#services.get(device);
    const label = figure.label === '' ? (type === 'battery' ? soleLabel : totalLabel) : figure.label;
    const outlet = `${device}/${label}`;
    return (message, report) => readFigure(service, outlet, figure.quantity, figure.scale, message, report);
  }
}

/** VRM portal ids are the MAC of the device; others are read, but not written to. */
const portalId = /^[0-9A-Za-z_-]{6,32}$/;

class VictronService {
  readonly device: string;
  /** It has sent a figure we read. */
  isMet = false;
  isGone = false;
  customName = false;

  constructor(device: string) {
    this.device = device;
  }
}

function ignored(reason: string): TopicReader {
  return (_, report) => report.ignore(reason);
}

function readFigure(
  service: VictronService,
  outlet: string,
  quantity: Quantity,
  scale: number,
  message: RawMessage,
  report: Report,
): void {
  const body = readObject(message, service.device, report);
  if (body === undefined) return;
  const value = valueIn(body);
  // What the device does not know at the moment: a phase it lacks, a meter it has lost.
  if (value === null) {
    report.ignore('no-value');
    return;
  }
  service.isMet = true;
  if (service.isGone) {
    service.isGone = false;
    report.availability(service.device, true);
  }
  const reading = readingAt(service.device, outlet, undefined, message);
  reading[quantity] = measured(quantity, value, scale, feedCeilings, service.device, report);
  report.reading(reading);
}

function readConnected(service: VictronService, message: RawMessage, report: Report): void {
  const body = readObject(message, service.device, report);
  if (body === undefined) return;
  const value = valueIn(body);
  if (!service.isMet || (value !== 0 && value !== 1)) {
    report.ignore('not-a-meter');
    return;
  }
  service.isGone = value === 0;
  report.availability(service.device, value === 1);
}

/** The name the owner gave goes before that of the product. */
function readName(service: VictronService, path: string, message: RawMessage, report: Report): void {
  const body = readObject(message, service.device, report);
  const value = body === undefined ? undefined : valueIn(body);
  if (typeof value !== 'string' || value === '') report.ignore('no-value');
  else if (path === 'CustomName') {
    service.customName = true;
    report.describe({ device: service.device, name: value });
  } else {
    const name = service.customName ? undefined : value;
    report.describe({ device: service.device, name, model: value });
  }
}

function valueIn(body: JsonObject): unknown {
  return body.value === undefined ? null : body.value;
}
