import type { Quantity } from '../model/quantity.ts';
import { figureOfName } from './quantity-names.ts';
import { dataTypes } from './sparkplug-metric.ts';

/** What a metric of a birth means. `label` is undefined: it stands for the node as a whole. */
export interface MetricMeaning {
  readonly quantity: Quantity | 'on';
  readonly scale: number;
  readonly label: string | undefined;
}

/** What the last level of a name says, under a unit and a data type. */
interface LastLevel {
  readonly unit: string;
  readonly dataType: number;
  readonly meaning: MetricMeaning | 'unknown' | undefined;
}

/**
 * Sparkplug names no metric for power, so: the unit property, then a unit in the name, then the name. One of these
 * serves one birth, whose names are much alike: what a level says is worked out once.
 */
export class MetricNames {
  /** Names with different words than any before that were not looked at: there were too many. */
  left = 0;
  #lookedAt = 0;
  readonly #lastLevels = new Map<string, LastLevel>();
  readonly #labels = new Map<string, string | null>();
  #path = '';
  #pathLabel: string | undefined;

  /** `unknown`: it measures power, but in which unit nothing tells. Undefined: no figure of ours. */
  meaningOf(name: string, unit: string, dataType: number): MetricMeaning | 'unknown' | undefined {
    let end = name.length;
    let slash = name.lastIndexOf('/');
    // Empty levels say nothing, nor does one that is but the value of the one before.
    while (
      end > 0 &&
      saysNothing.test(name.slice(slash + 1, end).trim()) &&
      (slash > 0 || end === name.length)
    ) {
      end = Math.max(0, slash);
      slash = name.lastIndexOf('/', end - 1);
    }
    if (end - slash - 1 > nameLengthMax || end === 0 || notMetered.test(name)) return undefined;
    const meaning = this.#lastLevel(name.slice(slash + 1, end), unit, dataType);
    if (meaning === undefined || meaning === 'unknown' || slash <= 0) return meaning;
    const label = this.#label(name.slice(0, slash));
    if (label === undefined) return meaning;
    const { quantity, scale } = meaning;
    return { quantity, scale, label: meaning.label === undefined ? label : `${label}:${meaning.label}` };
  }

  #lastLevel(last: string, unit: string, dataType: number): LastLevel['meaning'] {
    const known = this.#lastLevels.get(last);
    if (known !== undefined && known.unit === unit && known.dataType === dataType) return known.meaning;
    const meaning = this.#numbered(last, unit, dataType);
    this.#lastLevels.set(last, { unit, dataType, meaning });
    return meaning;
  }

  /** `Outlet 17 power` says what `Outlet 10 power` does, but for the number. */
  #numbered(last: string, unit: string, dataType: number): LastLevel['meaning'] {
    const [, before, number, after] = loneNumber.exec(last) ?? [];
    const digits = number === undefined ? undefined : standIn[number.length];
    if (digits === undefined || number === digits) return this.#lookAt(last, unit, dataType);
    const meaning = this.#lastLevel(`${before}${digits}${after}`, unit, dataType);
    if (meaning === undefined || meaning === 'unknown' || meaning.label === undefined) return meaning;
    const { quantity, scale, label } = meaning;
    return { quantity, scale, label: label.replace(digits, number as string) };
  }

  #lookAt(last: string, unit: string, dataType: number): LastLevel['meaning'] {
    if (this.#lookedAt >= namesMax) {
      this.left += 1;
      return undefined;
    }
    this.#lookedAt += 1;
    return meaningOfLevel(last, unit, dataType);
  }

  #label(path: string): string | undefined {
    // Mostly the figures of one outlet come one after another.
    if (path === this.#path) return this.#pathLabel;
    let label = this.#labels.get(path);
    if (label === undefined) {
      label = labelOfPath(path.split('/').filter((level) => level.trim() !== '')) ?? null;
      this.#labels.set(path, label);
    }
    this.#path = path;
    this.#pathLabel = label ?? undefined;
    return this.#pathLabel;
  }
}

