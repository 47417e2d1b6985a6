import type { PowerState } from '../model/figure.ts';
import { countText } from './format.ts';
import { nextSort, type RowFilter, type Sort, type SortKey, sortKeys } from './roster.ts';
import { replaceQuery } from './routes.ts';
import { sortQuery } from './servers-query.ts';
import { StateMark, stateWord } from './state-badge.tsx';
import { TextFilter } from './text-filter.tsx';

interface ServersToolsProps {
  readonly total: number;
  readonly shown: number;
  readonly states: Readonly<Record<PowerState, number>>;
  readonly filter: RowFilter;
  readonly sort: Sort;
}

const stateOrder: readonly PowerState[] = ['starting', 'active', 'idle', 'standby', 'off', 'unknown'];

/** Above the table: how many servers are in which state (each a filter), the text filter, sorting on small screens. */
export function ServersTools({ total, shown, states, filter, sort }: ServersToolsProps) {
  const present = stateOrder.filter((name) => states[name] > 0 || filter.state === name);
  return (
    <div class="panel-head servers-tools">
      <h2 id="servers-title">Servers</h2>
      <span class="count" role="status">
        {countText(shown, total)}
      </span>
      <fieldset class="chips">
        <legend class="unseen">Only servers in one state</legend>
        {present.map((name) => (
          <button
            type="button"
            class="chip"
            key={name}
            aria-pressed={filter.state === name}
            onClick={() => replaceQuery({ state: filter.state === name ? undefined : name })}
          >
            <StateMark state={name} /> {stateWord[name]}{' '}
            <span class="figure">{states[name].toLocaleString()}</span>
          </button>
        ))}
        {filter.rack !== undefined && (
          <button
            type="button"
            class="chip"
            aria-pressed="true"
            aria-label={`Rack ${filter.rack}: show all racks`}
            onClick={() => replaceQuery({ rack: undefined })}
          >
            rack {filter.rack} <span aria-hidden="true">×</span>
          </button>
        )}
      </fieldset>
      <SortChoice sort={sort} />
      <TextFilter text={filter.text} label="Filter servers by name, rack, feed or outlet" />
    </div>
  );
}

/** Where the columns do not fit, their heads do not either. */
function SortChoice({ sort }: { readonly sort: Sort }) {
  return (
    <label class="sort-choice">
      <span class="unseen">Sort by</span>
      <select
        value={sort.key}
        onChange={({ currentTarget }) =>
          replaceQuery(sortQuery(nextSort(sort, currentTarget.value as SortKey)))
        }
      >
        {Object.entries(sortKeys).map(([key, { label }]) => (
          <option value={key} key={key}>
            By {label.toLowerCase()}
          </option>
        ))}
      </select>
    </label>
  );
}
