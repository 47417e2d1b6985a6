import type { Figure } from '../model/figure.ts';
import type { Present } from './present.ts';

const basisText: Record<Figure['basis'], string> = {
  measured: 'measured',
  partial: 'at least: something in it was not heard',
  estimated: 'estimated',
  unknown: 'unknown',
};

/** How a figure is known and how old it is, for a title: `measured, 2 s ago`. */
export function knownText(figure: Figure | undefined, present: Present): string {
  if (figure?.atMs === undefined) return 'never heard';
  const word = figure.stale ? 'stale, last heard' : `${basisText[figure.basis]},`;
  return `${word} ${present.format.value.age(present.ageMs(figure.atMs))} ago`;
}
