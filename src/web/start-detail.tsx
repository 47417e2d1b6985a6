import { type ReadonlySignal, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { StartRow } from '../api/shapes.ts';
import type { Answer } from './answers.ts';
import { ChartHost, Readout, useByKeys, useColourChanges } from './chart-host.tsx';
import { counted, type Format, joined } from './format.ts';
import { Key } from './key.tsx';
import type { PresentProps } from './present.ts';
import { StartChart, type StartPoint, type StartSpan } from './start-chart.ts';
import type { TracedStart } from './start-traces.ts';
import { isGroupStart, peakSentence, sagShare } from './start-words.ts';

/** One start in full: its trace over those before it, and what is known of it in words. */
export function StartDetail({ present, row }: PresentProps & { readonly row: StartRow }) {
  const answer = useSignal<Answer<TracedStart>>({});
  useEffect(() => {
    const looking = present.startTraces.look(row.id);
    const stop = looking.answer.subscribe((found) => {
      answer.value = found;
    });
    return () => {
      stop();
      looking.stop();
    };
  }, [present, row.id]);
  const { value, problem } = answer.value;
  if (!value) {
    return (
      <p class="hint start-detail">
        {problem === undefined
          ? 'Reading the trace …'
          : `The trace could not be read: ${problem}. Asking again.`}
      </p>
    );
  }
  return (
    <div class="start-detail">
      {value.start.trace ? (
        <TraceChart present={present} traced={answer} hasVolts={hasVolts(value)} />
      ) : (
        <p class="hint">The readings of this start are not kept any more.</p>
      )}
      <StartFacts present={present} row={row} traced={value} />
    </div>
  );
}

const hasVolts = ({ start }: TracedStart) => start.trace?.volts?.some((volts) => volts !== null) ?? false;

interface TraceChartProps extends PresentProps {
  readonly traced: ReadonlySignal<Answer<TracedStart>>;
  readonly hasVolts: boolean;
}

function TraceChart({ present, traced, hasVolts }: TraceChartProps) {
  const span = useSignal<StartSpan>('whole');
  const point = useSignal<StartPoint | undefined>(undefined);
  const byKeys = useByKeys();
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<StartChart>(undefined);
  const format = present.format.value;
  useEffect(() => {
    const made = new StartChart(
      {
        host: host.current!,
        format: () => present.format.peek(),
        onPoint: (found) => {
          point.value = found;
        },
      },
      hasVolts,
    );
    chart.current = made;
    const redraw = () => {
      const found = traced.peek().value;
      if (found) made.draw(found, span.peek());
    };
    const stops = [traced.subscribe(redraw), span.subscribe(redraw)];
    return () => {
      for (const stop of stops) stop();
      made.destroy();
    };
  }, [present, traced, hasVolts]);
  useColourChanges(() => chart.current?.recolour(), present.link.value.phase);

  const { start, earlier = [] } = traced.value.value ?? {};
  const isSettled = start?.complete && start.settledWatts !== undefined;
  return (
    <div class="start-chart">
      <div class="start-chart-head">
        <SpanChoice span={span.value} choose={(chosen) => (span.value = chosen)} />
        <Readout byKeys={byKeys.value}>{point.value ? pointText(point.value, format) : ''}</Readout>
      </div>
      <ChartHost host={host} chart={chart} byKeys={byKeys} label="Trace of the start." />
      <p class="hint chart-legend">
        <Key swatch="line">this start</Key>
        {earlier.length > 0 && <Key swatch="faint">{counted(earlier.length, 'earlier one')}</Key>}
        {isSettled && <Key swatch="idle">settled level</Key>}
        {isSettled && <Key swatch="settled">settled</Key>}
        {hasVolts && <Key swatch="volts">volts</Key>}
      </p>
    </div>
  );
}

function SpanChoice({ span, choose }: { readonly span: StartSpan; choose(span: StartSpan): void }) {
  return (
    <fieldset class="segmented">
      <legend class="unseen">Part of the start</legend>
      {(['surge', 'whole'] as const).map((name) => (
        <label key={name}>
          <input type="radio" name="start-span" checked={name === span} onChange={() => choose(name)} />
          <span>{name === 'surge' ? 'Surge' : 'Until settled'}</span>
        </label>
      ))}
    </fieldset>
  );
}

function pointText({ afterMs, watts, volts }: StartPoint, format: Format): string {
  const when =
    afterMs < 0 ? `${format.duration(-afterMs)} before` : `${format.duration(afterMs)} after the onset`;
  return [when, joined(format.watts(watts)), volts !== undefined && joined(format.volts(volts))]
    .filter(Boolean)
    .join(' · ');
}

interface StartFactsProps extends PresentProps {
  /** As the list tells it: perhaps newer than the trace. */
  readonly row: StartRow;
  readonly traced: TracedStart;
}

/** What the line does not say. */
function StartFacts({ present, row, traced }: StartFactsProps) {
  const format = present.format.value;
  const { inrushEstimate } = row;
  const share = sagShare(row);
  return (
    <dl class="start-facts">
      <div>
        <dt>Peak</dt>
        <dd>{peakSentence(row, format)}</dd>
      </div>
      <div>
        <dt>Noticed</dt>
        <dd>{format.duration(row.detectedAtMs - row.atMs)} after the onset</dd>
      </div>
      {share !== undefined && (
        <div>
          <dt>Volts</dt>
          <dd>
            fell by {joined(format.volts(row.voltsBefore! - row.voltsMin!))} ({format.percent(share)})
          </dd>
        </div>
      )}
      {inrushEstimate && (
        <div>
          <dt>Inrush, estimated</dt>
          <dd>
            ≈ {joined(format.amps(inrushEstimate.ampsPeak))} crest.{' '}
            <span class="aside">Rule: {inrushEstimate.rule}.</span>
          </dd>
        </div>
      )}
      <div>
        <dt>Outlets</dt>
        <dd>
          {row.outlets.map((outlet) => (
            <code key={outlet}>{outlet}</code>
          ))}
        </dd>
      </div>
      {row.concurrent.length > 0 && (
        <div>
          <dt>{isGroupStart(row) ? 'Started there' : 'Together with'}</dt>
          <dd>{row.concurrent.map((scope) => present.nameOf(scope)).join(', ')}</dd>
        </div>
      )}
      {traced.earlier.length > 0 && (
        <div>
          <dt>Peaks before</dt>
          <dd>{traced.earlier.map(({ peakWatts }) => joined(format.watts(peakWatts))).join(', ')}</dd>
        </div>
      )}
    </dl>
  );
}
