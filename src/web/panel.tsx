import type { ComponentChildren } from 'preact';

interface PanelProps {
  /** Unique on the page; its title is `<name>-title` to what is labelled by it. */
  readonly name: string;
  /** A class of its own in the styles. */
  readonly look?: string;
  readonly title: ComponentChildren;
  /** Beside the title. */
  readonly head?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A part of a view, with its title. */
export function Panel({ name, look = '', title, head, children }: PanelProps) {
  return (
    <section class={`panel ${look}`} aria-labelledby={`${name}-title`}>
      <div class="panel-head">
        <h2 id={`${name}-title`}>{title}</h2>
        {head}
      </div>
      {children}
    </section>
  );
}
