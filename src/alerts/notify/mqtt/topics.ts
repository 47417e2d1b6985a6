import { createHash } from 'node:crypto';
import type { AlertRule } from '../../../model/alert.ts';

/** Where things stand on the broker, below a prefix of the admin's choice. */
export interface Topics {
  /** `online`, or `offline` by last will. */
  readonly status: string;
  alert(rule: AlertRule, scope: string): string;
  figure(scope: string): string;
  problem(scope: string): string;
  /** Of Home Assistant's discovery, for the device that stands for a scope. */
  discovery(scope: string): string;
  /** The id of that device. */
  deviceId(scope: string): string;
  /** All alerts there are on the broker. */
  readonly alerts: string;
  isAlert(topic: string): boolean;
  /** All devices that anybody has announced. */
  readonly discoveries: string;
}

export function makeTopics(prefix: string, discoveryPrefix: string): Topics {
  const root = prefix.replace(/\/+$/, '');
  const deviceId = (scope: string) => `${idOf(root)}_${idOf(scope)}`;
  return {
    status: `${root}/status`,
    alert: (rule, scope) => `${root}/alert/${rule}/${levelOf(scope)}`,
    figure: (scope) => `${root}/figure/${levelOf(scope)}`,
    problem: (scope) => `${root}/problem/${levelOf(scope)}`,
    discovery: (scope) => `${discoveryPrefix}/device/${deviceId(scope)}/config`,
    deviceId,
    alerts: `${root}/alert/+/+`,
    isAlert: (topic) => topic.startsWith(`${root}/alert/`),
    discoveries: `${discoveryPrefix}/device/+/config`,
  };
}

/** One level of a topic out of any name: what means something to a broker, and `%` itself, is written as `%2F`. */
export function levelOf(name: string): string {
  return name
    .toWellFormed()
    .replace(/[%/+#\p{Cc}\uFEFF\uFFFE\uFFFF]/gu, (sign) => encodeURIComponent(sign).replace(/^[^%]/, '%$&'));
}

/** The other way round; undefined when the text was not written by us. */
export function nameOfLevel(level: string): string | undefined {
  try {
    return decodeURIComponent(level);
  } catch {
    return undefined;
  }
}

const idLengthMax = 60;

/**
 * An id of Home Assistant's out of any name: letters, digits, `_` and `-`. Where that is not the whole truth, the
 * beginning of a digest keeps two names apart.
 */
export function idOf(name: string): string {
  const plain = name.replace(/:/, '-').replace(/[^A-Za-z0-9_-]/g, '_');
  if (plain === name.replace(/:/, '-') && plain.length <= idLengthMax) return plain;
  const digest = createHash('sha256').update(name.toWellFormed()).digest('hex').slice(0, 10);
  return `${plain.slice(0, idLengthMax)}-${digest}`;
}
