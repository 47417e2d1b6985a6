import type { Quantity } from '../model/quantity.ts';
import { soleLabel, totalLabel } from '../model/reading.ts';
import { type ChannelName, LateChannelName, wordsOf } from './channel-names.ts';
import { type Ceilings, feedCeilings, outletCeilings } from './fields.ts';
import { meaningOf } from './figure-meaning.ts';
import type { AnnouncedAvailability, AnnouncedDevice, AnnouncedEntity } from './ha-announcement.ts';
import { readTemplate, type Template, wholePayload } from './template.ts';

/** One entity as it is read. */
export interface HaFigure {
  readonly entity: AnnouncedEntity;
  readonly quantity: Quantity | 'on';
  readonly scale: number;
  readonly unitGuessed: boolean;
  /** Undefined: beyond our grammar, not read. */
  readonly template: Template | undefined;
  /** Its channel by its name, by its id, by where its value stands. */
  readonly channels: readonly ChannelName[];
}

/** Where a figure goes. */
export interface HaPlace {
  readonly outlet: string;
  readonly figure: HaFigure;
  readonly ceilings: Ceilings;
}

/** What the figures of one entity measure; a text: why it is not read; undefined: nothing of ours. */
export function figureOf(entity: AnnouncedEntity): HaFigure | 'unit-unknown' | undefined {
  const id = entity.uniqueId ?? entity.id;
  const words = [...wordsOf(entity.name ?? ''), ...wordsOf(entity.uniqueId ?? ''), ...wordsOf(entity.id)];
  const meaning =
    entity.component === 'sensor'
      ? meaningOf(entity.unit, entity.deviceClass, words)
      : isRelay(entity)
        ? ({ quantity: 'on', scale: 1, unitGuessed: false } as const)
        : undefined;
  if (meaning === undefined || meaning === 'unit-unknown') return meaning;
  const template = entity.template === undefined ? wholePayload : readTemplate(entity.template);
  const place = Array.isArray(template?.source) ? template.source.join(' ') : entity.stateTopic;
  const { words: known } = entity.device;
  const channels = [entity.name ?? id, id, entity.id, place].map(
    (text) => new LateChannelName(text, meaning.quantity, known),
  );
  return { entity, ...meaning, template, channels };
}

function isRelay({ component, deviceClass }: AnnouncedEntity): boolean {
  return component === 'switch' || (deviceClass !== undefined && /^(power|plug|outlet)$/.test(deviceClass));
}

const entitiesMax = 2_048;
/** What makes a device a meter: many report only the voltage of their battery. */
const metering: ReadonlySet<string> = new Set(['watts', 'amps', 'voltAmps', 'wattHoursTotal']);

/** One device as it announced itself, in one message or in many. */
export class HaDevice {
  readonly device: string;
  announced: AnnouncedDevice;
  /** No other family reads all its topics: it is shown as ours. */
  isOurs = false;
  described = '';
  /** When a live figure was last heard, epoch ms; NaN: never. */
  heardAtMs = Number.NaN;
  expired = false;
  online: boolean | undefined = undefined;
  readonly #figures = new Map<string, HaFigure>();
  /** How many figures use a topic, and how many of them are read there. */
  readonly #uses = new Map<string, { figures: number; states: number }>();
  readonly #told = new Map<string, boolean>();
  /** Figures that make it a meter. */
  #metering = 0;
  /** Null: to be worked out anew. */
  #expireAfterMs: number | undefined | null = null;
  #places: ReadonlyMap<string, readonly HaPlace[]> | undefined;
  #outletNames: Readonly<Record<string, string>> = {};
  #toldNames = '{}';

  constructor(device: string, announced: AnnouncedDevice) {
    this.device = device;
    this.announced = announced;
  }

  get size(): number {
    return this.#figures.size;
  }

  /** Speaks for all where they can but say the same. */
  get first(): HaFigure | undefined {
    return this.#figures.values().next().value;
  }

  get isMeter(): boolean {
    return this.#metering > 0;
  }

  entries(): Iterable<readonly [key: string, figure: HaFigure]> {
    return this.#figures;
  }

  topicsOf(key: string): string[] {
    const figure = this.#figures.get(key);
    return figure === undefined ? [] : topicsOf(figure);
  }

  uses(topic: string): boolean {
    return this.#uses.has(topic);
  }

