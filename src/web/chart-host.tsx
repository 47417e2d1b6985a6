import { type Signal, useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';

/** What a chart lets its host do. */
export interface PointedChart {
  moveCursor(by: number): void;
  hideCursor(): void;
  recolour(): void;
}

interface ChartHostProps {
  readonly host: RefObject<HTMLDivElement | null>;
  readonly chart: RefObject<PointedChart | undefined>;
  /** What is drawn, for those who cannot see it. */
  readonly label: string;
  /** Was the cursor moved by keys last? Then what it reads is said aloud. */
  readonly byKeys: Signal<boolean>;
}

const keySteps: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowRight: 1,
  PageUp: -30,
  PageDown: 30,
};

/** The place a chart is drawn into; arrow keys move its cursor. */
export function ChartHost({ host, chart, label, byKeys }: ChartHostProps) {
  const onKeyDown = (event: KeyboardEvent) => {
    const by = keySteps[event.key];
    if (event.key === 'Escape') chart.current?.hideCursor();
    if (by === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    byKeys.value = true;
    chart.current?.moveCursor(by);
  };
  return (
    <div
      ref={host}
      class="chart-host"
      role="img"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys move the cursor along the line
      tabIndex={0}
      aria-label={`${label} Arrow keys read single points.`}
      onKeyDown={onKeyDown}
      onMouseMove={() => (byKeys.value = false)}
      onBlur={() => chart.current?.hideCursor()}
    />
  );
}

/** `aria-live` belongs to what the cursor reads, so that a pointer that passes over is not read out. */
export function Readout({ byKeys, children }: { readonly byKeys: boolean; readonly children: string }) {
  return (
    <output class="readout figure" aria-live={byKeys ? 'polite' : 'off'}>
      {children}
    </output>
  );
}

export const useByKeys = () => useSignal(false);

/** Light or dark, live or greyed: the canvas has to be told. */
export function useColourChanges(recolour: () => void, phase: string): void {
  useEffect(recolour, [phase]);
  useEffect(() => {
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', recolour);
    return () => scheme.removeEventListener('change', recolour);
  }, []);
}
