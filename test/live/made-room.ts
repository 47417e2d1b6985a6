import type { Figure } from '../../src/model/figure.ts';
import type { RoomView } from '../../src/model/room-view.ts';

/** A room whose figures are set by the test. */
export class MadeRoom implements RoomView {
  version = 0;
  readonly #scopes: string[] = [];
  readonly #indexes = new Map<string, number>();
  readonly #figures: Figure[] = [];
  readonly #versions: number[] = [];

  get scopeCount(): number {
    return this.#scopes.length;
  }

  scopeAt(index: number): string {
    return this.#scopes[index]!;
  }

  indexOf(scope: string): number {
    return this.#indexes.get(scope) ?? -1;
  }

  figureAt(index: number): Figure {
    return { ...this.#figures[index]! };
  }

  versionAt(index: number): number {
    return this.#versions[index]!;
  }

  /** The whole figure: what is not given is not known. */
  set(scope: string, figure: Partial<Figure>): void {
    let index = this.indexOf(scope);
    if (index < 0) {
      index = this.#scopes.push(scope) - 1;
      this.#indexes.set(scope, index);
    }
    this.version += 1;
    this.#versions[index] = this.version;
    this.#figures[index] = { state: 'unknown', stale: true, basis: 'unknown', ...figure };
  }

  /** Only what is given; `undefined`: no longer known. */
  change(scope: string, change: { [K in keyof Figure]?: Figure[K] | undefined }): void {
    const index = this.indexOf(scope);
    const figure: Record<string, unknown> = { ...(index < 0 ? {} : this.#figures[index]), ...change };
    for (const key of Object.keys(figure)) if (figure[key] === undefined) delete figure[key];
    this.set(scope, figure);
  }

  /** Every figure of the scopes that `wanted` says yes to. */
  figures(wanted: (scope: string) => boolean = () => true): Record<string, Figure> {
    return Object.fromEntries(
      this.#scopes.flatMap((scope, index) => (wanted(scope) ? [[scope, this.figureAt(index)]] : [])),
    );
  }
}

/** A server that draws so much, measured at `atMs`. */
export function drawing(watts: number, atMs = 1_768_478_400_000): Figure {
  return { watts, volts: 230.1, state: 'active', stale: false, basis: 'measured', atMs };
}
