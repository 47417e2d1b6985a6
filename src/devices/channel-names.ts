import type { Quantity } from '../model/quantity.ts';

/**
 * What is left of a figure's name without the words for what it measures: `Outlet 3 power` and `outlet_3_current`
 * are both channel 3.
 */
export interface ChannelName {
  /** A number or a phase, the device's own: always the label. */
  readonly number: string | undefined;
  /** Other words: the label only where a device has several of a kind. Empty: none. */
  readonly words: string;
  /** Says of itself that it is the device as a whole. */
  readonly whole: boolean;
}

const isPlain = /^[\x20-\x7e]*$/;
const textLengthMax = 160;
const labelLengthMax = 40;

/** The same, worked out when it is asked for: of many figures it never is. */
export class LateChannelName implements ChannelName {
  readonly #text: string;
  readonly #quantity: Quantity | 'on';
  readonly #known: readonly (readonly string[])[];
  #found: ChannelName | undefined;

  constructor(text: string, quantity: Quantity | 'on', known: readonly (readonly string[])[]) {
    this.#text = text;
    this.#quantity = quantity;
    this.#known = known;
  }

  get number(): string | undefined {
    return this.#name.number;
  }

  get words(): string {
    return this.#name.words;
  }

  get whole(): boolean {
    return this.#name.whole;
  }

  get #name(): ChannelName {
    this.#found ??= channelName(this.#text, this.#quantity, this.#known);
    return this.#found;
  }
}

/** Lower-case words, numbers apart where a capital or a mark divides them. */
export function wordsOf(text: string): string[] {
  const start = text.length > textLengthMax ? text.slice(0, textLengthMax) : text;
  // Nearly all names are plain ASCII, for which the short way says the same.
  if (isPlain.test(start))
    return (
      start
        .replace(/([a-z\d])([A-Z])/g, '$1 $2')
        .toLowerCase()
        .match(/[a-z\d%]+/g) ?? []
    );
  return start
    .replace(/(\p{Ll}|\d)(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}%]+/u)
    .filter((word) => word !== '');
}

/** `known`: words of the device's own name or id, which stand before many names of its figures. */
export function channelName(
  text: string,
  quantity: Quantity | 'on',
  known: readonly (readonly string[])[],
): ChannelName {
  const all = withoutStart(wordsOf(text), known);
  const isEnergy = quantity === 'wattHoursTotal' || quantity === 'wattHoursReturnedTotal';
  const measuring = quantity === 'on' ? switchWords : figureWords;
  const rest = all.filter(
    (word, index) => !(measuring.has(word) || (isEnergy && energyWords.has(word))) || isNumbered(all, index),
  );
  const bare = rest.length === all.length ? withoutLetter(rest, quantity) : withoutUnit(rest);
  const number = numberOf(bare);
  const whole = bare.length === 1 && wholeWords.has(bare[0] as string);
  const words = number !== undefined || whole ? '' : bare.join('_').slice(0, labelLengthMax);
  return { number, words, whole };
}

const figureWords: ReadonlySet<string> = new Set(
  (
    'power active real apparent reactive factor pf voltage volt volts current amp amps ampere amperes amperage energy ' +
    'consumption consumed import imported export exported return returned delivered produced generated production ' +
    'frequency freq watt watts wattage usage draw load now instantaneous instant live counter meter metering sensor value ' +
    'state reading ac rms hz hertz kwh wh kw mw va kva var kvar ma mv cosphi measured electric electrical electricity hours ' +
    'absolute leistung wirkleistung scheinleistung blindleistung ladeleistung momentanleistung leistungsfaktor spannung ' +
    'strom stromstärke frequenz energie zählerstand zaehlerstand verbrauch stromverbrauch aktuell aktuelle aktueller ' +
    'momentan momentane absolut puissance tension courant intensité fréquence énergie consommation vermogen spanning ' +
    'stroom frequentie verbruik energieverbruik huidig potencia tensión voltaje corriente frecuencia energía consumo ' +
    'potenza tensione corrente frequenza'
  ).split(' '),
);
const energyWords: ReadonlySet<string> = new Set(['total', 'sum', 'lifetime', 'cumulative', 'overall']);
const wholeWords: ReadonlySet<string> = new Set([
  'total',
  'sum',
  'overall',
  'all',
  'device',
  'pdu',
  'unit',
  'main',
  'mains',
  'gesamt',
  'summe',
  'totaal',
  'totale',
]);
const switchWords: ReadonlySet<string> = new Set(
  'switch relay state status outlet socket plug power on off control channel output'.split(' '),
);
const numberedWords: ReadonlySet<string> = new Set(
  (
    'outlet socket port channel ch chan plug relay switch output out o receptacle meter emeter em load line slot s ' +
    'prise steckdose ausgang kanal'
  ).split(' '),
);

/** The device's own words at the beginning, when something is left without them. */
function withoutStart(words: readonly string[], known: readonly (readonly string[])[]): readonly string[] {
  for (const start of known) {
    if (
      start.length > 0 &&
      start.length <= words.length &&
      start.every((word, index) => words[index] === word)
    )
      return withoutStart(
        words.slice(start.length),
        known.filter((other) => other !== start),
      );
  }
  return words;
}

/** A word for a channel before its number stays, `load 2`, `switch 1`. */
function isNumbered(words: readonly string[], index: number): boolean {
  return numberedWords.has(words[index] as string) && /^[a-z]?\d{1,3}$/.test(words[index + 1] ?? '');
}

/** `power_w`, `current_a` once `power` and `current` are gone. A lone letter `a` to `c` is a phase. */
function withoutUnit(words: readonly string[]): readonly string[] {
  return words.length > 1 && /^[wv]$/.test(words.at(-1) as string) ? words.slice(0, -1) : words;
}

const letters: Readonly<Record<Quantity | 'on', string>> = {
  watts: 'pw',
  volts: 'vu',
  amps: 'aci',
  voltAmps: 's',
  voltAmpsReactive: 'q',
  powerFactor: 'f',
  hertz: 'fh',
  wattHoursTotal: 'e',
  wattHoursReturnedTotal: 'r',
  on: 's',
};

/** `o1p`: a letter says what it is. */
function withoutLetter(words: readonly string[], quantity: Quantity | 'on'): readonly string[] {
  const last = words.at(-1) ?? '';
  const letter = last.at(-1) ?? '';
  if (!letters[quantity].includes(letter) || letter === '') return words;
  if (/\d[a-z]$/.test(last)) return [...words.slice(0, -1), last.slice(0, -1)];
  return last.length === 1 ? words.slice(0, -1) : words;
}

/** `outlet 3`, `outlet3`, `l1`, `phase a`, `a2`, `3` → its label; undefined: no number. */
function numberOf(words: readonly string[]): string | undefined {
  const at = words.findIndex((word) => numberedWords.has(word));
  const next = at < 0 ? undefined : words[at + 1];
  if (next !== undefined && /^[a-z]?\d{1,3}$/.test(next)) return next.toUpperCase();
  for (const word of words) {
    const joined = /^([a-z]+?)_?(\d{1,3})$/.exec(word);
    if (joined !== null && numberedWords.has(joined[1] as string)) return joined[2];
    if (/^l[1-9]\d?$/.test(word)) return word.toUpperCase();
  }
  if (words.length === 2 && words[0] === 'phase')
    return /^\d$/.test(words[1] as string) ? `L${words[1]}` : words[1];
  if (words.length !== 1) return undefined;
  const [only = ''] = words;
  if (/^[abc]$/.test(only)) return only;
  return /^[a-z]?\d{1,3}$/.test(only) ? only.toUpperCase() : undefined;
}
