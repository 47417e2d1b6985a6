import { totalLabel } from '../model/reading.ts';

/** Who a series is about, by its measurement and tags (Telegraf: plugins/inputs/{snmp,upsd,apcupsd,ipmi_sensor,redfish}). */
export interface SeriesIdentity {
  readonly device: string;
  /** Undefined: its tags name no outlet. */
  readonly label: string | undefined;
  /** What the outlet is called besides. */
  readonly outletName: string | undefined;
  /** A bank or phase: a sum of outlets. */
  readonly isGroup: boolean;
  /** Without a label it is the device as a whole, not its only meter. */
  readonly isWhole: boolean;
  /** Values come out of a MIB, invalid ones as they stand there. */
  readonly isSnmp: boolean;
  /** Units are those of NUT. */
  readonly isNut: boolean;
  /** Unit of the field `value`, where the plugin tells it as a tag. */
  readonly unit: string | undefined;
  /** Only this side of it is of use. */
  readonly side: 'input' | undefined;
  /** Nothing of use in it: voltages of a board, draw of its parts. */
  readonly ignored: boolean;
}

export function identify(name: string, tags: ReadonlyMap<string, string>): SeriesIdentity {
  const tag = (...keys: string[]) => keys.map((key) => tags.get(key)).find((value) => value);
  const ups = tag('ups_name');
  const host = tag('host');
  const polled = tag('agent_host', 'source') ?? (name.startsWith('ipmi') ? tag('server') : undefined);
  const device =
    polled ??
    (ups !== undefined ? named(ups, host) : undefined) ??
    tag('device', 'pdu', 'hostname') ??
    host ??
    name;
  const plain: SeriesIdentity = {
    device,
    label: undefined,
    outletName: undefined,
    isGroup: false,
    isWhole: /pdu|phase|bank|device|total|inlet|input/i.test(name),
    isSnmp: tags.has('agent_host'),
    isNut: ups !== undefined || /^(upsd|apcupsd|nut)$/.test(name),
    unit: undefined,
    side: undefined,
    ignored: false,
  };
  if (name.startsWith('ipmi')) return ipmi(plain, tag('name') ?? '', tag('unit') ?? '');
  if (name.startsWith('redfish')) return redfish(plain, name, tag('name') ?? '', tag('member_id') ?? '0');
  return { ...plain, ...(plain.isNut ? {} : outletOf(name, tag)) };
}

/** As NUT writes it: a UPS is called `ups` in many places. */
function named(ups: string, host: string | undefined): string {
  return host === undefined ? ups : `${ups}@${host}`;
}

type Tag = (...keys: string[]) => string | undefined;

const groupWords = ['bank', 'phase', 'circuit', 'breaker', 'branch', 'inlet'] as const;

function outletOf(measurement: string, tag: Tag): Partial<SeriesIdentity> {
  const outletName = tag('outlet_name', 'outletName', 'name', 'label');
  const number = tag(
    'outlet',
    'outlet_index',
    'outlet_id',
    'outlet_number',
    'outletIndex',
    'socket',
    'port',
    'channel',
  );
  if (number !== undefined) return { label: asLabel(number), outletName };
  const group = groupWords.find((word) => tag(word) !== undefined);
  if (group !== undefined) return { label: groupLabel(group, tag(group) as string), isGroup: true };
  const index = tag('index', 'ifIndex', 'id') ?? outletName;
  if (index === undefined) return {};
  const groupOf = groupWords.find((word) => measurement.toLowerCase().includes(word));
  if (groupOf !== undefined && !/outlet/i.test(measurement))
    return { label: groupLabel(groupOf, index), isGroup: true };
  return { label: asLabel(index), outletName: outletName === index ? undefined : outletName };
}

/** `L2` stays what it is. */
function groupLabel(group: string, value: string): string {
  return /^L[123]$/i.test(value) ? value.toUpperCase() : asLabel(`${group}:${value}`);
}

/** A label is what follows the last slash. */
function asLabel(text: string): string {
  return text.replaceAll('/', ':').slice(0, labelLengthMax);
}

const labelLengthMax = 60;

/** Power supplies by name; what the parts of a server draw is none of ours; the rest is the server as a whole. */
function ipmi(plain: SeriesIdentity, sensor: string, unit: string): SeriesIdentity {
  const isPart = /cpu|mem|dimm|gpu|fan|hdd|disk|pci|chipset|max|min|peak|limit|cap|avg|average/i.test(sensor);
  const ignored = isPart || !/^watts?$/i.test(unit);
  const isSupply = /^(psu?|pws|power_?supply)_?\d/i.test(sensor);
  return { ...plain, label: isSupply ? asLabel(sensor) : totalLabel, unit: 'W', ignored };
}

function redfish(plain: SeriesIdentity, name: string, part: string, member: string): SeriesIdentity {
  const isSupply = name.endsWith('_powersupplies');
  const isWhole = name.endsWith('_powercontrol') && member === '0';
  const label = isSupply && part !== '' ? asLabel(part) : totalLabel;
  return { ...plain, label, side: isSupply ? 'input' : undefined, ignored: !isSupply && !isWhole };
}
