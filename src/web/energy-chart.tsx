import { useSignal } from '@preact/signals';
import type { EnergyAnswer } from '../api/shapes.ts';
import { type EnergyProps, energyQuery, periodOfStep } from './energy-asked.ts';
import { type Bar, highestOf, scaleTicks } from './energy-bars.ts';
import {
  barLabel,
  barText,
  beforeWords,
  measureLabels,
  measureShown,
  scaleLabels,
  spanText,
} from './energy-words.ts';
import { type Format, joined } from './format.ts';
import { Key } from './key.tsx';
import { Panel } from './panel.tsx';
import { hashOf } from './routes.ts';

export interface EnergyChartProps extends EnergyProps {
  readonly answer: EnergyAnswer;
  readonly bars: readonly Bar[];
  /** Parts with a colour of their own, from the bottom up. */
  readonly scopes: readonly string[];
  /** How many further parts are in the rest. */
  readonly restCount: number;
}

/** From so many bars on not each has its label on a narrow screen. */
const labelsMax = 8;
/** From so many on the bars are thin. */
const denseMin = 60;

/** Bars over time, stacked by part; what is not known is a gap. */
export function EnergyChart(props: EnergyChartProps) {
  const { present, asked, answer, bars, scopes } = props;
  const format = present.format.value;
  const chosen = useSignal<number | undefined>(undefined);
  const byKeys = useSignal(false);
  const ticks = scaleTicks(highestOf(bars));
  const top = ticks.at(-1)!;
  const labels = scaleLabels(ticks, asked.measure, answer.currency, format);
  const bar = chosen.value === undefined ? undefined : bars[chosen.value];
  const open = (fromMs: number) => {
    const period = periodOfStep[asked.step];
    if (period !== undefined && period !== asked.period && fromMs <= asked.nowMs) {
      location.hash = hashOf({ view: 'energy', query: energyQuery(asked, { period, atMs: fromMs }) });
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, Home: -bars.length, End: bars.length }[event.key];
    if (event.key === 'Escape') chosen.value = undefined;
    if (event.key === 'Enter' && bar) open(bar.fromMs);
    if (by === undefined) return;
    event.preventDefault();
    byKeys.value = true;
    chosen.value = Math.max(0, Math.min(bars.length - 1, (chosen.value ?? -1) + by));
  };
  return (
    <Panel
      name="energy-chart"
      look="energy-chart"
      title={measureLabels[asked.measure]}
      head={
        <output class="readout figure" aria-live={byKeys.value ? 'polite' : 'off'}>
          {bar &&
            `${spanText(asked.step, bar.fromMs, bar.toMs, format)}: ${barText(bar.row, answer.currency, format)}`}
        </output>
      }
    >
      <div
        class="energy-plot"
        role="img"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys lead from bar to bar
        tabIndex={0}
        aria-label={`${measureLabels[asked.measure]} in bars, up to ${labels.at(-1)}. Arrow keys read single bars, Enter opens one; the table below has them all.`}
        onKeyDown={onKeyDown}
        onMouseMove={(event) => {
          byKeys.value = false;
          chosen.value = slotOf(event);
        }}
        onMouseLeave={() => (chosen.value = undefined)}
        onClick={(event) => open(bars[slotOf(event) ?? bars.length]?.fromMs ?? Number.POSITIVE_INFINITY)}
        onBlur={() => (chosen.value = undefined)}
      >
        <div class="energy-scale">
          {ticks.map((tick, i) => (
            <span key={tick} style={{ bottom: percentOf(tick, top) }}>
              <span class="energy-tick">{labels[i]}</span>
            </span>
          ))}
        </div>
        <div class="energy-bars" data-many={bars.length > labelsMax} data-dense={bars.length > denseMin}>
          {bars.map((one, i) => (
            <div key={one.fromMs} class="energy-slot" data-chosen={chosen.value === i}>
              <BarStack {...props} bar={one} top={top} format={format} />
              <span class="energy-label">
                {isLabelled(asked.step, i, bars.length) && barLabel(one.fromMs, asked, format)}
              </span>
            </div>
          ))}
        </div>
      </div>
      <Legend
        {...props}
        hasRest={scopes.length > 0 && bars.some(({ pieces }) => pieces.at(-1)! > top / 200)}
      />
    </Panel>
  );
}

/** Which bar the pointer is on. */
function slotOf({ target }: MouseEvent): number | undefined {
  const slot = (target as Element).closest('.energy-slot');
  return slot ? [...slot.parentElement!.children].indexOf(slot) : undefined;
}

/** Hours of a week are labelled by their days, months of years by every third. */
function isLabelled(step: string, index: number, count: number): boolean {
  const every =
    step === 'hour' && count > 30
      ? 24
      : step === 'week' && count > 12
        ? 4
        : step === 'month' && count > 12
          ? 6
          : 1;
  return index % every === 0;
}

interface BarStackProps extends EnergyChartProps {
  readonly bar: Bar;
  readonly top: number;
  readonly format: Format;
}

function BarStack({ present, asked, answer, bar, top, scopes, format }: BarStackProps) {
  const { value, pieces, before, isPartly, row, isUnderWay } = bar;
  const sum = pieces.reduce((all, piece) => all + piece, 0);
  const shown = (piece: number) => joined(measureShown(piece, asked.measure, answer.currency, format));
  return (
    <span class="energy-column">
      {value === undefined && row && <span class="energy-unknown">?</span>}
      {value !== undefined && (
        <span
          class="energy-bar"
          style={{ height: percentOf(sum, top) }}
          data-partly={isPartly}
          data-under-way={isUnderWay}
        >
          {pieces.map((piece, i) => (
            <span
              key={scopes[i] ?? 'rest'}
              class={`energy-piece ${colourOf(i, scopes.length)}`}
              style={{ flexGrow: piece }}
              title={scopes[i] && `${present.nameOf(scopes[i])}: ${shown(piece)}`}
            />
          ))}
        </span>
      )}
      {before !== undefined && <span class="energy-before" style={{ bottom: percentOf(before, top) }} />}
    </span>
  );
}

/** The class that colours part `index` of so many; what comes after them is the rest. */
export function colourOf(index: number, count: number): string {
  if (count === 0) return 'part-all';
  return index < count ? `part-${index + 1}` : 'part-rest';
}

const percentOf = (value: number, top: number) => `${((value / top) * 100).toFixed(2)}%`;

function Legend({
  present,
  asked,
  bars,
  scopes,
  restCount,
  hasRest,
}: EnergyChartProps & { readonly hasRest: boolean }) {
  const rest = restCount > 0 ? `${restCount} others` : `on no ${asked.by}`;
  return (
    <p class="hint chart-legend">
      {scopes.map((scope, i) => (
        <Key swatch={colourOf(i, scopes.length)} key={scope}>
          {present.nameOf(scope)}
        </Key>
      ))}
      {hasRest && <Key swatch="part-rest">{rest}</Key>}
      {bars.some(({ before }) => before !== undefined) && (
        <Key swatch="before">{beforeWords({ ...asked, isUnderWay: false })}</Key>
      )}
      {bars.some(({ isPartly }) => isPartly) && <Key swatch="partly">known for a part of its time only</Key>}
      {bars.some(({ row, value }) => row && value === undefined) && <span class="key">? nothing known</span>}
      {bars.some(({ isUnderWay }) => isUnderWay) && <Key swatch="under-way">under way</Key>}
    </p>
  );
}
