import { totalLabel } from '../model/reading.ts';
import { wordsOf } from './channel-names.ts';

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
  /** Unit of the field `value`, where it is told as a tag. */
  readonly unit: string | undefined;
  /** What the field `value` is called, where that is told as a tag. */
  readonly valueName: string | undefined;
  /** Only this side of it is of use. */
  readonly side: 'input' | undefined;
  /** Nothing of use in it: voltages of a board, draw of its parts. */
  readonly ignored: boolean;
}

/** Tells whose a series is. Remembers what the names of tags mean, since series of a kind have the same ones. */
export class SeriesIdentities {
  readonly #columns = new Map<string, Column | undefined>();

  of(name: string, tags: ReadonlyMap<string, string>): SeriesIdentity {
    return identify(name, tags, (key) => this.#column(key));
  }

  #column(key: string): Column | undefined {
    if (this.#columns.has(key)) return this.#columns.get(key);
    const column = columnOf(key);
    if (this.#columns.size < columnsMax && key.length <= keyLengthMax) this.#columns.set(key, column);
    return column;
  }
}

const columnsMax = 4_096;
const keyLengthMax = 128;

function identify(name: string, tags: ReadonlyMap<string, string>, columnBy: ColumnBy): SeriesIdentity {
  const tag = (...keys: string[]) => {
    for (const key of keys) {
      const value = tags.get(key);
      if (value) return value;
    }
    return undefined;
  };
  const ups = tag('ups_name');
  const host = tag('host');
  const isIpmi = name.startsWith('ipmi');
  const isRedfish = name.startsWith('redfish');
  const polled = tag('agent_host', 'source') ?? (isIpmi ? tag('server') : undefined);
  const address = tag(...addressTags);
  const device =
    polled ??
    (ups !== undefined ? named(ups, host) : undefined) ??
    tag('device', 'pdu', 'hostname') ??
    address ??
    host ??
    name;
  const plain: SeriesIdentity = {
    device,
    label: undefined,
    outletName: undefined,
    isGroup: false,
    isWhole: /pdu|phase|bank|device|total|inlet|input|infeed/i.test(name),
    isSnmp: (polled ?? address) !== undefined && !isIpmi && !isRedfish,
    isNut: ups !== undefined || /^(upsd|apcupsd|nut)$/.test(name),
    unit: undefined,
    valueName: undefined,
    side: undefined,
    ignored: partPlugins.test(name),
  };
  if (isIpmi) return ipmi(plain, tag('name') ?? '', tag('unit') ?? '');
  if (isRedfish) return redfish(plain, name, tag('name') ?? '', tag('member_id') ?? '0');
  if (plain.isNut) return plain;
  return {
    ...plain,
    valueName: sensorOf(tag),
    unit: tag('unit', 'units'),
    ...outletOf(name, tag, columnsOf(tags, columnBy)),
  };
}

/** What the owner may have called the address of what is polled (`agent_host_tag`). */
const addressTags = ['ip', 'ip_address', 'address', 'target', 'agent'] as const;

/** Plugins that tell what parts of a server draw. */
const partPlugins = /^(nvidia_smi|amd_rocm_smi|powerstat|intel_powerstat|intel_pmt|sensors$|temp$|cpu$)/;

/** Tables with one row for each sensor: which one it is stands in a tag. */
function sensorOf(tag: Tag): string | undefined {
  return tag('sensorType', 'sensor_type', 'sensor', 'metric', 'quantity', 'measurement', 'parameter');
}

/** As NUT writes it: a UPS is called `ups` in many places. */
function named(ups: string, host: string | undefined): string {
  return host === undefined ? ups : `${ups}@${host}`;
}

type Tag = (...keys: string[]) => string | undefined;

const groupWords = ['bank', 'phase', 'circuit', 'breaker', 'branch', 'inlet', 'infeed', 'cord'] as const;

function outletOf(measurement: string, tag: Tag, told: ReadonlyMap<string, string>): Partial<SeriesIdentity> {
  const outletName =
    tag('outlet_name', 'outletName') ?? told.get('outlet name') ?? tag('name', 'label', 'alias');
  const number =
    tag('outlet', 'outlet_index', 'outlet_id', 'outlet_number', 'outletIndex', 'socket', 'port', 'channel') ??
    told.get('outlet');
  const unit = told.get('unit');
  // The first of a chain is mostly alone.
  const chained = unit === undefined || unit === '1' ? '' : `${unit}:`;
  if (number !== undefined) return { label: asLabel(chained + number), outletName };
  const group = groupWords.find((word) => tag(word) !== undefined || told.has(word));
  if (group !== undefined)
    return { label: groupLabel(group, (tag(group) ?? told.get(group)) as string), isGroup: true };
  const index = tag('index', 'ifIndex', 'id') ?? outletName;
  if (index === undefined) return {};
  const groupOf = groupWords.find((word) => measurement.toLowerCase().includes(word));
  if (groupOf !== undefined && !/outlet/i.test(measurement))
    return { label: groupLabel(groupOf, index), isGroup: true };
  return { label: asLabel(chained + index), outletName: outletName === index ? undefined : outletName };
}

const outletWords = /^(outlet|outlets|socket|receptacle|plug)$/;
const numberWords = /^(index|idx|id|number|num|no|nr|label)$/;
const unitWords = /^(pdu|unit|module|tower|chassis)$/;

/** What a column of a MIB is about, by its name. */
interface Column {
  /** `outlet`, `outlet name`, `infeed`, …; `unit`: which one of a chain, where the value is a number. */
  readonly what: string;
  /** An index is sharper than a label, which may be any text. */
  readonly isIndex: boolean;
}

type ColumnBy = (key: string) => Column | undefined;

/**
 * Columns of a MIB that became tags: `rPDU2OutletMeteredStatusIndex`, `pduOutletIndex`, `st4OutletID`, `infeedName`
 * → `outlet`, `outlet name`, `infeed`; which unit of a chain: `unit`.
 */
function columnsOf(tags: ReadonlyMap<string, string>, columnBy: ColumnBy): ReadonlyMap<string, string> {
  let found: Map<string, string> | undefined;
  for (const [key, value] of tags) {
    const column = value === '' ? undefined : columnBy(key);
    if (column === undefined || (column.what === 'unit' && !/^\d{1,3}$/.test(value))) continue;
    found ??= new Map();
    if (!found.has(column.what) || column.isIndex) found.set(column.what, value);
  }
  if (found === undefined) return none;
  for (const group of groupWords) {
    const name = found.get(`${group} name`);
    if (name !== undefined && !found.has(group)) found.set(group, name);
  }
  return found;
}

const none: ReadonlyMap<string, string> = new Map();

function columnOf(key: string): Column | undefined {
  const words = wordsOf(key);
  const last = words.at(-1) ?? '';
  if (words.length < 2) return undefined;
  const about = words.some((word) => outletWords.test(word))
    ? 'outlet'
    : (groupWords.find((word) => words.includes(word)) ??
      (unitWords.test(words.at(-2) as string) ? 'unit' : undefined));
  if (about === undefined) return undefined;
  const isName = last === 'name' && about !== 'unit';
  if (!isName && !numberWords.test(last)) return undefined;
  return { what: isName ? `${about} name` : about, isIndex: /^(index|idx)$/.test(last) };
}

/** `L2` stays what it is. */
function groupLabel(group: string, value: string): string {
  if (/^L[123]$/i.test(value)) return value.toUpperCase();
  // `Phase A` says already what it is.
  const rest = value.replace(new RegExp(`^${group}[ _-]+`, 'i'), '');
  return asLabel(`${group}:${rest}`);
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
  const supply = /^(psu?|pws|power_?supply)_?\d+/i.exec(sensor)?.[0];
  const isOutput = supply !== undefined && /out/i.test(sensor.slice(supply.length));
  return {
    ...plain,
    label: supply === undefined ? totalLabel : asLabel(sensor),
    unit: 'W',
    ignored: ignored || isOutput,
  };
}

function redfish(plain: SeriesIdentity, name: string, part: string, member: string): SeriesIdentity {
  const isSupply = name.endsWith('_powersupplies');
  const isWhole = name.endsWith('_powercontrol') && member === '0';
  const label = isSupply && part !== '' ? asLabel(part) : totalLabel;
  return { ...plain, label, side: isSupply ? 'input' : undefined, ignored: !isSupply && !isWhole };
}
