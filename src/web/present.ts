import { computed, type ReadonlySignal, signal } from '@preact/signals';
import type { DevicesAnswer, IdleAnswer, ReadyAnswer, SilencesAnswer, TreeAnswer } from '../api/shapes.ts';
import { livePath, subprotocol } from '../live/protocol.ts';
import type { PowerEvent } from '../model/event.ts';
import type { Figure } from '../model/figure.ts';
import { AlertLog } from './alert-log.ts';
import { type Answer, apiPath, Polled } from './answers.ts';
import { FigureTable } from './figures.ts';
import { Format } from './format.ts';
import { type LinkState, LiveLink } from './live.ts';
import { freshWatts, LiveSeries } from './live-series.ts';
import { makeRoster, type RosterRow } from './roster.ts';
import { Session } from './session.ts';
import { StartLog } from './start-log.ts';
import { StartTraces } from './start-traces.ts';
import { isGroupStart } from './start-words.ts';
import { TraceHistory } from './trace-history.ts';
import { Traces } from './traces.ts';

const frameIntervalMs = 1_000;
/** A little more than frames are apart, so that while they come they alone set the pace. */
const beatMsMax = 1_050;
const tracedServersMax = 5_000;
const treeEveryMs = 60_000;
const treeEveryMsMin = 5_000;
const devicesEveryMs = 30_000;
const readyEveryMs = 10_000;
const idleEveryMs = 60_000;
const silencesEveryMs = 30_000;
/** Servers of which the live course is kept after one has looked at them. */
const liveSeriesMax = 8;
/**
 * Of devices nothing but what several of their loads did at once. Outlets are asked for only while a server is
 * unfolded: they are most of a room's scopes.
 */
const lastingScopes = ['room', 'feed:*', 'breaker:*', 'rack:*', 'server:*', 'device:*'];

/**
 * The room as this page knows it at present: what the stream and the API said, and when. Messages are taken in
 * as they come; whoever draws follows `beat`, which changes at most once per animation frame and not at all while
 * the page is hidden. What is asked of it while drawing (`figure`, `trace`, `nowMs`, `ageMs`) follows by itself.
 */
export class Present {
  readonly roomSeries = new LiveSeries('room');
  readonly starts = new StartLog();
  readonly startTraces = new StartTraces();
  readonly alerts = new AlertLog();
  readonly session = new Session();

  readonly tree = new Polled<TreeAnswer>(apiPath('tree'), treeEveryMs);
  readonly devices = new Polled<DevicesAnswer>(apiPath('devices'), devicesEveryMs);
  readonly ready = new Polled<ReadyAnswer>('readyz', readyEveryMs, [503]);
  readonly idle = new Polled<IdleAnswer>(apiPath('idle'), idleEveryMs);
  readonly silences = new Polled<SilencesAnswer>(apiPath('silences'), silencesEveryMs);

  readonly #figures = new FigureTable();
  readonly #traces = new Traces(tracedServersMax);
  readonly #traceHistory = new TraceHistory(this.#traces, () => this.nowMs());
  readonly #link = signal<LinkState>({ phase: 'connecting' });
  readonly #beat = signal(0);
  readonly #arrivals = signal(0);
  readonly #scopesVersion = signal(0);
  readonly #liveLink: LiveLink;
  readonly #serverSeries = new Map<string, LiveSeries>();
  readonly #listeners = new Set<(event: PowerEvent) => void>();
  #heardAtMs: number | undefined;
  #serverAheadMs = 0;
  #frameRequested = false;
  #nextBeat = 0;
  #treeAskedAtMs = 0;

  readonly format: ReadonlySignal<Format> = computed(
    () => new Format(undefined, this.tree.answer.value.value?.timezone ?? browserZone()),
  );

