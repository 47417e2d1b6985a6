import { type Sort, type SortKey, sortKeys } from './roster.ts';

interface Column {
  readonly name: string;
  readonly label: string;
  readonly sortKey?: SortKey;
  readonly title?: string;
}

const columns: readonly Column[] = [
  { name: 'name', label: sortKeys.name.label, sortKey: 'name' },
  { name: 'rack', label: sortKeys.rack.label, sortKey: 'rack' },
  { name: 'state', label: sortKeys.state.label, sortKey: 'state' },
  { name: 'watts', label: sortKeys.watts.label, sortKey: 'watts' },
  {
    name: 'idle',
    label: sortKeys.idle.label,
    sortKey: 'idle',
    title: 'What it draws when it is on and does nothing',
  },
  { name: 'share', label: 'Share', title: 'Of the room; the longest bar is the largest consumer' },
  {
    name: 'today',
    label: sortKeys.today.label,
    sortKey: 'today',
    title:
      "Since midnight of the room's zone, summed up from the watts read: what was not heard is not in it",
  },
  { name: 'trace', label: '10 min', title: 'The last ten minutes, each on its own scale' },
  { name: 'age', label: sortKeys.age.label, sortKey: 'age', title: 'Since the newest reading' },
];
export const columnCount = columns.length;

/** The head of the table; its buttons sort. */
export function ServersHead({ sort, choose }: { readonly sort: Sort; choose(key: SortKey): void }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: the table is made of grids
    <div role="rowgroup" class="servers-head">
      {/* biome-ignore lint/a11y/useSemanticElements: as above */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: a row of a table is not operated */}
      <div role="row" class="server-grid" aria-rowindex={1}>
        {columns.map(({ name, label, sortKey, title }) => (
          // biome-ignore lint/a11y/useSemanticElements: as above
          // biome-ignore lint/a11y/useFocusableInteractive: its button is
          <div
            role="columnheader"
            key={name}
            class={`col-${name}`}
            title={title}
            {...(sortKey && { 'aria-sort': sort.key === sortKey ? sort.direction : ('none' as const) })}
          >
            {sortKey ? (
              <button type="button" onClick={() => choose(sortKey)}>
                {label}
                <span class="arrow" aria-hidden="true">
                  {sort.key === sortKey ? (sort.direction === 'ascending' ? '▲' : '▼') : ''}
                </span>
              </button>
            ) : (
              label
            )}
          </div>
        ))}
      </div>
    </div>
  );
}
