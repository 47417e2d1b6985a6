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

/** The room at a glance: what it draws now and drew before, what needs a look, and who draws it. */
export function RoomView({ present, route }: PresentProps & { readonly route: { readonly query: Query } }) {
  const tree = present.tree.answer.value.value;
  const empty = present.roster.value.length === 0;
  if (empty && tree && present.link.value.phase === 'live') return <FirstRun present={present} />;
  return (
    <div class="room">
      <div class="room-side">
        <RoomTotal present={present} />
        <Attention present={present} alerts={[]} />
        <LastStarts present={present} />
        <Feeds present={present} />
        <Racks present={present} />
      </div>
      <div class="room-main">
        <HistoryChart present={present} series={present.roomSeries} title="Room total" query={route.query} />
        <ServersTable present={present} />
      </div>
    </div>
  );
}