  readonly roster: ReadonlySignal<readonly RosterRow[]> = computed(() => {
    void this.#scopesVersion.value;
    return makeRoster(this.tree.answer.value.value, this.#figures.scopes());
  });

  readonly #returns = computed(() => Math.max(0, this.#arrivals.value - 1));

  readonly #isKnown = computed(() => {
    if (this.session.state.value === 'out' || this.#link.value.phase === 'lost') return true;
    const { value, problem } = this.tree.answer.value;
    return this.#arrivals.value > 0 && (value !== undefined || problem !== undefined);
  });

  readonly #rosterByScope = computed(() => new Map(this.roster.value.map((row) => [row.scope, row])));

  constructor() {
    this.#liveLink = new LiveLink({
      openSocket: () => new WebSocket(liveAddress(), subprotocol),
      clock: {
        nowMs: () => Date.now(),
        after(delayMs, work) {
          const timer = setTimeout(work, delayMs);
          return () => clearTimeout(timer);
        },
      },
      scopes: lastingScopes,
      intervalMs: frameIntervalMs,
      listener: {
        snapshot: (message) => {
          this.#figures.applySnapshot(message);
          this.#took(message.atMs);
          if (this.#link.value.phase !== 'live') this.#arrived();
        },
        frame: (message) => {
          this.#figures.applyFrame(message);
          this.#took(message.atMs);
        },
        event: ({ event }) => this.#happened(event),
        state: (state) => {
          this.#link.value = state;
        },
      },
    });
  }

  /** How the stream stands. */
  get link(): ReadonlySignal<LinkState> {
    return this.#link;
  }

  /** What the room is made of and what it draws was answered, or something stands in the way: worth a first drawing. */
  get isKnown(): ReadonlySignal<boolean> {
    return this.#isKnown;
  }

  /** Changes when there is something to draw: new figures, or a second gone by. */
  get beat(): ReadonlySignal<number> {
    return this.#beat;
  }

  /** Grows each time the stream begins or begins again: what was missed meanwhile is in the history. */
  get arrivals(): ReadonlySignal<number> {
    return this.#arrivals;
  }

  /** Grows each time the stream begins again: what was asked for before may lack something. */
  get returns(): ReadonlySignal<number> {
    return this.#returns;
  }

  /** What is known of a server besides its figures. */
  server(scope: string): RosterRow | undefined {
    return this.#rosterByScope.value.get(scope);
  }

  /** What a server is called; of other scopes what stands after the colon. */
  nameOf(scope: string): string {
    return this.server(scope)?.name ?? scope.slice(scope.indexOf(':') + 1);
  }

  /** The latest figure of a scope. */
  figure(scope: string): Figure | undefined {
    void this.#beat.value;
    return this.#figures.get(scope);
  }

  /** The last ten minutes of a server, and a number that changes when what is before the newest step does; undefined: nothing known. */
  trace(scope: string, into: Float32Array): { values: Float32Array; version: number } | undefined {
    void this.#beat.value;
    const values = this.#traces.read(scope, into);
    return values && { values, version: this.#traces.version };
  }

  /** These servers are looked at: what happened before the page was opened is asked for. */
  tracesInSight(scopes: readonly string[]): void {
    this.#traceHistory.inSight(scopes);
  }

  /** The service's time now, epoch ms; this machine's until the service has spoken. */
  nowMs(): number {
    void this.#beat.value;
    return Date.now() + this.#serverAheadMs;
  }

  /** Service's time of the newest figures; undefined when there never were any. */
  get heardAtMs(): number | undefined {
    return this.#heardAtMs;
  }

  /** How old a figure is, in ms. */
  ageMs(atMs: number | undefined): number | undefined {
    return atMs === undefined ? undefined : Math.max(0, this.nowMs() - atMs);
  }

  /** How old an answer is, as a sentence with a space before it; it holds without being drawn anew. */
  asOf({ atMs }: Answer<unknown>): string {
    if (atMs === undefined) return '';
    return ` As of ${this.format.value.timeWithSeconds(atMs + this.#serverAheadMs)}.`;
  }

  /** What happens in the room, as it is told, until called off. */
  onEvent(listener: (event: PowerEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The live course of a server, from the first time it was asked for. */
  liveSeries(scope: string): LiveSeries {
    const known = this.#serverSeries.get(scope);
    if (known) return known;
    const [oldest] = this.#serverSeries.keys();
    if (oldest !== undefined && this.#serverSeries.size >= liveSeriesMax) this.#serverSeries.delete(oldest);
    const made = new LiveSeries(scope);
    this.#serverSeries.set(scope, made);
    return made;
  }

  /** Nothing is asked for while the service wants a token first; signing in loads the page anew. */
  async start(): Promise<void> {
    await this.session.ask();
    const stops = [() => this.#liveLink.stop()];
    this.session.state.subscribe((state) => {
      if (state === 'out') for (const stop of stops) stop();
    });
    if (this.session.state.peek() === 'out') return;
    this.#liveLink.start();
    this.#treeAskedAtMs = Date.now();
    for (const one of [this.session, this.tree, this.ready, this.devices, this.starts, this.alerts]) {
      stops.push(one.follow());
    }
    this.#requestBeat();
    addEventListener('online', () => this.#liveLink.wake());
    addEventListener('pageshow', () => this.#liveLink.wake());
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.#liveLink.wake();
    });
  }

  /** Also these outlets, while a server is unfolded or looked at. */
  watchOutlets(outlets: readonly string[]): void {
    this.#liveLink.subscribe([...lastingScopes, ...outlets.map((outlet) => `outlet:${outlet}`)]);
  }

  #arrived(): void {
    this.#arrivals.value += 1;
    if (this.#arrivals.value > 1) {
      this.#askTree();
      void this.ready.ask();
      void this.devices.ask();
      // What was told while nobody listened.
      void this.starts.ask();
      void this.alerts.ask();
    }
  }

  #happened(event: PowerEvent): void {
    if (event.kind === 'start') {
      // The room's list is of servers, so that nothing is there twice.
      if (!isGroupStart(event.start)) this.starts.take(event.start);
      this.startTraces.changed(event.start.id);
    }
    if (event.kind === 'alert') this.alerts.take(event.alert);
    for (const listener of this.#listeners) listener(event);
    this.#requestBeat();
  }

  #took(atMs: number): void {
    this.#heardAtMs = atMs;
    this.#serverAheadMs = atMs - Date.now();
    this.roomSeries.sample(atMs, this.#figures.get('room'));
    for (const [scope, series] of this.#serverSeries) series.sample(atMs, this.#figures.get(scope));
    this.#traces.advance(atMs);
    for (const scope of this.#figures.scopes()) {
      if (scope.startsWith('server:')) this.#traces.put(scope, freshWatts(this.#figures.get(scope)));
    }
    if (this.#figures.scopesVersion !== this.#scopesVersion.peek()) this.#scopesChanged();
    this.#requestBeat();
  }

  #scopesChanged(): void {
    this.#scopesVersion.value = this.#figures.scopesVersion;
    this.#traces.keepOnly((scope) => this.#figures.get(scope) !== undefined);
    // A new outlet may have a name and a rack of its own in the tree.
    if (Date.now() - this.#treeAskedAtMs > treeEveryMsMin) this.#askTree();
  }

  #askTree(): void {
    this.#treeAskedAtMs = Date.now();
    void this.tree.ask();
  }

  #requestBeat(): void {
    if (this.#frameRequested) return;
    this.#frameRequested = true;
    requestAnimationFrame(() => {
      this.#frameRequested = false;
      this.#beat.value += 1;
      // Ages count on also when nothing comes.
      clearTimeout(this.#nextBeat);
      this.#nextBeat = window.setTimeout(() => this.#requestBeat(), beatMsMax);
    });
  }
}

/** What every view is given. */
export interface PresentProps {
  readonly present: Present;
}

function liveAddress(): string {
  const address = new URL(`.${livePath}`, document.baseURI);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  return address.href;
}

function browserZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}
