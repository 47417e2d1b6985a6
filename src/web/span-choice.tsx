import { type ChartSpan, shifted } from './chart-span.ts';
import type { Format } from './format.ts';
import { chartRangeNames, chartRanges } from './live-series.ts';

interface SpanChoiceProps {
  readonly span: ChartSpan;
  readonly nowMs: () => number;
  choose(span: ChartSpan): void;
}

/** How long back the chart shows, and the steps into the past and back. */
export function SpanChoice({ span, nowMs, choose }: SpanChoiceProps) {
  const isPast = span.range === undefined;
  return (
    <div class="span-choice">
      <button
        type="button"
        class="step"
        aria-label="Earlier"
        onClick={() => choose(shifted(span, -1, nowMs()))}
      >
        ‹
      </button>
      <fieldset class="segmented">
        <legend class="unseen">Span of the chart</legend>
        {chartRangeNames.map((name) => (
          <label key={name}>
            <input
              type="radio"
              name="range"
              checked={name === span.range}
              onChange={() => choose({ range: name })}
            />
            <span>{chartRanges[name].label}</span>
          </label>
        ))}
      </fieldset>
      <button
        type="button"
        class="step"
        aria-label="Later"
        disabled={!isPast}
        onClick={() => choose(shifted(span, 1, nowMs()))}
      >
        ›
      </button>
    </div>
  );
}

/** `Sat 28 Nov, 14:00 – 15:30`: the stretch of the past that is shown. */
export function pastText(fromMs: number, toMs: number, format: Format): string {
  const [fromDay, toDay] = [format.day(fromMs), format.day(toMs)];
  const end = fromDay === toDay ? format.timeOfDay(toMs) : `${toDay}, ${format.timeOfDay(toMs)}`;
  return `${fromDay}, ${format.timeOfDay(fromMs)} – ${end}`;
}
