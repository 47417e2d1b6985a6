import type { Figure } from '../model/figure.ts';
import { ServerAlerts } from './alert-strip.tsx';
import { ampsOf } from './breaker-load.ts';
import { Facts } from './facts.tsx';
import type { Format } from './format.ts';
import { freshWatts } from './live-series.ts';
import type { PresentProps } from './present.ts';
import { Quantity, Unknown } from './quantity.tsx';
import { type RosterRow, stateOf } from './roster.ts';
import { BasisWord } from './server-row.tsx';
import { StateBadge } from './state-badge.tsx';
import { useToday } from './today.ts';

interface ServerFactsProps extends PresentProps {
  readonly row: RosterRow;
  /** By a server of the settings; else it is an outlet on its own. */
  readonly claimed: boolean;
}

/** What a server draws now, what it is doing, and what it drew today. */
export function ServerFacts({ present, row, claimed }: ServerFactsProps) {
  const format = present.format.value;
  const figure = present.figure(row.scope);
  const today = useToday(present, row.scope, figure);
  return (
    <section class="panel server-facts" aria-labelledby="server-title" data-stale={figure?.stale ?? true}>
      <div class="panel-head">
        <h2 id="server-title">{row.name}</h2>
        {row.rack !== undefined && <span class="count">rack {row.rack}</span>}
        <span class="server-state">
          <StateBadge state={stateOf(figure)} />
          <BasisWord present={present} scope={row.scope} />
        </span>
      </div>
      <p class="total-watts figure">
        <Quantity shown={format.power(figure?.watts)} atLeast={figure?.basis === 'partial'} />
      </p>
      <Facts
        rows={[
          [
            'Today',
            <Quantity key="today" shown={format.energy(figure?.todayWattHours)} atLeast={today.atLeast} />,
          ],
          ['Current', <Quantity key="amps" shown={format.amps(ampsOf(figure))} />],
          [
            'Of the room',
            <Share
              key="share"
              watts={freshWatts(figure)}
              roomWatts={freshWatts(present.figure('room'))}
              format={format}
            />,
          ],
        ]}
      />
      <p class="hint">
        {sentence(figure, present, claimed)} {today.text}
      </p>
      <ServerAlerts present={present} scope={row.scope} />
    </section>
  );
}

function sentence(figure: Figure | undefined, present: PresentProps['present'], claimed: boolean): string {
  const age = present.ageMs(figure?.atMs);
  const heard =
    age === undefined
      ? 'No reading of it yet.'
      : `Newest reading ${present.format.value.age(age)} ago${figure?.stale ? '' : `, ${figure?.basis}`}.`;
  const stale = figure?.stale && figure.watts !== undefined ? ' What is shown is what it drew then.' : '';
  const own = claimed ? '' : ' No server of the settings claims this outlet, so it counts as one by itself.';
  return `${heard}${stale}${own}`;
}

interface ShareProps {
  readonly watts: number | undefined;
  readonly roomWatts: number | undefined;
  readonly format: Format;
}

function Share({ watts, roomWatts, format }: ShareProps) {
  return watts === undefined || !roomWatts ? <Unknown /> : <span>{format.percent(watts / roomWatts)}</span>;
}
