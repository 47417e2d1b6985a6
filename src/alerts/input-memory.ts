import type { AlertRoom } from './alert-room.ts';
import type { Input, Topology } from './topology.ts';

/** What an input draws when all is well, and whether it ever carried a part. */
export interface InputState {
  readonly input: Input;
  /** The room's number of its outlet; −1: not there. */
  readonly outlet: number;
  /** Slow mean while every input of the server carried, W; NaN: not seen. */
  usualWatts: number;
  /** It has carried a part of the load: seen by this run, or known from earlier ones. */
  carried: boolean;
  /** Nothing flows now. */
  isZero: boolean;
  /** What the server draws while nothing flows here, a slow mean, W; NaN: not seen. */
  asleepWatts: number;
  /**
   * Times it came back with a rise of the server's draw: a hot spare that sleeps is woken by load. A supply that was
   * replaced, or plugged in again, comes back at the draw that was there before.
   */
  wakes: number;
}

/** Less is nothing: a sleeping hot spare keeps its own electronics awake, with some watts. */
export const zeroWatts = 1;
/** From this part of the server's draw on an input carries. */
const carriesShare = 0.08;
const carriesWatts = 5;
const meanWeight = 0.02;
/** From such a rise on it was load that woke it. */
const wakeRise = 1.15;

/** Inputs of servers that have several: what each usually draws. Learnt from the figures, kept over restarts. */
export class InputMemory {
  readonly #room: AlertRoom;
  readonly #topology: () => Topology;
  #servers = new Map<string, InputState[]>();
  /** The same by the room's number of the server. */
  #byScope: (readonly InputState[] | undefined)[] = [];
  #known: Topology;
  /** Of earlier runs, by outlet: wakes. */
  #earlier = new Map<string, number>();

  constructor(room: AlertRoom, topology: () => Topology) {
    this.#room = room;
    this.#topology = topology;
    this.#known = topology();
  }

  /** None for a server with one input. */
  of(server: string): readonly InputState[] {
    if (this.#known !== this.#topology()) this.#recabled();
    let states = this.#servers.get(server);
    if (states === undefined) {
      const inputs = this.#known.inputsOf(server);
      states = inputs.length < 2 ? none : inputs.map((input) => this.#stateOf(input));
      this.#servers.set(server, states);
    }
    return states;
  }

  /** Looks at the server's inputs as they are now. By the room's number of the server. */
  update(scope: number): readonly InputState[] {
    const states = this.#at(scope);
    if (states.length === 0) return states;
    let total = 0;
    let all = true;
    for (const state of states) {
      if (state.outlet < 0 || !this.#room.isFresh(state.outlet)) return states;
      total += this.#room.valueOf(state.outlet, 'watts');
    }
    for (const state of states) {
      const watts = this.#room.valueOf(state.outlet, 'watts');
      const isZero = watts < zeroWatts;
      const carries = watts >= carriesWatts && watts >= carriesShare * total;
      if (carries && state.isZero && state.carried && total > wakeRise * state.asleepWatts) state.wakes += 1;
      if (isZero)
        state.asleepWatts = state.isZero
          ? state.asleepWatts + meanWeight * (total - state.asleepWatts)
          : total;
      if (carries) state.carried = true;
      if (carries || isZero) state.isZero = isZero;
      all &&= carries;
    }
    if (!all) return states;
    for (const state of states) {
      const watts = this.#room.valueOf(state.outlet, 'watts');
      const { usualWatts } = state;
      state.usualWatts = Number.isNaN(usualWatts) ? watts : usualWatts + meanWeight * (watts - usualWatts);
    }
    return states;
  }

  #at(scope: number): readonly InputState[] {
    if (this.#known !== this.#topology()) this.#recabled();
    const known = this.#byScope[scope];
    if (known !== undefined) return known;
    const states = this.of(this.#room.scopeAt(scope));
    this.#byScope[scope] = states;
    return states;
  }

  /** It is known that this outlet carried a part once. */
  carried(outlet: string): void {
    const server = this.#known.inputAt(outlet)?.server;
    for (const state of server === undefined ? none : this.of(server))
      if (state.input.outlet === outlet) state.carried = true;
  }

  /** Have the server's other inputs taken over what these usually draw? */
  tookOver(server: string, isLost: (state: InputState) => boolean): boolean {
    let lost = 0;
    let usual = 0;
    let now = 0;
    for (const state of this.of(server)) {
      if (Number.isNaN(state.usualWatts)) return false;
      if (isLost(state)) lost += state.usualWatts;
      else {
        usual += state.usualWatts;
        if (state.outlet >= 0 && this.#room.isFresh(state.outlet))
          now += this.#room.valueOf(state.outlet, 'watts');
      }
    }
    return lost >= carriesWatts && now >= usual + lost / 2;
  }

  /** Outlets that have carried, with their wakes. */
  save(): Record<string, number> {
    const saved: Record<string, number> = Object.fromEntries(this.#earlier);
    for (const states of this.#servers.values())
      for (const { input, carried, wakes } of states) if (carried) saved[input.outlet] = wakes;
    return saved;
  }

  load(saved: Record<string, number>): void {
    this.#earlier = new Map(Object.entries(saved).filter(([, wakes]) => Number.isFinite(wakes)));
    this.#servers = new Map();
    this.#byScope = [];
  }

  #stateOf(input: Input): InputState {
    const wakes = this.#earlier.get(input.outlet);
    return {
      input,
      outlet: this.#room.outletNumber(input.outlet),
      usualWatts: Number.NaN,
      carried: wakes !== undefined,
      isZero: false,
      asleepWatts: Number.NaN,
      wakes: wakes ?? 0,
    };
  }

  #recabled(): void {
    this.#earlier = new Map(Object.entries(this.save()));
    this.#servers = new Map();
    this.#byScope = [];
    this.#known = this.#topology();
  }
}

const none: InputState[] = [];
