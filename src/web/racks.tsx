import { useComputed } from '@preact/signals';
import { counted, joined } from './format.ts';
import { heatLevel, heatLevels } from './heat.ts';
import { knownOfAll, knownText } from './known.ts';
import { freshWatts } from './live-series.ts';
import { Panel } from './panel.tsx';
import type { Present, PresentProps } from './present.ts';
import { Quantity } from './quantity.tsx';
import { RackCells } from './rack-cells.tsx';
import type { RosterRow } from './roster.ts';
import { replaceQuery } from './routes.ts';

interface RacksProps extends PresentProps {
  /** The one the table of servers shows alone. */
  readonly rack: string | undefined;
}

/** Where in the room the power goes: each rack with its servers as a map of heat. */
export function Racks({ present, rack: chosen }: RacksProps) {
  const racks = present.tree.answer.value.value?.racks ?? [];
  const byRack = useComputed(() => serversByRack(present.roster.value)).value;
  if (racks.length === 0) return null;
  const mostWatts = mostOf(racks, ({ name }) => present.figure(`rack:${name}`));
  const mostServerWatts = mostOf(present.roster.value, ({ scope }) => present.figure(scope));
  return (
    <Panel
      name="racks"
      look="racks-panel"
      title="Racks"
      head={<HeatScale present={present} mostWatts={mostServerWatts} />}
    >
      <ul class="racks">
        {racks.map(({ name }) => (
          <Rack
            key={name}
            present={present}
            name={name}
            servers={byRack.get(name) ?? []}
            mostWatts={mostWatts}
            mostServerWatts={mostServerWatts}
            chosen={chosen === name}
          />
        ))}
      </ul>
      <p class="hint known">
        {knownOfAll(
          racks.map(({ name }) => present.figure(`rack:${name}`)),
          present,
        )}
      </p>
    </Panel>
  );
}

function serversByRack(roster: readonly RosterRow[]): ReadonlyMap<string, RosterRow[]> {
  return Map.groupBy(
    roster.filter(({ rack }) => rack !== undefined),
    ({ rack }) => rack!,
  );
}

function mostOf<T>(of: readonly T[], figureOf: (one: T) => ReturnType<Present['figure']>): number {
  return of.reduce((most, one) => Math.max(most, freshWatts(figureOf(one)) ?? 0), 1);
}

/** What the colours mean. */
function HeatScale({ present, mostWatts }: PresentProps & { readonly mostWatts: number }) {
  return (
    <span class="heat-scale hint">
      0
      <span class="heat-steps" aria-hidden="true">
        {Array.from({ length: heatLevels }, (_, level) => (
          <span key={level} data-heat={level} />
        ))}
      </span>
      {joined(present.format.value.power(mostWatts))} a server
    </span>
  );
}

interface RackProps extends PresentProps {
  readonly name: string;
  readonly servers: readonly RosterRow[];
  /** Of the hottest rack. */
  readonly mostWatts: number;
  /** Of the largest consumer of the room. */
  readonly mostServerWatts: number;
  readonly chosen: boolean;
}

function Rack({ present, name, servers, mostWatts, mostServerWatts, chosen }: RackProps) {
  const figure = present.figure(`rack:${name}`);
  const watts = freshWatts(figure);
  return (
    <li class="rack" title={knownText(figure, present)}>
      <div class="rack-head">
        <span
          class="rack-heat"
          aria-hidden="true"
          data-heat={watts === undefined ? 'unknown' : heatLevel(watts, mostWatts)}
        />
        <button
          type="button"
          class="quiet rack-name"
          aria-pressed={chosen}
          title="Only its servers in the table"
          onClick={() => replaceQuery({ rack: chosen ? undefined : name })}
        >
          {name}
        </button>
        <span class="aside rack-count">{counted(servers.length, 'server')}</span>
        <span class="rack-watts figure">
          <Quantity shown={present.format.value.power(watts)} atLeast={figure?.basis === 'partial'} />
        </span>
      </div>
      <RackCells present={present} servers={servers} mostWatts={mostServerWatts} />
    </li>
  );
}
