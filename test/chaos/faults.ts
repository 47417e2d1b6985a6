import type { CuttableProxy } from '../servers/cuttable-proxy.ts';
import type { HookServer } from '../servers/hook-server.ts';
import type { Influxd } from '../servers/influxd.ts';
import type { Mosquitto } from '../servers/mosquitto.ts';
import type { BrokerTap } from './broker-tap.ts';
import type { Meters } from './meters.ts';
import type { Served } from './served.ts';
import type { SmallDisk } from './small-disk.ts';

/** Everything that can be broken. */
export interface World {
  readonly mosquitto: Mosquitto;
  readonly tap: BrokerTap;
  readonly influxd: Influxd | undefined;
  readonly storeProxy: CuttableProxy | undefined;
  readonly served: Served;
  readonly disk: SmallDisk;
  readonly meters: Meters;
  /** Where alerts are told. */
  readonly hook: HookServer;
  /** Settings of the service, for whoever starts it in this process. */
  readonly env: Record<string, string>;
}

type Victim = 'service' | 'broker' | 'link' | 'store' | 'store-link' | 'disk' | 'meters';

interface Fault {
  /** Two of one victim never happen at the same time. */
  readonly victim: Victim;
  /** What must be left alone meanwhile. */
  readonly spares?: Victim;
  /** Whether what it needs is there. */
  readonly possible?: (world: World) => boolean;
  readonly begin: (world: World) => Promise<void> | void;
  readonly end?: (world: World) => Promise<void> | void;
  /** How long it lasts, at least and at most. */
  readonly ms: readonly [number, number];
}

const startsWithinMs = 120_000;

/** The next fault of the service waits until it is up, or it would never get to work on a slow machine. */
async function startAgain({ served }: World): Promise<void> {
  served.start();
  await served.untilAlive(startsWithinMs);
}

const withInflux = (world: World) => world.influxd !== undefined;

export const faults = {
  'service killed': {
    victim: 'service',
    ms: [0, 1_500],
    begin: ({ served }) => served.kill(),
    end: startAgain,
  },
  'service paused': {
    victim: 'service',
    ms: [300, 2_500],
    begin: ({ served }) => served.pause(),
    end: ({ served }) => served.resume(),
  },
  'service restarted': {
    victim: 'service',
    ms: [0, 500],
    begin: ({ served }) => served.stop(),
    end: startAgain,
  },
  'broker killed': {
    victim: 'broker',
    ms: [100, 1_500],
    begin: ({ mosquitto }) => mosquitto.kill(),
    end: ({ mosquitto }) => mosquitto.restart(),
  },
  'broker restarted': { victim: 'broker', ms: [0, 0], begin: ({ mosquitto }) => mosquitto.restart() },
  'broker paused': {
    victim: 'broker',
    ms: [300, 2_500],
    begin: ({ mosquitto }) => mosquitto.pause(),
    end: ({ mosquitto }) => mosquitto.resume(),
  },
  'broker link reset': { victim: 'link', ms: [0, 0], begin: ({ tap }) => tap.cut() },
  'broker link halted': {
    victim: 'link',
    ms: [300, 2_500],
    begin: ({ tap }) => tap.halt(),
    end: ({ tap }) => tap.goOn(),
  },
  'broker link down': {
    victim: 'link',
    ms: [200, 2_000],
    begin: ({ tap }) => tap.refuse(),
    end: ({ tap }) => tap.goOn(),
  },
  'meters cut off': { victim: 'meters', ms: [0, 0], begin: ({ meters }) => meters.cut() },
  'disk full': {
    victim: 'disk',
    ms: [500, 2_500],
    possible: ({ disk }) => disk.mounted,
    begin: ({ disk }) => disk.fill(),
    end: ({ disk }) => disk.free(),
  },
  // One that is started meanwhile would refuse to, as it should.
  'disk read-only': {
    victim: 'disk',
    spares: 'service',
    ms: [500, 2_500],
    possible: ({ disk }) => disk.mounted,
    begin: ({ disk }) => disk.makeReadOnly(),
    end: ({ disk }) => disk.makeWritable(),
  },
  'store killed': {
    victim: 'store',
    ms: [100, 2_500],
    possible: withInflux,
    begin: ({ influxd }) => influxd!.kill(),
    end: ({ influxd }) => influxd!.restart(),
  },
  'store paused': {
    victim: 'store',
    ms: [500, 3_500],
    possible: withInflux,
    begin: ({ influxd }) => influxd!.pause(),
    end: ({ influxd }) => influxd!.resume(),
  },
  'store link reset': {
    victim: 'store-link',
    ms: [0, 0],
    possible: withInflux,
    begin: ({ storeProxy }) => storeProxy!.cut(),
  },
  'store link halted': {
    victim: 'store-link',
    ms: [500, 3_000],
    possible: withInflux,
    begin: ({ storeProxy }) => storeProxy!.halt(),
    end: ({ storeProxy }) => storeProxy!.goOn(),
  },
  'store link down': {
    victim: 'store-link',
    ms: [200, 2_500],
    possible: withInflux,
    begin: ({ storeProxy }) => storeProxy!.refuse(),
    end: ({ storeProxy }) => storeProxy!.goOn(),
  },
} as const satisfies Record<string, Fault>;

export type FaultName = keyof typeof faults;
export const faultNames = Object.keys(faults) as FaultName[];

/** Injects one after the other, in several lanes at once, until `endMs`; answers how often each was injected. */
export async function injectFaults(
  world: World,
  random: () => number,
  endMs: number,
  tell: (line: string) => void,
): Promise<Map<FaultName, number>> {
  const injected = new Map<FaultName, number>();
  const busy = new Set<string>();
  const possible = faultNames.filter((name) => (faults[name] as Fault).possible?.(world) ?? true);
  const lane = async () => {
    while (Date.now() < endMs) {
      await pass(200 + random() * 1_500);
      const free = possible.filter((name) => victimsOf(name).every((victim) => !busy.has(victim)));
      const name = free[Math.floor(random() * free.length)];
      if (name === undefined || Date.now() >= endMs) continue;
      const fault: Fault = faults[name];
      for (const victim of victimsOf(name)) busy.add(victim);
      injected.set(name, (injected.get(name) ?? 0) + 1);
      const lastsMs = fault.ms[0] + random() * (fault.ms[1] - fault.ms[0]);
      tell(`${name}, ${Math.round(lastsMs)} ms`);
      await fault.begin(world);
      await pass(lastsMs);
      await fault.end?.(world);
      for (const victim of victimsOf(name)) busy.delete(victim);
    }
  };
  await Promise.all([lane(), lane()]);
  return injected;
}

function victimsOf(name: FaultName): Victim[] {
  const { victim, spares }: Fault = faults[name];
  return spares === undefined ? [victim] : [victim, spares];
}

function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
