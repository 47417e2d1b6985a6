import type { CircuitState } from './circuit.ts';
import type { SavedGroup } from './group-starts.ts';
import { binCount } from './idle-histogram.ts';
import { lastMs, stateColumns } from './load-state.ts';
import type { Load } from './load-table.ts';
import type { OpenStart, SavedStart } from './open-start.ts';
import { thinnedStart } from './thinned-start.ts';

/**
 * The detectors' state as bytes: the length of a JSON head (u32), the head, and after it each load's numbers as they
 * lie in memory (little-endian, as on every machine that runs Node).
 *
 * New columns are appended, and 0 in them is "not yet": what a build with fewer of them saved is taken up. To be raised
 * when a column, a bin or a field of the head comes to mean something else, moves or goes: then all is learnt anew.
 */
const version = 2;
/** What is known of a load that does not come back is kept for so long after its last reading. */
const absentMsMax = 30 * 24 * 3_600_000;
/** Of more starts the traces are thinned: 20,000 of them are to fit into one text (V8 takes 2^29 characters). */
const wholeStartsMax = 500;

interface Head {
  readonly version: number;
  readonly stateColumns: number;
  readonly binCount: number;
  readonly ids: readonly string[];
  readonly starts: Readonly<Record<string, SavedStart>>;
  readonly circuits: readonly CircuitState[];
  /** Absent in checkpoints of builds that told of no simultaneous starts. */
  readonly groups?: readonly SavedGroup[];
}

export interface SavedLoad {
  readonly state: Float64Array;
  readonly bins: Float32Array;
  readonly start: SavedStart | undefined;
}

/** What a checkpoint knows of loads; each can be taken once. */
export class Saved {
  readonly circuits: readonly CircuitState[];
  readonly groups: readonly SavedGroup[];
  readonly #loads: Map<string, SavedLoad>;

  constructor({ circuits, groups = [] }: Pick<Head, 'circuits' | 'groups'>, loads: Map<string, SavedLoad>) {
    this.circuits = circuits;
    this.groups = groups;
    this.#loads = loads;
  }

  take(id: string): SavedLoad | undefined {
    const load = this.#loads.get(id);
    this.#loads.delete(id);
    return load;
  }

  /** Those nobody has asked for yet. */
  get rest(): ReadonlyMap<string, SavedLoad> {
    return this.#loads;
  }
}

export interface WhatToSave {
  readonly nowMs: number;
  readonly loads: readonly Load[];
  readonly startOf: (load: Load) => Pick<OpenStart, 'saved'> | undefined;
  readonly circuits: readonly CircuitState[];
  readonly groups: readonly SavedGroup[];
  /** Loads of the last checkpoint that have not come back: kept for a while. */
  readonly notYet: Saved | undefined;
}

export function* writeSaved(what: WhatToSave): Iterable<Uint8Array> {
  const { nowMs, loads, startOf, circuits, groups, notYet } = what;
  const rest = [...(notYet?.rest ?? [])].filter(([, { state }]) => nowMs - state[lastMs]! <= absentMsMax);
  const ids = [...loads.map(({ id }) => id), ...rest.map(([id]) => id)];
  const starts = startsOf(loads, startOf, rest);
  const head: Head = { version, stateColumns, binCount, ids, starts, circuits, groups };
  const text = new TextEncoder().encode(JSON.stringify(head));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, text.length, true);
  yield length;
  yield text;
  for (const { state, bins } of [...loads, ...rest.map(([, load]) => load)]) {
    yield bytesOf(state);
    yield bytesOf(bins);
  }
}

/** One after the other, so that of many only the thinned ones are there at the same time. */
function startsOf(
  loads: readonly Load[],
  startOf: WhatToSave['startOf'],
  rest: readonly (readonly [string, SavedLoad])[],
): Record<string, SavedStart> {
  const open = loads.flatMap((load) => {
    const start = startOf(load);
    return start === undefined ? [] : [{ id: load.id, saved: () => start.saved() }];
  });
  for (const [id, { start }] of rest) if (start !== undefined) open.push({ id, saved: () => start });
  const isMany = open.length > wholeStartsMax;
  return Object.fromEntries(open.map(({ id, saved }) => [id, isMany ? thinnedStart(saved()) : saved()]));
}

/** Throws when the bytes are of another version, or of a shape that this one never had. */
export function readSaved(bytes: Uint8Array): Saved {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length))) as Head;
  const columns = head.stateColumns;
  const isKnown = Number.isInteger(columns) && columns > 0 && columns <= stateColumns;
  if (head.version !== version || !isKnown || head.binCount !== binCount)
    throw new Error(`saved by another version of the detectors (${head.version})`);
  const loadBytes = columns * 8 + binCount * 4;
  if (bytes.length !== 4 + length + head.ids.length * loadBytes) throw new Error('saved state is cut off');
  const loads = new Map<string, SavedLoad>();
  for (const [index, id] of head.ids.entries()) {
    const from = 4 + length + index * loadBytes;
    // Copied, since it does not begin on a multiple of eight; not by slice, which of a Buffer copies nothing.
    const own = Uint8Array.from(bytes.subarray(from, from + loadBytes));
    const state = new Float64Array(stateColumns);
    state.set(new Float64Array(own.buffer, 0, columns));
    loads.set(id, {
      state,
      bins: new Float32Array(own.buffer, columns * 8, binCount),
      start: Object.hasOwn(head.starts, id) ? head.starts[id] : undefined,
    });
  }
  return new Saved(head, loads);
}

function bytesOf(numbers: Float64Array | Float32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}
