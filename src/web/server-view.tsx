import { useComputed } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { IdleVerdict } from '../model/idle.ts';
import { HistoryChart } from './history-chart.tsx';
import { useIdle } from './idle-view.tsx';
import { Panel } from './panel.tsx';
import type { ChartMarks } from './power-chart.ts';
import type { PresentProps } from './present.ts';
import type { RosterRow } from './roster.ts';
import { type Route, replaceQuery, serverHash } from './routes.ts';
import { ServerFacts } from './server-facts.tsx';
import { ServerIdle } from './server-idle.tsx';
import { InputList } from './server-inputs.tsx';
import { StartsTable } from './starts-table.tsx';
import { useStartLog } from './starts-view.tsx';

type ServerRoute = Extract<Route, { view: 'server' }>;

interface ServerViewProps extends PresentProps {
  readonly route: ServerRoute;
}

/** One server: what it draws and drew, through which input, what it burns idle, and how it starts. */
export function ServerView({ present, route }: ServerViewProps) {
  const scope = `server:${route.name}`;
  const row = present.server(scope);
  const { value: tree, problem } = present.tree.answer.value;
  const told = (tree !== undefined || problem !== undefined) && present.arrivals.value > 0;
  if (!row && !told) return <p class="panel empty">Reading what is known of {route.name} …</p>;
  if (!row) return <UnknownServer present={present} name={route.name} />;
  return <KnownServer present={present} route={route} row={row} />;
}

const dayMs = 86_400_000;
const startsDays = 90;

function KnownServer({ present, route, row }: ServerViewProps & { readonly row: RosterRow }) {
  const { scope } = row;
  const fromMs = useRef(present.nowMs() - startsDays * dayMs);
  const log = useStartLog(present, scope, fromMs.current);
  const verdict = useIdleOf(present, scope);
  const outlets = JSON.stringify(row.inputs.map(({ outlet }) => outlet));
  useEffect(() => {
    present.watchOutlets(JSON.parse(outlets));
    return () => present.watchOutlets([]);
  }, [present, outlets]);
  const starts = log.answer.value;
  const marks = useMarks(
    starts.value?.map(({ atMs }) => atMs),
    verdict,
  );
  const claimed = present.tree.answer.value.value?.servers.some((server) => server.scope === scope) ?? true;
  const choose = (open: string | undefined) => replaceQuery({ open: open ?? nothingOpen });
  return (
    <div class="server-view">
      <ServerFacts present={present} row={row} claimed={claimed} />
      <Panel name="inputs" look="server-inputs-panel" title={row.inputs.length === 1 ? 'Input' : 'Inputs'}>
        <InputList present={present} row={row} />
      </Panel>
      <ServerIdle present={present} verdict={verdict} />
      <HistoryChart
        present={present}
        series={present.liveSeries(scope)}
        title="Power"
        query={route.query}
        marks={marks}
      />
      <Panel
        name="starts"
        look="starts-panel"
        title="Starts"
        head={
          starts.value && (
            <span class="count">
              {starts.value.length} in the last {startsDays} days
            </span>
          )
        }
      >
        {starts.problem !== undefined && present.link.value.phase === 'live' && (
          <p class="hint problem">They could not be read: {starts.problem}. Asking again.</p>
        )}
        {!starts.value && starts.problem === undefined && <p class="empty">Reading …</p>}
        {starts.value?.length === 0 && <p class="empty">It was not seen to start.</p>}
        {starts.value && starts.value.length > 0 && (
          <StartsTable
            present={present}
            rows={starts.value}
            withServer={false}
            // The newest shows its trace unless another one was asked for, or none.
            open={route.query.open ?? starts.value[0]?.id}
            choose={choose}
            labelledBy="starts-title"
          />
        )}
      </Panel>
    </div>
  );
}

/** In the address: the newest start was folded. */
const nothingOpen = '-';

function useIdleOf(present: PresentProps['present'], scope: string): IdleVerdict | undefined {
  useIdle(present);
  return useComputed(() => present.idle.answer.value.value?.rows.find((row) => row.scope === scope)).value;
}

/** The same object as long as nothing changes, so that the chart is not drawn for nothing. */
function useMarks(startsAtMs: readonly number[] | undefined, verdict: IdleVerdict | undefined): ChartMarks {
  const { idleWatts, limitWatts } = verdict ?? {};
  return useMemo(
    () => ({
      startsAtMs: startsAtMs ?? [],
      ...(idleWatts !== undefined && { idleWatts }),
      ...(limitWatts !== undefined && { limitWatts }),
    }),
    [startsAtMs?.join(), idleWatts, limitWatts],
  );
}

const nearestMax = 5;

function UnknownServer({ present, name }: PresentProps & { readonly name: string }) {
  const near = nearestNames(name, present.roster.value).slice(0, nearestMax);
  return (
    <section class="panel empty">
      <p>
        There is no server <code>{name}</code>: it is not in the settings, and no outlet of that name was
        heard.
      </p>
      {near.length > 0 && (
        <p>
          Did you mean{' '}
          {near.map((row, i) => (
            <span key={row.scope}>
              {i > 0 && ', '}
              <a href={serverHash(row.scope)}>{row.name}</a>
            </span>
          ))}
          ?
        </p>
      )}
      <p>
        <a href="#/">Back to the room</a>
      </p>
    </section>
  );
}

/** Those that begin alike, the longest common beginning first. */
export function nearestNames(name: string, roster: readonly RosterRow[]): RosterRow[] {
  const asked = name.toLowerCase();
  const alike = (other: string) => {
    let length = 0;
    while (length < asked.length && asked[length] === other[length]) length += 1;
    return length;
  };
  return roster
    .map((row) => ({ row, length: alike(row.name.toLowerCase()) }))
    .filter(({ length }) => length >= 2)
    .sort((a, b) => b.length - a.length)
    .map(({ row }) => row);
}
