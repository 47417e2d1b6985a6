import type { ComponentChildren } from 'preact';

interface KeyProps {
  /** As in `swatch-…` of the styles. */
  readonly swatch: string;
  readonly children: ComponentChildren;
}

/** One entry of a legend: what is drawn so, and what it means; they stay on one line. */
export function Key({ swatch, children }: KeyProps) {
  return (
    <span class="key">
      <span class={`swatch swatch-${swatch}`} /> {children}
    </span>
  );
}
