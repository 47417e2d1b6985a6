import type { ComponentChildren } from 'preact';

interface FactsProps {
  /** What it is, and its figure. */
  readonly rows: readonly (readonly [name: string, value: ComponentChildren])[];
  readonly big?: boolean;
}

/** A few figures side by side, each with its name above it. */
export function Facts({ rows, big = false }: FactsProps) {
  return (
    <dl class={big ? 'big-facts' : 'facts'}>
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class="figure">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
