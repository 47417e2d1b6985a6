import type { Clock } from '../../../base/clock.ts';
import { startOfLocalDay } from '../../../model/local-day.ts';
import type { RoomView } from '../../../model/room-view.ts';
import type { Place } from '../channel.ts';
import type { AlertBoard } from './alert-board.ts';
import { discoveryOf, isAnnounced } from './discovery.ts';
import type { BrokerLink } from './link.ts';
import type { Topics } from './topics.ts';

export interface FiguresOptions {
  readonly room: RoomView;
  readonly topics: Topics;
  readonly board: AlertBoard;
  readonly place: Place;
  readonly link: BrokerLink;
  readonly clock: Clock;
  readonly everyMs: number;
}

/** Scopes told of; those that come later are left out, and counted. */
export const scopesMax = 2_000;
/** Of one round, so that a broker is not flooded when everything is new to it. */
const announcementsPerRoundMax = 200;

interface ToldScope {
  readonly index: number;
  readonly scope: string;
  announced: boolean;
  version: number;
  payload: string;
}

/** Tells the broker, every so often, of the figures that have changed, and announces their devices before. */
export class FigurePublisher {
  readonly #options: FiguresOptions;
  readonly #told: ToldScope[] = [];
  #seen = 0;
  #leftOut = 0;
  #version = -1;
  #stop: (() => void) | undefined;

  constructor(options: FiguresOptions) {
    this.#options = options;
  }

  /** Scopes beyond the limit. */
  get leftOut(): number {
    return this.#leftOut;
  }

  knows(scope: string): boolean {
    return this.#told.some((told) => told.scope === scope);
  }

  start(): void {
    this.#stop = this.#options.clock.every(this.#options.everyMs, () => this.publish());
  }

  stop(): void {
    this.#stop?.();
  }

  /** The broker may know nothing any more. */
  forget(): void {
    this.#version = -1;
    for (const told of this.#told) Object.assign(told, { announced: false, version: -1, payload: '' });
  }

  publish(): void {
    const { room, link, topics } = this.#options;
    if (!link.isDrained) return;
    this.#meetNewScopes();
    if (room.version === this.#version) return;
    const version = room.version;
    let announcements = announcementsPerRoundMax;
    for (const told of this.#told) {
      if (!told.announced) {
        if (announcements === 0) continue;
        announcements -= 1;
        this.#announce(told);
      }
      if (told.version === room.versionAt(told.index)) continue;
      told.version = room.versionAt(told.index);
      const payload = this.#payloadOf(told.index);
      if (payload === told.payload) continue;
      told.payload = payload;
      link.put(topics.figure(told.scope), payload);
    }
    this.#version = announcements === 0 ? -1 : version;
  }

  #meetNewScopes(): void {
    const { room } = this.#options;
    for (; this.#seen < room.scopeCount; this.#seen++) {
      const scope = room.scopeAt(this.#seen);
      if (!isAnnounced(scope)) continue;
      if (this.#told.length >= scopesMax) this.#leftOut += 1;
      else this.#told.push({ index: this.#seen, scope, announced: false, version: -1, payload: '' });
    }
  }

  #announce(told: ToldScope): void {
    const { topics, place, link, board } = this.#options;
    told.announced = true;
    link.put(topics.discovery(told.scope), JSON.stringify(discoveryOf(told.scope, topics, place)));
    const problem = board.problem(told.scope);
    link.put(problem.topic, problem.payload);
  }

  /** A figure that is not known, or is stale, is `null`: unknown, not 0. */
  #payloadOf(index: number): string {
    const { room, clock, place } = this.#options;
    const { watts, idleWatts, todayWattHours, state, stale } = room.figureAt(index);
    return JSON.stringify({
      watts: stale ? null : rounded(watts, 10),
      idleWatts: rounded(idleWatts, 10),
      todayWattHours: rounded(todayWattHours, 1),
      todaySince: new Date(startOfLocalDay(clock.nowMs(), place.timezone)).toISOString(),
      state: stale ? 'unknown' : state,
    });
  }
}

/** Digits below what anybody looks at would make every figure a new one. */
function rounded(value: number | undefined, steps: number): number | null {
  return value === undefined ? null : Math.round(value * steps) / steps;
}
