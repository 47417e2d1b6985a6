import { Attention } from './attention.tsx';
import { Feeds } from './feeds.tsx';
import { FirstRun } from './first-run.tsx';
import { HistoryChart } from './history-chart.tsx';
import { LastStarts } from './last-starts.tsx';
import type { PresentProps } from './present.ts';
import { Racks } from './racks.tsx';
import { RoomTotal } from './room-total.tsx';
import type { Query } from './routes.ts';
import { ServersTable } from './servers-table.tsx';
import { useMedia } from './use-media.ts';

/** As in the styles: so wide that there is room for three columns. */
const wallMedia = '(min-width: 2400px)';

/** The room at a glance: what it draws now and drew before, what needs a look, and who draws it. */
export function RoomView({ present, route }: PresentProps & { readonly route: { readonly query: Query } }) {
  const tree = present.tree.answer.value.value;
  const empty = present.roster.value.length === 0;
  const isWall = useMedia(wallMedia);
  if (empty && tree && present.link.value.phase === 'live') return <FirstRun present={present} />;
  const places = (
    <>
      <Feeds present={present} />
      <Racks present={present} rack={route.query.rack} />
    </>
  );
  return (
    <div class="room">
      <div class="room-side">
        <RoomTotal present={present} />
        <Attention present={present} alerts={present.alerts.answer.value.value ?? []} />
        <LastStarts present={present} />
        {!isWall && places}
      </div>
      <div class="room-main">
        <HistoryChart present={present} series={present.roomSeries} title="Room total" query={route.query} />
        {isWall && <div class="room-places">{places}</div>}
        <ServersTable present={present} query={route.query} />
      </div>
    </div>
  );
}
