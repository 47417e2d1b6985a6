import { useComputed, useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { IdleVerdict } from '../model/idle.ts';
import { HeldOrder } from './held-order.ts';
import { useIdle } from './idle-view.tsx';
import { freshWatts } from './live-series.ts';
import type { PresentProps } from './present.ts';
import { countRoster, nextSort, type RosterRow } from './roster.ts';
import { type Query, replaceQuery } from './routes.ts';
import { rowWindow } from './row-window.ts';
import { ServerInputs } from './server-inputs.tsx';
import { ServerRow } from './server-row.tsx';
import { ServersHead } from './servers-head.tsx';
import { parseFilter, parseSort, sortQuery } from './servers-query.ts';
import { ServersTools } from './servers-tools.tsx';
import { useOrderTurn } from './use-order-turn.ts';
import { useRowView } from './use-row-view.ts';

interface ServersTableProps extends PresentProps {
  /** Order and filter stand in it. */
  readonly query: Query;
}

/** Who draws what: every server with its state, power, idle level, share, energy of today, trace and age. */
export function ServersTable({ present, query }: ServersTableProps) {
  const sort = useMemo(() => parseSort(query), [query.sort]);
  const filter = useMemo(() => parseFilter(query), [query.q, query.state, query.rack]);
  useIdle(present);
  const verdicts = useVerdicts(present);
  const unfolded = useSignal<string | undefined>(undefined);
  const pointed = useRef(false);
  const order = useRef<HeldOrder>(undefined);
  order.current ??= new HeldOrder();

  const figureOf = (scope: string) => present.figure(scope);
  const roster = present.roster.value;
  const count = countRoster(roster, figureOf);
  const view = useRowView();
  // Neither under the pointer nor under the keyboard's focus.
  const isHeld = () => pointed.current || view.body.current?.querySelector(':focus-visible') != null;
  const rows = order.current.rows(roster, sort, filter, figureOf, useOrderTurn(present, isHeld));
  const unfoldedAt = rows.findIndex(({ scope }) => scope === unfolded.value);
  const seen = rowWindow(rows.length, view.rowPx, view, { index: unfoldedAt, extraPx: view.unfoldedPx });
  const inSight = rows.slice(seen.first, seen.end);
  useTraceHistory(present, inSight);

  // The next view asks for its own.
  useEffect(() => () => present.watchOutlets([]), [present]);
  const unfold = (row: RosterRow) => {
    const open = unfolded.value !== row.scope;
    unfolded.value = open ? row.scope : undefined;
    present.watchOutlets(open ? row.inputs.map(({ outlet }) => outlet) : []);
  };
  const mostWatts = roster.reduce((most, { scope }) => Math.max(most, freshWatts(figureOf(scope)) ?? 0), 0);
  return (
    <section class="panel servers-panel" aria-labelledby="servers-title">
      <ServersTools
        total={roster.length}
        shown={rows.length}
        states={count.states}
        filter={filter}
        sort={sort}
      />
      {/* biome-ignore lint/a11y/useSemanticElements: rows are grids, and most of them are not in the document */}
      <div role="table" class="servers" aria-labelledby="servers-title" aria-rowcount={rows.length + 1}>
        <ServersHead sort={sort} choose={(key) => replaceQuery(sortQuery(nextSort(sort, key)))} />
        {/* biome-ignore lint/a11y/useSemanticElements: as above */}
        <div
          role="rowgroup"
          ref={view.body}
          class="servers-body"
          style={{ paddingTop: `${seen.abovePx}px`, paddingBottom: `${seen.belowPx}px` }}
          onPointerEnter={(event) => (pointed.current = event.pointerType === 'mouse')}
          onPointerLeave={() => (pointed.current = false)}
        >
          {inSight.flatMap((row, i) => [
            // By its place: a new order writes other servers into the rows that stand there, and moves none.
            <ServerRow
              key={seen.first + i}
              present={present}
              row={row}
              index={seen.first + i}
              mostWatts={mostWatts}
              verdict={verdicts.get(row.scope)}
              unfolded={row.scope === unfolded.value}
              unfold={unfold}
            />,
            row.scope === unfolded.value && (
              <ServerInputs key={`${row.scope} inputs`} present={present} row={row} />
            ),
          ])}
        </div>
      </div>
      {rows.length === 0 && (
        <p class="empty">{roster.length === 0 ? 'Waiting for the first figures …' : 'No server matches.'}</p>
      )}
    </section>
  );
}

/** What is known of each server's idle level, by scope. */
function useVerdicts(present: PresentProps['present']): ReadonlyMap<string, IdleVerdict> {
  return useComputed(
    () => new Map(present.idle.answer.value.value?.rows.map((row) => [row.scope, row] as const)),
  ).value;
}

function useTraceHistory(present: PresentProps['present'], inSight: readonly RosterRow[]): void {
  // As one text, so that it stays the same from frame to frame; JSON, since a name may hold any character.
  const scopes = JSON.stringify(inSight.map(({ scope }) => scope));
  const arrivals = present.arrivals.value;
  useEffect(() => {
    if (arrivals === 0 || inSight.length === 0) return;
    // Rows that only fly past while scrolling are not asked for.
    const timer = setTimeout(() => present.tracesInSight(JSON.parse(scopes)), 300);
    return () => clearTimeout(timer);
  }, [present, scopes, arrivals]);
}
