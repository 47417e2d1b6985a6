import type { Figure } from '../model/figure.ts';
import { ampsOf } from './breaker-load.ts';
import { counted, joined } from './format.ts';
import { freshWatts } from './live-series.ts';
import type { PresentProps } from './present.ts';
import { Quantity } from './quantity.tsx';
import { countRoster, type RosterCount } from './roster.ts';

/** The room's draw now, what it drew today, and how both are known. */
export function RoomTotal({ present }: PresentProps) {
  const format = present.format.value;
  const figure = present.figure('room');
  const count = countRoster(present.roster.value, (scope) => present.figure(scope));
  const partial = figure?.basis === 'partial';
  return (
    <section class="panel total" aria-labelledby="total-title">
      <div class="panel-head">
        <h2 id="total-title">Room now</h2>
        <BasisTag figure={figure} />
      </div>
      <p class="total-watts figure">
        <Quantity shown={format.power(freshWatts(figure))} atLeast={partial} />
      </p>
      <dl class="facts">
        <div>
          <dt>Today</dt>
          <dd class="figure">
            <Quantity shown={format.energy(figure?.todayWattHours)} />
          </dd>
        </div>
        <div>
          <dt>Current</dt>
          <dd class="figure">
            <Quantity shown={format.amps(ampsOf(figure))} />
          </dd>
        </div>
        <div>
          <dt>Power factor</dt>
          <dd class="figure">
            <Quantity shown={factor(figure, (value) => format.number(value, 2))} />
          </dd>
        </div>
      </dl>
      {figure && <p class="hint">{basisSentence(figure, count, joined(format.power(freshWatts(figure))))}</p>}
    </section>
  );
}

function factor(figure: Figure | undefined, show: (value: number) => string) {
  const { powerFactor, watts, voltAmps } = figure ?? {};
  const known = powerFactor ?? (watts !== undefined && voltAmps ? watts / voltAmps : undefined);
  return { text: known === undefined ? '–' : show(known), unit: '' };
}

const basisWord = { measured: 'Measured', partial: 'Partial', estimated: 'Estimated', unknown: 'Unknown' };

function BasisTag({ figure }: { readonly figure: Figure | undefined }) {
  if (!figure) return null;
  return (
    <span class="tag" data-basis={figure.basis}>
      {basisWord[figure.basis]}
    </span>
  );
}

/** What the total lacks, in words. */
function basisSentence(figure: Figure, count: RosterCount, shown: string): string {
  const all = Object.values(count.states).reduce((sum, one) => sum + one, 0);
  if (figure.basis === 'unknown') return 'No server has a fresh reading.';
  const lacks = [
    count.unknown > 0 && `${counted(count.unknown, 'server')} without a fresh reading`,
    count.partial > 0 && `${counted(count.partial, 'server')} with an input missing`,
  ].filter(Boolean);
  if (figure.basis === 'measured' || lacks.length === 0) return `Sum of ${counted(all, 'server')}.`;
  return `The truth is more than ${shown}: ${lacks.join(', ')}.`;
}
