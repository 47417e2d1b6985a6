/** The last level of a Tasmota topic that is of use here, see tails below. */
export type TasmotaTail = 'sensor' | 'status' | 'energy' | 'state' | 'result' | 'power' | 'will';

export interface TasmotaRoute {
  readonly device: string;
  readonly tail: TasmotaTail;
  /** `POWER3`: 3; `POWER`: 0. */
  readonly relay: number;
}

/** More relays than any Tasmota has (Sonoff SPM: 32). */
export const relaysMax = 32;

const tails: Readonly<Record<string, TasmotaTail>> = {
  SENSOR: 'sensor',
  STATUS0: 'status',
  STATUS8: 'status',
  STATUS10: 'status',
  STATUS11: 'status',
  ENERGY: 'energy',
  STATE: 'state',
  RESULT: 'result',
  LWT: 'will',
};

/** Levels before the tail that are listened to from the start; deeper ones are learnt from discovery. */
const levelsMin = 2;
const levelsMax = 5;

/** `+/+/SENSOR`, `+/+/+/SENSOR`, …; relays on their own topics in the default layout (`RESULT` tells them in all). */
export const tasmotaFilters: readonly string[] = [
  'tasmota/discovery/+/+',
  ...Object.keys(tails).flatMap((tail) =>
    Array.from({ length: levelsMax - levelsMin + 1 }, (_, more) => `${'+/'.repeat(levelsMin + more)}${tail}`),
  ),
  ...['', 1, 2, 3, 4, 5, 6, 7, 8].map((relay) => `+/+/POWER${relay}`),
];

/** Do the filters above reach what is published right under this base (with its slash at the end)? */
export function isHeardAnyway(base: string): boolean {
  const levels = base.split('/').length - 1;
  return levels >= levelsMin && levels <= levelsMax;
}

/** What the last level says, with the default names: `SENSOR` is sensor, `POWER3` is relay 3. */
export function tailOf(level: string): { tail: TasmotaTail; relay: number } | undefined {
  const tail = Object.hasOwn(tails, level) ? tails[level] : undefined;
  if (tail !== undefined) return { tail, relay: 0 };
  const relay = relayOf(level);
  return relay === undefined ? undefined : { tail: 'power', relay };
}

/** `POWER` → 0, `POWER1` … `POWER32` → its number, anything else undefined. */
export function relayOf(key: string): number | undefined {
  if (!key.startsWith('POWER')) return undefined;
  if (key.length === 5) return 0;
  const relay = Number(key.slice(5));
  return relay >= 1 && relay <= relaysMax && key === `POWER${relay}` ? relay : undefined;
}

/**
 * The device by the topic alone, for any order of `%prefix%` and `%topic%` with the default prefixes `tele` and
 * `stat` (Tasmota docs, MQTT.md): what is left without prefix and tail. A `SENSOR` without any known prefix is
 * read too, since a renamed prefix is still a meter.
 */
export function routeOf(topic: string): TasmotaRoute | undefined {
  const slash = topic.lastIndexOf('/');
  const found = tailOf(topic.slice(slash + 1));
  if (found === undefined) return undefined;
  const levels = topic
    .slice(0, Math.max(slash, 0))
    .split('/')
    .filter((level) => level !== '');
  const prefixAt = prefixIndex(levels);
  if (prefixAt < 0 && found.tail !== 'sensor') return undefined;
  const device = levels.filter((_, index) => index !== prefixAt).join('/');
  return device === '' ? undefined : { device, ...found };
}

/** First level, else the last, else wherever it stands. */
function prefixIndex(levels: readonly string[]): number {
  const isPrefix = (level: string | undefined) => level === 'tele' || level === 'stat';
  if (isPrefix(levels[0])) return 0;
  if (isPrefix(levels.at(-1))) return levels.length - 1;
  return levels.findIndex(isPrefix);
}
