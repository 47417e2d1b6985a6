import { useRef } from 'preact/hooks';
import type { Present } from './present.ts';
import { traceSteps } from './traces.ts';

/** Whole numbers are fine enough, and written several times faster than decimals. */
const heightUnits = 240;
const marginUnits = 20;
/** A steady draw stays a calm line: the span shown is at least this share of the largest value. */
const spanShareMin = 0.15;
const scratch = new Float32Array(traceSteps);

interface Drawn {
  scope: string;
  version: number;
  newest: number;
  path: string;
}

/** The last ten minutes of one scope, a hundred pixels wide; beside the figures it says nothing new, so it is not read out. */
export function Sparkline({ present, scope }: { readonly present: Present; readonly scope: string }) {
  const drawn = useRef<Drawn>(undefined);
  const trace = present.trace(scope, scratch);
  if (trace) {
    const newest = trace.values[traceSteps - 1]!;
    const { version } = trace;
    const last = drawn.current;
    // Most beats change nothing a row's trace would show.
    if (!last || last.scope !== scope || last.version !== version || !Object.is(last.newest, newest)) {
      drawn.current = { scope, version, newest, path: tracePath(trace.values) };
    }
  }
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${traceSteps - 1} ${heightUnits}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {trace && <path d={drawn.current?.path} vector-effect="non-scaling-stroke" />}
    </svg>
  );
}

/** An SVG path over the trace; unknown steps break it. */
export function tracePath(values: Float32Array): string {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return '';
  const missing = high * spanShareMin - (high - low);
  if (missing > 0) low = Math.max(0, low - missing / 2);
  const span = Math.max(high - low, high * spanShareMin, 1);
  const perWatt = (heightUnits - 2 * marginUnits) / span;
  let path = '';
  let pen = 'M';
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i]!;
    if (Number.isNaN(value)) {
      pen = 'M';
      continue;
    }
    const y = Math.round(heightUnits - marginUnits - (value - low) * perWatt);
    // A lone step still leaves a mark.
    path += pen === 'M' ? `M${i} ${y}h.5` : `L${i} ${y}`;
    pen = 'L';
  }
  return path;
}