  figures(): HaFigure[] {
    return [...this.#figures.values()];
  }

  /** False: there is no room. */
  put(key: string, figure: HaFigure): boolean {
    const before = this.#figures.get(key);
    if (before === undefined && this.#figures.size >= entitiesMax) return false;
    if (before !== undefined) this.#count(before, -1);
    this.#figures.set(key, figure);
    this.#count(figure, 1);
    this.announced = figure.entity.device;
    return true;
  }

  remove(key: string): void {
    const figure = this.#figures.get(key);
    if (figure === undefined) return;
    this.#figures.delete(key);
    this.#count(figure, -1);
  }

  #count(figure: HaFigure, change: 1 | -1): void {
    this.#places = undefined;
    this.#expireAfterMs = null;
    if (isMetering(figure)) this.#metering += change;
    this.#countUse(figure.entity.stateTopic, change, change);
    for (const { topic } of figure.entity.availability) this.#countUse(topic, change, 0);
  }

  #countUse(topic: string, figures: number, states: number): void {
    const use = this.#uses.get(topic) ?? { figures: 0, states: 0 };
    use.figures += figures;
    use.states += states;
    if (use.figures > 0) this.#uses.set(topic, use);
    else this.#uses.delete(topic);
  }

  /** What is read from a topic, and where it goes. */
  placesOn(topic: string): readonly HaPlace[] {
    if (!this.isMeter || !this.#uses.get(topic)?.states) return [];
    this.#places ??= this.#placesByTopic();
    return this.#places.get(topic) ?? [];
  }

  /** What its owner calls the outlets, where that is more than their label; undefined: told already. */
  takeOutletNames(): Readonly<Record<string, string>> | undefined {
    const told = JSON.stringify(this.#outletNames);
    if (told === this.#toldNames) return undefined;
    this.#toldNames = told;
    return this.#outletNames;
  }

  #placesByTopic(): ReadonlyMap<string, readonly HaPlace[]> {
    const labelled = labelsOf(this.figures().filter(({ template }) => template !== undefined));
    this.#outletNames = outletNamesOf(labelled, this.announced.name);
    return placesByTopic(this.device, labelled);
  }

  /** The silence after which it is away: when all its live figures name one. */
  get expireAfterMs(): number | undefined {
    if (this.#expireAfterMs === null) this.#expireAfterMs = expireAfterMsOf(this.#figures.values());
    return this.#expireAfterMs;
  }

  /** Takes what an availability topic told. Answers true when the device as a whole has changed. */
  tell(topic: string, online: boolean): boolean {
    const { availability = [], availabilityMode } = this.first?.entity ?? {};
    const now =
      availabilityMode === 'latest' || availability.length < 2
        ? online
        : this.#together(topic, online, availability, availabilityMode);
    if (now === undefined || now === this.online) return false;
    this.online = now;
    return true;
  }

  /** What several topics say taken together; undefined: not all have spoken that must. */
  #together(
    topic: string,
    online: boolean,
    availability: readonly AnnouncedAvailability[],
    mode: 'all' | 'any' | undefined,
  ): boolean | undefined {
    this.#told.set(topic, online);
    const told = availability.flatMap((one) => this.#told.get(one.topic) ?? []);
    const haveAllTold = told.length === availability.length;
    if (mode === 'all') return told.includes(false) ? false : haveAllTold || undefined;
    return told.includes(true) || (haveAllTold ? false : undefined);
  }
}

function isMetering({ quantity, template }: HaFigure): boolean {
  return metering.has(quantity) && template !== undefined;
}

function expireAfterMsOf(figures: Iterable<HaFigure>): number | undefined {
  let longestMs: number | undefined;
  for (const { quantity, entity } of figures) {
    if (quantity === 'on') continue;
    if (entity.expireAfterMs === undefined) return undefined;
    longestMs = Math.max(longestMs ?? 0, entity.expireAfterMs);
  }
  return longestMs;
}

function topicsOf({ entity }: HaFigure): string[] {
  return [entity.stateTopic, ...entity.availability.map(({ topic }) => topic)];
}

function placesByTopic(device: string, labelled: readonly Labelled<HaFigure>[]): Map<string, HaPlace[]> {
  const byTopic = new Map<string, HaPlace[]>();
  for (const { figure, label } of labelled) {
    const isFeed = label === totalLabel || /^(L[123]|[abc])$/.test(label);
    const place = { outlet: `${device}/${label}`, figure, ceilings: isFeed ? feedCeilings : outletCeilings };
    const places = byTopic.get(figure.entity.stateTopic);
    if (places === undefined) byTopic.set(figure.entity.stateTopic, [place]);
    else places.push(place);
  }
  return byTopic;
}

const measure =
  /[\s_-]*(?:(?:total|active|apparent|reactive|current) )?(?:power(?: factor)?|voltage|current|energy|frequency|consumption|leistung|spannung|strom|energie)(?: \([^)]*\))?$/i;

/** `NAS Power`, of the outlet `nas` → `NAS`. */
function outletNamesOf(
  labelled: readonly Labelled<HaFigure>[],
  deviceName: string | undefined,
): Record<string, string> {
  const names = new Map<string, string>();
  for (const { figure, label } of labelled) {
    const found = figure.entity.name?.slice(0, 100);
    const name = found?.replace(measure, '').trim();
    const isMore =
      name !== undefined && name !== found && name !== '' && name !== label && name !== deviceName;
    if (isMore && label !== totalLabel && !names.has(label)) names.set(label, name);
  }
  return Object.fromEntries(names);
}

export interface Labelled<Figure> {
  readonly figure: Figure;
  readonly label: string;
}

/** What labels are made from. */
export interface Nameable {
  readonly quantity: Quantity | 'on';
  readonly channels: readonly ChannelName[];
}

/**
 * Gathers the figures of one channel under one label: by their names, or, where these leave two of a kind in one
 * place, by their ids and so on. What is there twice after all is read once.
 */
export function labelsOf<Figure extends Nameable>(figures: readonly Figure[]): Labelled<Figure>[] {
  const meters = figures.filter(({ quantity }) => quantity !== 'on');
  let best: Labelled<Figure>[] = [];
  const ways = figures[0]?.channels.length ?? 0;
  for (let way = 0; way < ways && best.length < meters.length; way++) {
    const found = unique(labelled(meters, way));
    if (found.length > best.length) best = found;
  }
  best = gathered(best, meters, ways);
  return [...best, ...relaysOf(figures, new Set(best.map(({ label }) => label)))];
}

/** Names such as `W1` and `V1` leave each figure alone: then numbers elsewhere, if all have them, bring them together. */
function gathered<Figure extends Nameable>(
  best: Labelled<Figure>[],
  meters: readonly Figure[],
  ways: number,
): Labelled<Figure>[] {
  const countLabels = (found: readonly Labelled<Figure>[]) => new Set(found.map(({ label }) => label)).size;
  const isScattered = best.length > 2 && countLabels(best) === best.length;
  if (!isScattered || new Set(meters.map(({ quantity }) => quantity)).size < 2) return best;
  for (let way = 1; way < ways; way++) {
    const found = unique(labelled(meters, way));
    const areNumbers = found.every(({ figure }) => figure.channels[way]?.number !== undefined);
    if (areNumbers && found.length === best.length && countLabels(found) < found.length) return found;
  }
  return best;
}

function unique<Figure extends Nameable>(all: readonly Labelled<Figure>[]): Labelled<Figure>[] {
  const taken = new Set<string>();
  return all.filter(({ figure, label }) => {
    const key = `${figure.quantity} ${label}`;
    return !taken.has(key) && taken.add(key);
  });
}

function labelled<Figure extends Nameable>(figures: readonly Figure[], way: number): Labelled<Figure>[] {
  const named = figures.map((figure) => ({ figure, channel: figure.channels[way] as ChannelName }));
  const free = named.filter(({ channel }) => channel.number === undefined && !channel.whole);
  const usesWords = new Set(free.map(({ figure }) => figure.quantity)).size < free.length;
  const label = ({ number, words, whole }: ChannelName) =>
    number ?? (whole ? totalLabel : usesWords && words !== '' ? words : undefined);
  const hasLabels = named.some(({ channel }) => ![undefined, totalLabel].includes(label(channel)));
  const bare = hasLabels ? totalLabel : soleLabel;
  return named.map(({ figure, channel }) => ({ figure, label: label(channel) ?? bare }));
}

/** A relay belongs to the outlet of its name; without one to the only outlet there is. */
function relaysOf<Figure extends Nameable>(
  figures: readonly Figure[],
  labels: ReadonlySet<string>,
): Labelled<Figure>[] {
  const all = figures
    .filter(({ quantity }) => quantity === 'on')
    .flatMap((figure) => {
      const label = relayLabel(figure.channels, labels);
      return label === undefined ? [] : [{ figure, label }];
    });
  return unique(all);
}

function relayLabel(channels: readonly ChannelName[], labels: ReadonlySet<string>): string | undefined {
  for (const { number, words } of channels) {
    const label = number ?? (words === '' ? soleLabel : words);
    if (labels.has(label)) return label;
  }
  return undefined;
}
