import type { PowerState } from '../model/figure.ts';
import { type RowFilter, type Sort, type SortKey, sortKeys } from './roster.ts';
import type { Query } from './routes.ts';
import { stateWord } from './state-badge.tsx';

export const sortByDefault: Sort = { key: 'watts', direction: 'descending' };

/** From the address: `sort=name`, `sort=-age` the other way round; what makes no sense is the usual order. */
export function parseSort({ sort = '' }: Query): Sort {
  const key = sort.replace(/^-/, '');
  if (!Object.hasOwn(sortKeys, key)) return sortByDefault;
  return { key: key as SortKey, direction: sort.startsWith('-') ? 'descending' : 'ascending' };
}

/** The words of the address for it; the usual order needs none. */
export function sortQuery({ key, direction }: Sort): Query {
  const usual = key === sortByDefault.key && direction === sortByDefault.direction;
  return { sort: usual ? undefined : `${direction === 'descending' ? '-' : ''}${key}` };
}

/** From the address: `q=…` words, `state=idle`, `rack=r1`. */
export function parseFilter({ q = '', state, rack }: Query): RowFilter {
  return {
    text: q,
    ...(state !== undefined && Object.hasOwn(stateWord, state) && { state: state as PowerState }),
    ...(rack !== undefined && { rack }),
  };
}
