import type { Quantity } from '../model/quantity.ts';
import { figureOfName } from './quantity-names.ts';
import { dataTypes } from './sparkplug-payload.ts';

/** What a metric of a birth means. `label` is undefined: it stands for the node as a whole. */
export interface MetricMeaning {
  readonly quantity: Quantity | 'on';
  readonly scale: number;
  readonly label: string | undefined;
}

/**
 * Sparkplug names no metric for power, so: the unit property, then a unit in the name, then the name. `unknown`: it
 * measures power, but in which unit nothing tells. Undefined: no figure of ours.
 */
export function meaningOfMetric(
  name: string,
  unit: string,
  dataType: number,
): MetricMeaning | 'unknown' | undefined {
  const levels = name.split('/').filter((level) => level.trim() !== '');
  const last = levels.pop();
  if (last === undefined || last.length > nameLengthMax || notMetered.test(name)) return undefined;
  if (dataType === dataTypes.boolean) {
    return relayNames.test(last) ? { quantity: 'on', scale: 1, label: labelOfPath(levels) } : undefined;
  }
  if (!isNumber(dataType)) return undefined;
  const figure = figureOfName(last, unit === '' ? undefined : unit);
  if (figure === undefined) return undefined;
  const isFloat = dataType === dataTypes.float || dataType === dataTypes.double;
  const isEnergy = figure.quantity === 'wattHoursTotal' || figure.quantity === 'wattHoursReturnedTotal';
  if (!figure.sure && (isEnergy || !(isFloat || figure.quantity === 'watts'))) return 'unknown';
  const { quantity, scale } = figure;
  const path = labelOfPath(levels);
  const label =
    path === undefined || figure.label === undefined ? (path ?? figure.label) : `${path}:${figure.label}`;
  return { quantity, scale, label };
}

const nameLengthMax = 200;

/** Control and properties are no measurements; `bdSeq` neither. */
const notMetered = /^(node control|device control|node info|properties|config|settings|alarms?)\//i;
const relayNames =
  /^(state|relay|relay[ _]?state|output|on|switch|power[ _]?state|outlet[ _]?state|enabled)$/i;

function isNumber(dataType: number): boolean {
  return (
    (dataType >= dataTypes.int8 && dataType <= dataTypes.double) ||
    dataType === dataTypes.string ||
    dataType === dataTypes.text
  );
}

/** Levels that only sort the metrics. */
const neutral =
  /^(measurements?|metering|meters?|electrical|electric|data|values?|sensors?|telemetry|live|inputs?|inlet|mains|supply|readings?|metrics?|outlets|sockets|ports|channels|phases|ac|energy|power|device|pdu)$/i;
const outletLevel =
  /^(?:outlet|socket|port|channel|plug|receptacle|relay|output|load|ch)s?[ _.:#-]*([A-Za-z]?\d{1,4}|[A-Z])$/i;
const phaseLevel = /^(?:phase|line)[ _.:-]*([ABCabc]|L?[123])$|^(L[123])$/i;

/** `Outlets/Outlet 3` → `3`; `Phase 1` → `L1`; `Totals` → undefined; anything else keeps its words: `rack:meter-2`. */
function labelOfPath(levels: readonly string[]): string | undefined {
  const labels: string[] = [];
  for (const level of levels) {
    const outlet = outletLevel.exec(level);
    const phase = phaseLevel.exec(level);
    if (outlet !== null) labels.push(outlet[1] as string);
    else if (phase !== null) labels.push(phaseOf((phase[1] ?? phase[2]) as string));
    else if (!neutral.test(level) && !/^totals?$|^sum$/i.test(level)) labels.push(level.trim());
  }
  return labels.length === 0 ? undefined : labels.join(':');
}

function phaseOf(text: string): string {
  if (/^[abc]$/i.test(text)) return text.toLowerCase();
  return `L${text.replace(/\D/g, '')}`;
}
