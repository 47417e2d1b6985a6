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

const countWord: readonly (readonly [Figure['basis'], string])[] = [
  ['measured', 'measured'],
  ['partial', 'at least (≥)'],
  ['estimated', 'estimated'],
  ['unknown', 'unknown (–)'],
];

/** The same of many at once: `6 measured, 2 at least (≥); each heard within 3 s.` */
export function knownOfAll(figures: readonly (Figure | undefined)[], present: Present): string {
  const basisOf = (figure: Figure | undefined) => (!figure || figure.stale ? 'unknown' : figure.basis);
  const told = countWord.flatMap(([basis, word]) => {
    const count = figures.filter((figure) => basisOf(figure) === basis).length;
    return count > 0 ? [`${count} ${word}`] : [];
  });
  const heard = figures.flatMap((figure) => (basisOf(figure) === 'unknown' ? [] : [figure!.atMs ?? 0]));
  if (heard.length === 0) return `${told}.`;
  const oldestMs = present.ageMs(Math.min(...heard));
  return `${told.join(', ')}; each heard within ${present.format.value.age(oldestMs)}.`;
}
