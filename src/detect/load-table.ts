import type { Branch } from './branch.ts';
import type { Circuit } from './circuit.ts';
import { binCount } from './idle-histogram.ts';
import { stateColumns } from './load-state.ts';

/** What is kept of one load: about 2 KB, nearly all of it numbers. */
export interface Load {
  readonly scope: number;
  readonly id: string;
  outlets: readonly string[];
  /** Breakers, or devices: who starts on the same one starts together. */
  circuits: readonly Circuit[];
  /** What it takes from each of them. */
  branches: readonly Branch[];
  /** By the place of an outlet. */
  branchOf: readonly Branch[];
  /** An input is silent: its draw is not known. */
  lost: boolean;
  readonly state: Float64Array;
  readonly bins: Float32Array;
}

const loadsPerChunk = 512;

/** The loads by the room's scope number; their state lies in chunks, so that it can be saved as it is. */
export class LoadTable {
  readonly #loads: (Load | undefined)[] = [];
  readonly #byId = new Map<string, Load>();
  #states = new Float64Array(0);
  #bins = new Float32Array(0);
  #inChunk = loadsPerChunk;

  open(scope: number, id: string): Load {
    const known = this.#loads[scope];
    if (known !== undefined) return known;
    if (this.#inChunk === loadsPerChunk) {
      this.#states = new Float64Array(loadsPerChunk * stateColumns);
      this.#bins = new Float32Array(loadsPerChunk * binCount);
      this.#inChunk = 0;
    }
    const load: Load = {
      scope,
      id,
      outlets: [],
      circuits: [],
      branches: [],
      branchOf: [],
      lost: false,
      state: this.#states.subarray(this.#inChunk * stateColumns, (this.#inChunk + 1) * stateColumns),
      bins: this.#bins.subarray(this.#inChunk * binCount, (this.#inChunk + 1) * binCount),
    };
    this.#inChunk += 1;
    while (this.#loads.length < scope) this.#loads.push(undefined);
    this.#loads[scope] = load;
    this.#byId.set(id, load);
    return load;
  }

  get(scope: number): Load | undefined {
    return this.#loads[scope];
  }

  find(id: string): Load | undefined {
    return this.#byId.get(id);
  }

  /** In the order they were opened. */
  all(): IterableIterator<Load> {
    return this.#byId.values();
  }

  get size(): number {
    return this.#byId.size;
  }
}
