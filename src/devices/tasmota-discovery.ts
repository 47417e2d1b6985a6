import { soleLabel } from '../model/reading.ts';
import type { DeviceDescription } from './family.ts';
import type { JsonObject } from './json.ts';
import { isHeardAnyway, routeOf } from './tasmota-topics.ts';

/** What a retained `tasmota/discovery/<mac>/config` says, in our words (keys: Tasmota xdrv_12_discovery.ino). */
export interface TasmotaAnnouncement {
  readonly device: string;
  /** Topics up to the tail, with the slash: where it publishes telemetry and answers. */
  readonly bases: readonly string[];
  /** Its messages would not be heard, or not be read right by their topic alone. */
  readonly unusual: boolean;
  readonly onText: string;
  readonly offText: string;
  readonly onlineText: string;
  readonly offlineText: string;
  readonly relays: number;
  readonly description: DeviceDescription;
}

const topicLengthMax = 256;

/** Undefined: not the shape of an announcement. `mac` is the one in the topic. */
export function readAnnouncement(config: JsonObject, mac: string): TasmotaAnnouncement | undefined {
  const topic = config.t;
  const fullTopic = config.ft;
  const prefixes = config.tp;
  if (typeof topic !== 'string' || typeof fullTopic !== 'string' || !Array.isArray(prefixes))
    return undefined;
  const [, stat, tele] = prefixes as unknown[];
  if (typeof stat !== 'string' || typeof tele !== 'string') return undefined;
  const hostname = text(config.hn) ?? '';
  const fill = (prefix: string, id: string) => fillIn(fullTopic, { prefix, topic, hostname, id });
  // Consumers take %id% for the last six digits of the MAC, firmware fills in all twelve: listen to both.
  const ids = fullTopic.includes('%id%') ? [mac.slice(-6), mac] : [''];
  const bases = [...new Set(ids.flatMap((id) => [fill(tele, id), fill(stat, id)]))];
  const device = fill('', ids[0] as string).replace(/^\/|\/$/g, '');
  if (device === '' || bases.some((base) => base.length > topicLengthMax || /[+#\0]/.test(base)))
    return undefined;
  const relays = asArray(config.rl).filter((relay) => relay !== 0 && relay !== null).length;
  return {
    device,
    bases,
    unusual: bases.some((base) => !isHeardAnyway(base) || routeOf(`${base}STATE`)?.device !== device),
    onText: text(asArray(config.state)[1]) ?? 'ON',
    offText: text(asArray(config.state)[0]) ?? 'OFF',
    onlineText: text(config.onln) ?? 'Online',
    offlineText: text(config.ofln) ?? 'Offline',
    relays,
    description: {
      device,
      name: text(config.dn),
      model: text(config.md),
      firmware: text(config.sw),
      hardware: mac,
      outletNames: outletNames(asArray(config.fn), relays),
    },
  };
}

/** As the firmware does it: double slashes are one, a slash at the end is added. */
function fillIn(
  fullTopic: string,
  tokens: { prefix: string; topic: string; hostname: string; id: string },
): string {
  const filled = fullTopic
    .replace('%prefix%', () => tokens.prefix)
    .replace('%topic%', () => tokens.topic)
    .replace('%hostname%', () => tokens.hostname)
    .replace('%id%', () => tokens.id);
  return `${filled}/`.replace(/\/{2,}/g, '/');
}

/** `["NAS","Switch",null]` → by outlet label; a device with one relay has one unlabelled outlet. */
function outletNames(names: readonly unknown[], relays: number): Record<string, string> {
  const named = names
    .map((name, index) => [relays > 1 ? String(index + 1) : soleLabel, name] as const)
    .slice(0, Math.max(relays, 1))
    .filter((entry): entry is readonly [string, string] => typeof entry[1] === 'string' && entry[1] !== '');
  return Object.fromEntries(named);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, 64) : [];
}
