import type { BlockTable } from './block-table.ts';
import type { Head, Heads } from './heads.ts';
import { mergePoints, type Points, slicePoints } from './points.ts';
import type { SeriesRef } from './series-table.ts';

/** Points of a full block. */
const blockPoints = 1024;
/** With so many points a block stays as it is. */
export const sealedPointsMin = 512;
/** So many blocks of few points of one series are packed into one. */
const openBlocksMax = 8;

/**
 * Turns heads into blocks. A head that is full becomes a sealed block. One that must make room earlier (the
 * journal may not grow) becomes an open block, which a later one takes in. So of one series the open blocks are
 * younger than all sealed ones, and the greater id is always the later write: what decides where blocks overlap.
 */
export class Packing {
  readonly #heads: Heads;
  readonly #blocks: BlockTable;
  /** Series whose head has enough points for a block. */
  readonly #full = new Set<number>();
  /** In the present transaction. */
  #packed: Head[] = [];

  constructor(heads: Heads, blocks: BlockTable) {
    this.#heads = heads;
    this.#blocks = blocks;
  }

  get fullCount(): number {
    return this.#full.size;
  }

  /** To be told of each head that grew. */
  grew(head: Head): void {
    if (head.count === fullAt(head.series)) this.#full.add(head.series);
  }

  packFull(headsMax: number, through: number): void {
    let left = headsMax;
    for (const series of this.#full) {
      if (left === 0) return;
      this.packHead(this.#heads.get(series)!, through);
      left -= 1;
    }
  }

  /** Those whose first point came first, full or not. */
  packOldest(headsMax: number, pointsMax: number, through: number): void {
    let headsLeft = headsMax;
    let pointsLeft = pointsMax;
    for (const head of this.#heads.all()) {
      if (headsLeft <= 0 || pointsLeft <= 0) return;
      this.packHead(head, through);
      headsLeft -= 1;
      pointsLeft -= head.count;
    }
  }

  /** The head, and points that came after it. */
  packHead(head: Head, through: number, later: readonly Points[] = []): void {
    this.packPoints({ id: head.series, tier: head.tier }, [this.#heads.points(head), ...later], through);
    this.#packed.push(head);
  }

  /** The newest points of a series that has no head, in the order they were written. */
  packPoints(series: SeriesRef, parts: readonly Points[], through: number): void {
    const opens = this.#blocks.opens(series.id);
    let count = 0;
    for (const part of parts) count += part.micros.length;
    for (const open of opens) count += open.count;
    if (count < sealedPointsMin && opens.length < openBlocksMax) {
      this.#blocks.add(series, mergePoints(parts), through, true);
      return;
    }
    const all: Points[] = [];
    for (const { id } of opens) {
      const points = this.#blocks.read(id);
      // A damaged one stays where it is, for whoever wants to save what can be saved.
      if (points === undefined) this.#blocks.close(id);
      else {
        all.push(points);
        this.#blocks.remove(id);
      }
    }
    this.#addSealed(series, mergePoints([...all, ...parts]), through);
  }

  /** Forgets heads of the tier without a point from then on. */
  dropBefore(tier: number, beforeMs: number): void {
    for (const head of this.#heads.all())
      if (head.tier === tier && head.newestMs < beforeMs) this.#drop(head);
  }

  committed(): void {
    for (const head of this.#packed) this.#drop(head);
    this.#packed = [];
  }

  rolledBack(): void {
    this.#packed = [];
  }

  #drop(head: Head): void {
    this.#heads.drop(head);
    this.#full.delete(head.series);
  }

  #addSealed(series: SeriesRef, points: Points, through: number): void {
    const count = points.micros.length;
    const blocks = Math.max(1, Math.round(count / blockPoints));
    for (let i = 0; i < blocks; i += 1) {
      const from = Math.floor((i * count) / blocks);
      const to = Math.floor(((i + 1) * count) / blocks);
      this.#blocks.add(series, slicePoints(points, from, to), through, count < sealedPointsMin);
    }
  }
}

/** Not all alike, so that the outlets of a room, which began together, do not fill their blocks together. */
function fullAt(series: number): number {
  return blockPoints - 128 + ((series * 37) % 256);
}