/** Names that differ in more than a number, of one birth. */
const namesMax = 1_024;
/** One number of two or three digits by itself, and no other digits: with one digit it may be a phase. */
const loneNumber = /^((?:[^0-9]*[^0-9A-Za-z])?)([1-9]\d\d?)((?:[^0-9A-Za-z][^0-9]*)?)$/;
const standIn: readonly (string | undefined)[] = [undefined, undefined, '10', '100'];

/** The same of one level by itself. */
export function meaningOfLevel(last: string, unit: string, dataType: number): LastLevel['meaning'] {
  if (dataType === dataTypes.boolean) {
    const label = numberedRelay.exec(last)?.[1];
    return label !== undefined || relayNames.test(last) ? { quantity: 'on', scale: 1, label } : undefined;
  }
  if (!isNumber(dataType)) return undefined;
  const figure = figureOfName(last, unit === '' ? undefined : unit);
  if (figure === undefined) return undefined;
  const isFloat = dataType === dataTypes.float || dataType === dataTypes.double;
  const isEnergy = figure.quantity === 'wattHoursTotal' || figure.quantity === 'wattHoursReturnedTotal';
  if (!figure.sure && (isEnergy || !(isFloat || figure.quantity === 'watts'))) return 'unknown';
  const { quantity, scale, label } = figure;
  return { quantity, scale, label };
}

const nameLengthMax = 200;

/** Control, properties and definitions of templates are no measurements; `bdSeq` neither. */
const notMetered = /^(node control|device control|node info|properties|config|settings|alarms?|_types_)\//i;
const relayNames =
  /^(state|relay|relay[ _]?state|output|on|switch|power[ _]?state|outlet[ _]?state|enabled)$/i;

/** `outlet_3_state`, `Relay 4`. */
const numberedRelay =
  /^(?:outlet|socket|port|relay|channel|plug)[ _-]?([A-Za-z]?\d{1,4})(?:[ _-]?(?:state|status|on|relay|switch|power[ _-]?state|enabled))?$/i;
const saysNothing = /^(value|val|pv|present ?value)?$/i;

function isNumber(dataType: number): boolean {
  return (
    (dataType >= dataTypes.int8 && dataType <= dataTypes.double) ||
    dataType === dataTypes.string ||
    dataType === dataTypes.text
  );
}

/** Levels that only sort the metrics. */
const neutral =
  /^(measurements?|metering|meters?|electrical|electric|data|values?|sensors?|telemetry|live|inputs?|inlets?|mains|supply|readings?|metrics?|outlets|sockets|ports|channels|phases|ac|energy|power|device|pdu)$/i;
const outletLevel =
  /^(?:outlet|socket|port|channel|plug|receptacle|relay|output|load|ch)s?[ _.:#-]*([A-Za-z]?\d{1,4}|[A-Z])$/i;
const phaseLevel = /^(?:phase|line)[ _.:-]*([ABCabc]|L?[123])$|^(L[123])$/i;

/** `Outlets/Outlet 3` → `3`; `Phase 1` → `L1`; `Totals` → undefined; anything else keeps its words: `rack:meter-2`. */
function labelOfPath(levels: readonly string[]): string | undefined {
  const labels: string[] = [];
  for (const [index, level] of levels.entries()) {
    if (neutral.test(level) || /^totals?$|^sum$/i.test(level)) continue;
    const outlet = outletLevel.exec(level);
    const phase = phaseLevel.exec(level);
    const numbered = /^\d{1,4}$/.test(level) ? (levels[index - 1] ?? '') : '';
    if (outlet !== null) labels.push(outlet[1] as string);
    else if (phase !== null) labels.push(phaseOf((phase[1] ?? phase[2]) as string));
    else if (/^(inlets?|inputs?)$/i.test(numbered))
      // `inlet/1` is not outlet 1.
      labels.push(`${numbered.toLowerCase().replace(/s$/, '')}:${level}`);
    else if (/^phases?$/i.test(numbered)) labels.push(phaseOf(level));
    else labels.push(level.trim());
  }
  return labels.length === 0 ? undefined : labels.join(':');
}

function phaseOf(text: string): string {
  if (/^[abc]$/i.test(text)) return text.toLowerCase();
  return `L${text.replace(/\D/g, '')}`;
}
