import { type Basis, type Figure, figureKeys, type PowerState } from '../model/figure.ts';
import type { RoomView } from '../model/room-view.ts';

/** What a frame brought: for each position the fields that changed, one bit each in the order of `figureKeys`. */
export interface Changes {
  readonly positions: readonly number[];
  readonly masks: readonly number[];
}

/**
 * The figures of one subscription as they were last looked at, packed into numbers, and which of their fields
 * the subscribers have not been told yet. A scope's place in here is its position; positions only grow.
 */
export class WatchedFigures {
  readonly #room: RoomView;
  readonly #keys: ScopeKeys;
  readonly #names: ReadonlySet<string>;
  readonly #prefixes: readonly string[];
  /** Position → index in the room. */
  readonly #indexes: number[] = [];
  /** Position × field; NaN: not known. */
  #values = new Float64Array(0);
  /** Position → fields not told yet. */
  #untold = new Uint16Array(0);
  /** Positions with anything untold. */
  #changed: number[] = [];
  #scopesSeen = 0;
  #version = Number.NEGATIVE_INFINITY;

  constructor(room: RoomView, keys: ScopeKeys, patterns: readonly string[]) {
    this.#room = room;
    this.#keys = keys;
    this.#names = new Set(patterns.filter((pattern) => !isWildcard(pattern)));
    this.#prefixes = patterns.filter(isWildcard).map((pattern) => pattern.slice(0, -1));
    if (this.#prefixes.length === 0) this.#findByName();
  }

  /** Scopes watched. */
  get count(): number {
    return this.#indexes.length;
  }

  matches(scope: string): boolean {
    return this.#names.has(scope) || this.#prefixes.some((prefix) => scope.startsWith(prefix));
  }

  /** Takes over what changed in the room since the last look; it stays untold until `tell`. */
  look(): void {
    if (this.#room.version === this.#version && this.#room.scopeCount === this.#scopesSeen) return;
    const version = this.#room.version;
    const before = this.#indexes.length;
    this.#findNew();
    for (let position = 0; position < this.#indexes.length; position++) {
      const index = this.#indexes[position]!;
      if (position >= before || this.#room.versionAt(index) > this.#version) this.#takeOver(position, index);
    }
    this.#version = version;
  }

  get hasUntold(): boolean {
    return this.#changed.length > 0;
  }

  /** What is untold becomes told. */
  tell(): Changes {
    const positions = this.#changed;
    const masks = positions.map((position) => this.#untold[position]!);
    for (const position of positions) this.#untold[position] = 0;
    this.#changed = [];
    return { positions, masks };
  }

  /** `{scope:{only what changed}}` as JSON, with the values as last looked at. */
  changesText({ positions, masks }: Changes): string {
    let text = '';
    for (let i = 0; i < positions.length; i++) {
      const position = positions[i]!;
      text += `${text === '' ? '' : ','}${this.#key(position)}{${this.#fieldsText(position, masks[i]!)}}`;
    }
    return `{${text}}`;
  }

  /** `{scope:figure}` as JSON: everything watched that is known, as last looked at. */
  allText(): string {
    let text = '';
    for (let position = 0; position < this.#indexes.length; position++) {
      text += `${text === '' ? '' : ','}${this.#key(position)}{${this.#fieldsText(position, this.#knownFields(position))}}`;
    }
    return `{${text}}`;
  }

  #findByName(): void {
    for (const name of this.#names) {
      const index = this.#room.indexOf(name);
      if (index >= 0) this.#add(index);
    }
    this.#scopesSeen = this.#room.scopeCount;
  }

  #findNew(): void {
    for (; this.#scopesSeen < this.#room.scopeCount; this.#scopesSeen++) {
      if (this.matches(this.#room.scopeAt(this.#scopesSeen))) this.#add(this.#scopesSeen);
    }
  }

  #add(index: number): void {
    const position = this.#indexes.push(index) - 1;
    if (position < this.#untold.length) return;
    const capacity = Math.max(16, position * 2);
    const values = new Float64Array(capacity * figureKeys.length).fill(Number.NaN);
    values.set(this.#values);
    const untold = new Uint16Array(capacity);
    untold.set(this.#untold);
    this.#values = values;
    this.#untold = untold;
  }

  #takeOver(position: number, index: number): void {
    const figure = this.#room.figureAt(index);
    const start = position * figureKeys.length;
    let mask = 0;
    for (let field = 0; field < figureKeys.length; field++) {
      const value = packed(figure, field);
      if (Object.is(value, this.#values[start + field])) continue;
      this.#values[start + field] = value;
      mask |= 1 << field;
    }
    if (mask === 0) return;
    if (this.#untold[position] === 0) this.#changed.push(position);
    this.#untold[position]! |= mask;
  }

  #key(position: number): string {
    return this.#keys.of(this.#indexes[position]!);
  }

  #knownFields(position: number): number {
    let mask = 0;
    const start = position * figureKeys.length;
    for (let field = 0; field < figureKeys.length; field++) {
      if (!Number.isNaN(this.#values[start + field])) mask |= 1 << field;
    }
    return mask;
  }

  #fieldsText(position: number, mask: number): string {
    let text = '';
    const start = position * figureKeys.length;
    for (let field = 0; field < figureKeys.length; field++) {
      if ((mask & (1 << field)) === 0) continue;
      text += `${text === '' ? '' : ','}${fieldLabels[field]}${unpackedText(field, this.#values[start + field]!)}`;
    }
    return text;
  }
}

/** `"server:hv-01":` for each scope of the room, made once for all channels. */
export class ScopeKeys {
  readonly #room: RoomView;
  readonly #keys: string[] = [];

  constructor(room: RoomView) {
    this.#room = room;
  }

  of(index: number): string {
    while (this.#keys.length <= index)
      this.#keys.push(`${JSON.stringify(this.#room.scopeAt(this.#keys.length))}:`);
    return this.#keys[index]!;
  }
}

const fieldLabels = figureKeys.map((key) => `"${key}":`);

const stateCodes: Record<PowerState, number> = {
  off: 0,
  standby: 1,
  starting: 2,
  idle: 3,
  active: 4,
  unknown: 5,
};
const basisCodes: Record<Basis, number> = { measured: 0, partial: 1, estimated: 2, unknown: 3 };
const stateTexts = Object.keys(stateCodes).map((state) => `"${state}"`);
const basisTexts = Object.keys(basisCodes).map((basis) => `"${basis}"`);

/** One field of a figure as a number that is equal when the text sent would be; NaN: not known. */
function packed(figure: Figure, field: number): number {
  const key = figureKeys[field]!;
  switch (key) {
    case 'state':
      return stateCodes[figure.state];
    case 'basis':
      return basisCodes[figure.basis];
    case 'stale':
      return figure.stale ? 1 : 0;
    case 'atMs':
      return trimmed(figure.atMs, 1);
    case 'todayWattHours':
      return trimmed(figure.todayWattHours, 100);
    default:
      return trimmed(figure[key], 1000);
  }
}

function unpackedText(field: number, value: number): string {
  if (Number.isNaN(value)) return 'null';
  switch (figureKeys[field]) {
    case 'state':
      return stateTexts[value]!;
    case 'basis':
      return basisTexts[value]!;
    case 'stale':
      return value === 1 ? 'true' : 'false';
    default:
      return `${value}`;
  }
}

/** Beyond this, rounding to thousandths would itself lose digits. */
const trimMax = 1e12;

/** Rounded to 1/`parts`: sums of floats end in noise that would cost a change and 15 digits each time. */
function trimmed(value: number | undefined, parts: number): number {
  if (value === undefined || !Number.isFinite(value)) return Number.NaN;
  // + 0 makes −0 a 0, which is the same text.
  return Math.abs(value) < trimMax || parts === 1 ? Math.round(value * parts) / parts + 0 : value;
}

function isWildcard(pattern: string): boolean {
  return pattern === '*' || pattern.endsWith(':*');
}
