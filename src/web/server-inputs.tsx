import type { Figure } from '../model/figure.ts';
import { ampsOf } from './breaker-load.ts';
import { knownText } from './known.ts';
import { freshWatts } from './live-series.ts';
import type { PresentProps } from './present.ts';
import { Quantity } from './quantity.tsx';
import type { RosterInput, RosterRow } from './roster.ts';
import { BasisWord } from './server-row.tsx';
import { columnCount } from './servers-head.tsx';

/** A supply below this carries nothing, when another one of the server carries more than the second. */
const idleSupplyWatts = 1;
const carryingWatts = 20;

/** A server's inputs below its row in the table. */
export function ServerInputs({ present, row }: PresentProps & { readonly row: RosterRow }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: the table is made of grids
    // biome-ignore lint/a11y/useFocusableInteractive: there is nothing to operate in it
    <div role="row" class="server-inputs">
      {/* biome-ignore lint/a11y/useSemanticElements: as above */}
      <div role="cell" aria-colspan={columnCount}>
        <InputList present={present} row={row} />
      </div>
    </div>
  );
}

/** A server's inputs side by side: which feed and outlet each hangs on, what it carries, and its share. */
export function InputList({ present, row }: PresentProps & { readonly row: RosterRow }) {
  const figures = row.inputs.map(({ outlet }) => present.figure(`outlet:${outlet}`));
  const sumWatts = figures.reduce((sum, figure) => sum + (freshWatts(figure) ?? 0), 0);
  return (
    <ul class="inputs">
      {row.inputs.map((input, i) => (
        <Input
          key={input.outlet}
          present={present}
          input={input}
          figure={figures[i]}
          number={i + 1}
          sumWatts={sumWatts}
          sumIsWhole={figures.every((figure) => freshWatts(figure) !== undefined)}
        />
      ))}
    </ul>
  );
}

interface InputProps extends PresentProps {
  readonly input: RosterInput;
  readonly figure: Figure | undefined;
  readonly number: number;
  /** Of all inputs of the server. */
  readonly sumWatts: number;
  /** Every input is known, so that a share means something. */
  readonly sumIsWhole: boolean;
}

function Input({ present, input, figure, number, sumWatts, sumIsWhole }: InputProps) {
  const format = present.format.value;
  const watts = freshWatts(figure);
  const feed = input.feed === undefined ? `Input ${number}` : `Feed ${input.feed}`;
  const carriesNothing = watts !== undefined && watts < idleSupplyWatts && sumWatts > carryingWatts;
  return (
    <li data-stale={figure?.stale ?? true} title={knownText(figure, present)}>
      <span class="input-feed">
        {feed}
        {input.breaker !== undefined && <span class="aside"> {input.breaker}</span>}
      </span>
      <code class="input-outlet">{input.outlet}</code>
      <span class="bar" aria-hidden="true">
        <span
          class="bar-fill"
          style={{ transform: `scaleX(${sumWatts > 0 ? ((watts ?? 0) / sumWatts).toFixed(4) : 0})` }}
        />
      </span>
      <span class="input-watts figure">
        <Quantity shown={format.watts(figure?.watts)} />
      </span>
      <span class="input-share figure">
        {sumIsWhole && sumWatts > 0 && watts !== undefined && format.percent(watts / sumWatts)}
      </span>
      <span class="input-more figure">{moreOf(figure, present)}</span>
      <span class="input-word">
        {carriesNothing && (
          <strong class="word" data-word="partial">
            carries nothing
          </strong>
        )}
        <BasisWord present={present} scope={`outlet:${input.outlet}`} />
        {!figure && <span class="aside">no reading yet</span>}
      </span>
    </li>
  );
}

function moreOf(figure: Figure | undefined, present: PresentProps['present']): string {
  if (!figure) return '';
  const format = present.format.value;
  const amps = ampsOf(figure);
  return [
    amps !== undefined && `${format.amps(amps).text} A`,
    figure.volts !== undefined && `${format.number(figure.volts, 0)} V`,
    figure.powerFactor !== undefined && `PF ${format.number(figure.powerFactor, 2)}`,
    figure.atMs !== undefined && format.age(present.ageMs(figure.atMs)),
  ]
    .filter(Boolean)
    .join(' · ');
}
