import type { Figure } from '../model/figure.ts';
import type { IdleVerdict } from '../model/idle.ts';
import { restsOn } from './idle-words.ts';
import { freshWatts } from './live-series.ts';
import type { PresentProps } from './present.ts';
import { Quantity, Unknown } from './quantity.tsx';
import { type RosterRow, stateOf } from './roster.ts';
import { ServerLink } from './server-link.tsx';
import { Sparkline } from './sparkline.tsx';
import { StateBadge } from './state-badge.tsx';

interface ServerRowProps extends PresentProps {
  readonly row: RosterRow;
  /** From 0, among all rows. */
  readonly index: number;
  /** Of the largest consumer: its bar is the longest. */
  readonly mostWatts: number;
  /** What is learnt of its idle level. */
  readonly verdict: IdleVerdict | undefined;
  readonly unfolded: boolean;
  unfold(row: RosterRow): void;
}

/** One server, one line. Its name leads to its view; pressing the line unfolds its inputs. */
export function ServerRow({ present, row, index, mostWatts, verdict, unfolded, unfold }: ServerRowProps) {
  const format = present.format.value;
  const figure = present.figure(row.scope);
  return (
    // biome-ignore lint/a11y/useSemanticElements: the table is made of grids
    // biome-ignore lint/a11y/useFocusableInteractive: its button is
    <div
      role="row"
      class="server server-grid"
      aria-rowindex={index + 2}
      data-stale={figure?.stale ?? true}
      data-unfolded={unfolded}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: as above */}
      <div role="cell" class="col-name">
        <button
          type="button"
          class="unfold"
          aria-expanded={unfolded}
          aria-label={`Inputs of ${row.name}`}
          onClick={() => unfold(row)}
        />
        <ServerLink present={present} scope={row.scope} />
      </div>
      <Cell name="rack">{row.rack ?? <span class="unknown">–</span>}</Cell>
      <Cell name="state">
        <StateBadge state={stateOf(figure)} />
        <BasisWord present={present} scope={row.scope} />
      </Cell>
      <Cell name="watts">
        <Quantity shown={format.watts(figure?.watts)} atLeast={figure?.basis === 'partial'} />
      </Cell>
      <Cell name="idle" title={verdict && restsOn(verdict, format)}>
        {verdict?.verdict === 'high' && <span class="word word-bad">high</span>}{' '}
        <Quantity shown={format.watts(figure?.idleWatts)} />
      </Cell>
      <Cell name="share">
        <Share present={present} figure={figure} mostWatts={mostWatts} />
      </Cell>
      <Cell name="today">
        <Quantity shown={format.energy(figure?.todayWattHours)} />
      </Cell>
      <Cell name="trace">
        <Sparkline present={present} scope={row.scope} />
      </Cell>
      <Cell name="age">{figure?.atMs === undefined ? 'never' : format.age(present.ageMs(figure.atMs))}</Cell>
    </div>
  );
}

interface CellProps {
  readonly name: string;
  readonly title?: string | undefined;
  readonly children: preact.ComponentChildren;
}

function Cell({ name, title, children }: CellProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: the table is made of grids
    <div role="cell" class={`col-${name}`} title={title}>
      {children}
    </div>
  );
}

/** Said in a word wherever a figure is less than measured and fresh. */
export function BasisWord({ present, scope }: PresentProps & { readonly scope: string }) {
  // Asked for here: a figure handed in is the same object when it has changed, and nothing would be drawn anew.
  const figure = present.figure(scope);
  // Never heard of at all: the age says so.
  if (figure?.atMs === undefined) return null;
  const word = figure.stale ? 'stale' : basisWord[figure.basis];
  return word === undefined ? null : (
    <span class="word" data-word={word}>
      {word}
    </span>
  );
}

const basisWord: Partial<Record<Figure['basis'], string>> = { partial: 'partial', estimated: 'estimated' };

function Share({
  present,
  figure,
  mostWatts,
}: PresentProps & { readonly figure: Figure | undefined; readonly mostWatts: number }) {
  const watts = freshWatts(figure);
  const roomWatts = freshWatts(present.figure('room'));
  if (watts === undefined || !roomWatts) return <Unknown />;
  const length = mostWatts > 0 ? watts / mostWatts : 0;
  return (
    <span class="share">
      <span class="bar" aria-hidden="true">
        <span class="bar-fill" style={{ transform: `scaleX(${length.toFixed(4)})` }} />
      </span>
      <span class="figure">{present.format.value.percentFine(watts / roomWatts)}</span>
    </span>
  );
}
