import { Document } from 'yaml';
import { soleLabel, totalLabel } from '../model/reading.ts';
import { type BrokerAccess, shownUrl } from '../sources/broker-access.ts';
import type { FoundOutlet } from './discovery.ts';

/**
 * Settings to begin with, as YAML that `serve --config` takes: this broker, and one server for each outlet.
 * The password is left out: a file that is passed around is no place for it.
 */
export function settingsDraft(access: BrokerAccess, outlets: readonly FoundOutlet[]): string {
  const username = access.username ?? (decodeURIComponent(new URL(access.url).username) || undefined);
  const draft = new Document({
    mqtt: { url: shownUrl(access), ...(username === undefined ? {} : { username }) },
    room: { name: 'Server room', servers: serversOf(outlets) },
  });
  draft.commentBefore =
    ' A draft by "rackwatt discover --yaml". Give the servers their names, and join the two outlets of a server\n' +
    ' with two power supplies: { name: hv-01, inputs: [ { outlet: pdu-a/7 }, { outlet: pdu-b/7 } ] }' +
    (username === undefined
      ? ''
      : '\n The password goes into RACKWATT_MQTT_PASSWORD or a file named in RACKWATT_MQTT_PASSWORD_FILE.');
  return draft.toString({ lineWidth: 0 });
}

interface DraftServer {
  readonly name: string;
  readonly inputs: { outlet: string }[];
}

function serversOf(outlets: readonly FoundOutlet[]): DraftServer[] {
  const byDevice = Map.groupBy(outlets, ({ device }) => device);
  const taken = new Set<string>();
  return outlets
    .filter((found) => isLoad(found, byDevice.get(found.device) ?? []))
    .filter(({ outlet }) => isSayable(outlet))
    .map((found) => ({ name: freeName(nameOf(found), taken), inputs: [{ outlet: found.outlet }] }));
}

/**
 * A relay without a meter is none. What a device says of itself as a whole is one only where it has no metered
 * outlet, and then what else it tells of its parts is none.
 */
function isLoad({ label, watts, tells }: FoundOutlet, siblings: readonly FoundOutlet[]): boolean {
  const metered = siblings.filter((one) => one.watts !== undefined);
  const isMeasured = tells.some((quantity) => quantity !== 'on');
  if (label === totalLabel) return isMeasured && metered.every((one) => one.label === totalLabel);
  return watts !== undefined || (isMeasured && metered.every((one) => one.label !== totalLabel));
}

/** Such an id cannot stand in settings; the outlet is shown as a server of its own all the same. */
function isSayable(outlet: string): boolean {
  return outlet.length <= 500 && !/\p{Cc}/u.test(outlet) && outlet.isWellFormed();
}

function nameOf({ name, device, label }: FoundOutlet): string {
  const own = name ?? (label === soleLabel ? device : `${device} ${label}`);
  // A slash is kept for outlets, a star for "all".
  const plain = own
    .replace(/[/*]/g, '-')
    .replace(/[\p{Cc}\p{Cs}]/gu, '')
    .trim();
  return plain.slice(0, nameLengthMax).toWellFormed().trim() || 'outlet';
}

function freeName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let next = 2; taken.has(name); next += 1) name = `${wanted} (${next})`;
  taken.add(name);
  return name;
}

/** Of the 100 that the settings allow, with room for a number. */
const nameLengthMax = 90;
