import type { Figure } from '../model/figure.ts';
import { ampsOf } from './breaker-load.ts';
import { Facts } from './facts.tsx';
import { counted, joined } from './format.ts';
import { freshWatts } from './live-series.ts';
import { Panel } from './panel.tsx';
import type { Present, PresentProps } from './present.ts';
import { Quantity } from './quantity.tsx';
import { countRoster, type RosterCount } from './roster.ts';
import { useToday } from './today.ts';

/** The room's draw now, what it drew today, and how both are known. */
export function RoomTotal({ present }: PresentProps) {
  const format = present.format.value;
  const figure = present.figure('room');
  const count = countRoster(present.roster.value, (scope) => present.figure(scope));
  const factor = powerFactor(figure);
  const today = useToday(present, 'room', figure);
  return (
    <Panel name="total" look="total" title="Room now" head={figure && <BasisTag basis={figure.basis} />}>
      <p class="total-watts figure">
        <Quantity shown={format.power(freshWatts(figure))} atLeast={figure?.basis === 'partial'} />
      </p>
      <Facts
        rows={[
          [
            'Today',
            <Quantity key="today" shown={format.energy(figure?.todayWattHours)} atLeast={today.atLeast} />,
          ],
          ['Current', <Quantity key="amps" shown={format.amps(ampsOf(figure))} />],
          [
            'Idling',
            <span key="idling" title="Drawn by servers that are on and do nothing">
              <Quantity shown={format.power(count.idlingWatts)} />
            </span>,
          ],
          ...(factor === undefined ? [] : [['Power factor', format.number(factor, 2)] as const]),
        ]}
      />
      {figure && <p class="hint">{basisSentence(figure, count, present)}</p>}
      <p class="hint known">{today.text}</p>
    </Panel>
  );
}

function powerFactor({ powerFactor, watts, voltAmps }: Partial<Figure> = {}): number | undefined {
  return powerFactor ?? (watts !== undefined && voltAmps ? watts / voltAmps : undefined);
}

const basisWord = { measured: 'Measured', partial: 'Partial', estimated: 'Estimated', unknown: 'Unknown' };

function BasisTag({ basis }: { readonly basis: Figure['basis'] }) {
  return (
    <span class="tag" data-basis={basis}>
      {basisWord[basis]}
    </span>
  );
}

/** What the total is made of, how old it is, and what it lacks. */
function basisSentence(figure: Figure, count: RosterCount, present: Present): string {
  const format = present.format.value;
  const all = Object.values(count.states).reduce((sum, one) => sum + one, 0);
  if (figure.basis === 'unknown') return 'No server has a fresh reading.';
  const age = figure.atMs === undefined ? '' : `, ${format.age(present.ageMs(figure.atMs))} ago`;
  const lacks = [
    count.unknown > 0 && `${counted(count.unknown, 'server')} without a fresh reading`,
    count.partial > 0 && `${counted(count.partial, 'server')} with an input missing`,
  ].filter(Boolean);
  if (figure.basis === 'measured' || lacks.length === 0) return `Sum of ${counted(all, 'server')}${age}.`;
  return `The truth is more than ${joined(format.power(freshWatts(figure)))}${age}: ${lacks.join(', ')}.`;
}
