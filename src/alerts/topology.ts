import type { Feed, Phase, PowerTree } from '../model/power-tree.ts';
import { splitOutlet } from '../model/reading.ts';
import { parseScope, scopeId } from '../model/scope.ts';
import { known } from './alert-of.ts';

/** One supply of a server and where its power comes from. */
export interface Input {
  /** `server:…` */
  readonly server: string;
  /** `<device>/<label>` */
  readonly outlet: string;
  /** `breaker:…` and `feed:…` */
  readonly breaker?: string;
  readonly feed?: string;
}

export interface Circuit {
  /** `breaker:…` */
  readonly scope: string;
  /** `feed:…` */
  readonly feed: string;
  readonly amps?: number;
  readonly curve?: 'B' | 'C' | 'D';
  /** Nominal, phase to neutral. */
  readonly volts?: number;
}

/** A supply path, the rating of each of its phases, and what is on which. */
export interface FeedCircuit {
  readonly amps?: number;
  /** Nominal, phase to neutral. */
  readonly volts?: number;
  readonly phases: readonly FeedPhase[];
}

/** Breakers of one feed that share a conductor. */
export interface FeedPhase {
  /** `feed:…` */
  readonly feed: string;
  /** Absent: of those of which the settings do not say it. */
  readonly phase?: Phase;
  /** `breaker:…` */
  readonly breakers: string[];
}

/** Who hangs on what, from the admin's tree; asked both ways. */
export class Topology {
  readonly #inputs = new Map<string, Input[]>();
  readonly #byOutlet = new Map<string, Input>();
  /** Inputs by `feed:…`, `breaker:…` and `rack:…`. */
  readonly #on = new Map<string, Input[]>();
  readonly #racks = new Map<string, string>();
  readonly circuits = new Map<string, Circuit>();
  /** By `feed:…`. */
  readonly feeds = new Map<string, FeedCircuit>();
  /** By `breaker:…`. */
  readonly phases = new Map<string, FeedPhase>();
  readonly #devices = new Map<string, Input[]>();

  constructor(tree: PowerTree) {
    for (const feed of tree.feeds) this.#addFeed(feed);
    for (const { name, rack, inputs } of tree.servers) {
      const server = scopeId('server', name);
      if (rack !== undefined) this.#racks.set(server, scopeId('rack', rack));
      for (const input of inputs) this.#plugIn(server, input.outlet, input.breaker, rack);
    }
  }

  #addFeed({ name, amps: feedAmps, volts, breakers }: Feed): void {
    const feed = scopeId('feed', name);
    const phases: FeedPhase[] = [];
    for (const { name: breaker, amps, curve, phase } of breakers) {
      const scope = scopeId('breaker', breaker);
      this.circuits.set(scope, { scope, feed, ...known({ amps, curve, volts }) });
      let on = phases.find((one) => one.phase === phase);
      if (on === undefined) {
        on = { feed, ...known({ phase }), breakers: [] };
        phases.push(on);
      }
      on.breakers.push(scope);
      this.phases.set(scope, on);
    }
    this.feeds.set(feed, { ...known({ amps: feedAmps, volts }), phases });
  }

  #plugIn(server: string, outlet: string, breaker: string | undefined, rack: string | undefined): void {
    const circuit = breaker === undefined ? undefined : this.circuits.get(scopeId('breaker', breaker));
    const input: Input = {
      server,
      outlet,
      ...(circuit === undefined ? {} : { breaker: circuit.scope, feed: circuit.feed }),
    };
    push(this.#inputs, server, input);
    push(this.#devices, scopeId('device', splitOutlet(outlet).device), input);
    this.#byOutlet.set(outlet, input);
    if (circuit !== undefined) {
      push(this.#on, circuit.scope, input);
      push(this.#on, circuit.feed, input);
    }
    if (rack !== undefined) push(this.#on, scopeId('rack', rack), input);
  }

  /** Servers named in the settings. */
  servers(): Iterable<string> {
    return this.#inputs.keys();
  }

  /** Of a server named in the settings; none of others. */
  inputsOf(server: string): readonly Input[] {
    return this.#inputs.get(server) ?? none;
  }

  inputAt(outlet: string): Input | undefined {
    return this.#byOutlet.get(outlet);
  }

  /** Inputs on a feed or breaker, or of the servers in a rack, or on a device. */
  inputsOn(scope: string): readonly Input[] {
    return this.#on.get(scope) ?? this.#devices.get(scope) ?? none;
  }

  serversOn(scope: string): string[] {
    return [...new Set(this.inputsOn(scope).map(({ server }) => server))];
  }

  /** Devices with claimed outlets. */
  devices(): Iterable<string> {
    return this.#devices.keys();
  }

  /** Everything a scope is part of, itself first and the room last. */
  containersOf(scope: string): Set<string> {
    const containers = new Set([scope]);
    const parsed = parseScope(scope);
    const add = (...more: (string | undefined)[]) => {
      for (const one of more) if (one !== undefined) containers.add(one);
    };
    const addInput = ({ server, breaker, feed }: Input) => add(this.#racks.get(server), breaker, feed);
    switch (parsed?.kind) {
      case 'breaker':
        add(this.circuits.get(scope)?.feed);
        break;
      case 'server': {
        const inputs = this.inputsOf(scope);
        for (const input of inputs) addInput(input);
        const outlets = inputs.length > 0 ? inputs.map(({ outlet }) => outlet) : [parsed.name];
        add(...outlets.map((outlet) => scopeId('device', splitOutlet(outlet).device)));
        break;
      }
      case 'outlet': {
        const input = this.#byOutlet.get(parsed.name);
        add(
          scopeId('device', splitOutlet(parsed.name).device),
          input?.server ?? scopeId('server', parsed.name),
        );
        if (input !== undefined) addInput(input);
        break;
      }
      case 'device':
        for (const input of this.inputsOn(scope)) addInput(input);
        break;
      default:
    }
    containers.add('room');
    return containers;
  }
}

const none: readonly Input[] = [];

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
