import type { StartTrace } from '../model/start.ts';

/**
 * The trace of a start as text: `{"fromMs":…,"ms":[0,1000,…],"watts":[…],"volts":[…]}`, times counted from the
 * first, to the microsecond. One that would be longer than `bytesMax` is thinned: of neighbouring readings the
 * lowest and the highest stay, so that the peak never goes.
 */
export function traceText(trace: StartTrace, bytesMax: number): string | undefined {
  const count = Math.min(trace.atMs.length, trace.watts.length);
  if (count === 0) return undefined;
  let kept: readonly number[] = Array.from({ length: count }, (_, i) => i);
  let text = textOf(trace, kept);
  while (text.length > bytesMax && kept.length > 2) {
    kept = thinned(trace.watts, kept);
    text = textOf(trace, kept);
  }
  return text;
}

/** Undefined when the text is no trace. */
export function traceOfText(text: string): StartTrace | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { fromMs, ms, watts, volts } = (parsed ?? {}) as Record<string, unknown>;
  if (typeof fromMs !== 'number' || !isNumbers(ms) || !isNumbers(watts) || ms.length !== watts.length)
    return undefined;
  const fromMicros = Math.round(fromMs * 1000);
  const atMs = ms.map((offset) => (fromMicros + Math.round(offset * 1000)) / 1000);
  const hasVolts = Array.isArray(volts) && volts.length === ms.length && volts.every(isNumberOrNull);
  return { atMs, watts, ...(hasVolts ? { volts } : {}) };
}

function textOf(trace: StartTrace, kept: readonly number[]): string {
  const fromMicros = Math.round(trace.atMs[kept[0]!]! * 1000);
  return JSON.stringify({
    fromMs: fromMicros / 1000,
    ms: kept.map((i) => (Math.round(trace.atMs[i]! * 1000) - fromMicros) / 1000),
    watts: kept.map((i) => trace.watts[i]),
    ...(trace.volts === undefined ? {} : { volts: kept.map((i) => trace.volts?.[i] ?? null) }),
  });
}

/** About half as many: of each four the lowest and the highest, in their order. */
function thinned(watts: readonly number[], kept: readonly number[]): number[] {
  const fewer: number[] = [];
  for (let from = 0; from < kept.length; from += 4) {
    const four = kept.slice(from, from + 4);
    const low = four.reduce((a, b) => (watts[b]! < watts[a]! ? b : a));
    const high = four.reduce((a, b) => (watts[b]! > watts[a]! ? b : a));
    fewer.push(...new Set([Math.min(low, high), Math.max(low, high)]));
  }
  return fewer;
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'number');
}

function isNumberOrNull(value: unknown): value is number | null {
  return value === null || typeof value === 'number';
}
