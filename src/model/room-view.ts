import type { Figure } from './figure.ts';

/**
 * The room's present picture, read-only: what `live` and `api` are given. A scope has a dense index that never
 * changes while the process lives, so that what changed can be found by comparing numbers.
 */
export interface RoomView {
  /** Scopes known so far, 0 … scopeCount−1; grows as outlets appear. */
  readonly scopeCount: number;
  scopeAt(index: number): string;
  /** −1 when there is no such scope. */
  indexOf(scope: string): number;
  /** The latest known values, as a fresh object. */
  figureAt(index: number): Figure;
  /** Grows whenever any figure may have changed. */
  readonly version: number;
  /** The `version` at which this scope's figure may last have changed. */
  versionAt(index: number): number;
}
