import type { Frame, Snapshot } from '../live/protocol.ts';
import { type Figure, figureKeys } from '../model/figure.ts';

type MutableFigure = { -readonly [K in keyof Figure]: Figure[K] };

/** The latest figure of every scope that was sent. */
export class FigureTable {
  #figures = new Map<string, MutableFigure>();
  #scopesVersion = 0;

  /** Grows whenever a scope appears or goes. */
  get scopesVersion(): number {
    return this.#scopesVersion;
  }

  get(scope: string): Figure | undefined {
    return this.#figures.get(scope);
  }

  scopes(): IterableIterator<string> {
    return this.#figures.keys();
  }

  /** Everything is as the snapshot says; a scope it does not name is gone. */
  applySnapshot(message: Snapshot): void {
    const before = this.#figures;
    this.#figures = new Map();
    let known = 0;
    for (const [scope, figure] of Object.entries(message.figures)) {
      this.#merge(scope, figure);
      if (before.has(scope)) known += 1;
    }
    if (known !== before.size || known !== this.#figures.size) this.#scopesVersion += 1;
  }

  /** What the frame names changes, the rest stays; `null`: no longer known. */
  applyFrame(message: Frame): void {
    for (const [scope, change] of Object.entries(message.figures)) {
      if (!this.#figures.has(scope)) this.#scopesVersion += 1;
      this.#merge(scope, change);
    }
  }

  #merge(scope: string, change: Frame['figures'][string]): void {
    let figure = this.#figures.get(scope);
    if (!figure) {
      figure = { state: 'unknown', stale: true, basis: 'unknown' };
      this.#figures.set(scope, figure);
    }
    for (const key of figureKeys) assign(figure, key, change[key]);
  }
}

function assign<K extends keyof Figure>(
  figure: MutableFigure,
  key: K,
  value: Figure[K] | null | undefined,
): void {
  if (value === undefined) return;
  if (value !== null) figure[key] = value as MutableFigure[K];
  else if (key === 'state') figure.state = 'unknown';
  else if (key === 'basis') figure.basis = 'unknown';
  else if (key === 'stale') figure.stale = true;
  else delete figure[key];
}
