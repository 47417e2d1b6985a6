import { z } from 'zod';

/**
 * The kinds of value a setting can have, and how each is written. A value that does not fit raises an issue;
 * what is expected instead stands in the setting's note (schema.ts), so the texts here stay unread.
 */

const unitMs: Record<string, number> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};

/** `30d`, `12h`, `90m`, `1h30m` → ms; `0` and `forever` → Infinity; undefined when it is no duration. */
export function durationMs(value: unknown): number | undefined {
  if (value === 0 || value === '0' || value === 'forever') return Number.POSITIVE_INFINITY;
  if (typeof value !== 'string' || !/^(\d{1,9}(\.\d{1,6})?[smhdwy])+$/.test(value)) return undefined;
  let sumMs = 0;
  for (const [, count, unit] of value.matchAll(/([\d.]+)([smhdwy])/g))
    sumMs += Number(count) * unitMs[unit as string]!;
  return sumMs === 0 ? Number.POSITIVE_INFINITY : sumMs;
}

const unitBytes: Record<string, number> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/** `1GiB`, `500 MB`, `1048576` → bytes; undefined when it is no size. */
export function sizeBytes(value: unknown): number | undefined {
  const parts = /^(\d{1,15}(?:\.\d{1,6})?)\s?([kmgt]i?b|b|)$/i.exec(
    typeof value === 'number' ? String(value) : typeof value === 'string' ? value : '',
  );
  const unit = parts ? unitBytes[(parts[2] ?? '').toLowerCase()] : undefined;
  return parts && unit !== undefined ? Math.round(Number(parts[1]) * unit) : undefined;
}

/** How long something is kept; at least `minMs`. Becomes ms, Infinity for ever. */
export const duration = (minMs: number) =>
  z.unknown().transform((value, context) => orIssue(durationMs(value), minMs, context));

/** Yes or no; a variable gives it as text. */
export const flag = z.unknown().transform((value, context) => {
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  context.addIssue({ code: 'custom' });
  return z.NEVER;
});

/** How long something must hold; `0s` and 0: no time at all. Becomes ms. */
export const dwell = z.unknown().transform((value, context) => {
  const ms = durationMs(value);
  if (ms === Number.POSITIVE_INFINITY && value !== 'forever') return 0;
  return orIssue(value === 'forever' ? undefined : ms, 0, context);
});

/** An amount of disk or memory; at least `minBytes`. Becomes bytes. */
export const size = (minBytes: number) =>
  z.unknown().transform((value, context) => orIssue(sizeBytes(value), minBytes, context));

function orIssue(value: number | undefined, min: number, context: z.RefinementCtx): number {
  if (value !== undefined && value >= min) return value;
  context.addIssue({ code: 'custom' });
  return z.NEVER;
}

/** Text that may be shown and logged: not empty, bounded, no control characters. */
export const text = (lengthMax: number) =>
  z
    .string()
    .min(1)
    .max(lengthMax)
    .regex(/^\P{Cc}*$/u);

/** 0 lets the system pick a free one. */
export const port = z.int().min(0).max(65_535);

/** `tcp`, `ssl` and `tls` are what other programs call `mqtt` and `mqtts`. */
const brokerProtocols = ['mqtt:', 'mqtts:', 'ws:', 'wss:', 'tcp:', 'ssl:', 'tls:'];

export const brokerUrl = z.string().refine((value) => isUrl(value, brokerProtocols));
export const httpUrl = z.string().refine((value) => isUrl(value, ['http:', 'https:']));

function isUrl(value: string, protocols: readonly string[]): boolean {
  const url = URL.parse(value);
  // A stray % in a user name or password cannot be decoded.
  if (/%(?![0-9a-f]{2})/i.test(value)) return false;
  return url !== null && protocols.includes(url.protocol) && url.hostname !== '' && !/\s/.test(value);
}

/** `+` alone between slashes, `#` alone at the end (MQTT 3.1.1 §4.7.1). */
export const topicFilter = text(65_535).refine((filter) => {
  const levels = filter.split('/');
  return levels.every(
    (level, i) => level === '+' || (level === '#' && i === levels.length - 1) || !/[+#]/.test(level),
  );
});

/** One topic, nothing that stands for several. */
export const topicName = text(65_535).refine((topic) => !/[+#]/.test(topic) && !topic.startsWith('$'));

/** ISO 4217, as this machine knows them. */
export const currency = z.string().refine((value) => Intl.supportedValuesOf('currency').includes(value));

/** An IANA zone, in its own spelling (InfluxDB wants capitals right). */
export const timezone = z.string().transform((value, context) => {
  const zone = zoneNamed(value);
  if (zone === undefined) context.addIssue({ code: 'custom' });
  return zone ?? z.NEVER;
});

function zoneNamed(value: string): string | undefined {
  if (!/^[A-Za-z]/.test(value)) return undefined;
  zonesByName ??= new Map(zoneNames().map((zone) => [zone.toLowerCase(), zone]));
  const zone = zonesByName.get(value.toLowerCase());
  if (zone !== undefined) return zone;
  try {
    new Intl.DateTimeFormat('en', { timeZone: value });
  } catch {
    return undefined;
  }
  return value;
}

/** In small letters; made when first asked for, since to list them takes as long as to read all other settings. */
let zonesByName: ReadonlyMap<string, string> | undefined;

/** Every zone this machine knows by its main name. */
export function zoneNames(): string[] {
  return [...Intl.supportedValuesOf('timeZone'), 'UTC'];
}

/** The machine's own zone; UTC where it has none. */
export function machineTimezone(): string {
  const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  return zoneNamed(zone ?? '') ?? 'UTC';
}
