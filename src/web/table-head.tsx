interface Column {
  readonly name: string;
  /** Of figures: they end at the right. */
  readonly num?: boolean;
  /** What the name leaves open. */
  readonly title?: string | undefined;
  /** What is in it speaks for itself: the name is read out only. */
  readonly unseen?: boolean;
  readonly class?: string;
}

interface TableHeadProps {
  /** Those that are not shown may be `false`. */
  readonly columns: readonly (Column | string | false)[];
  /** The grid its rows are laid out on. */
  readonly grid?: string;
}

/** The heads of a table's columns. */
export function TableHead({ columns, grid }: TableHeadProps) {
  return (
    <thead>
      <tr class={grid && `${grid} head-row`}>
        {columns
          .filter((column) => column !== false)
          .map((column) => (typeof column === 'string' ? { name: column } : column))
          .map(({ name, num = false, title, unseen = false, class: own }: Column) => (
            <th key={name} scope="col" class={num ? 'num' : own} title={title}>
              {unseen ? <span class="unseen">{name}</span> : name}
            </th>
          ))}
      </tr>
    </thead>
  );
}

/** A column of figures. */
export const num = (name: string, title?: string): Column => ({ name, num: true, title });
