import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedStore } from '../../src/store/embedded/embedded-store.ts';
import { InfluxStore } from '../../src/store/influx/influx-store.ts';
import type { Store } from '../../src/store/store.ts';
import { startProxy } from '../servers/cuttable-proxy.ts';
import { freePort } from '../servers/free-port.ts';
import { startHookServer } from '../servers/hook-server.ts';
import { startInfluxd } from '../servers/influxd.ts';
import { startMosquitto } from '../servers/mosquitto.ts';
import { seeded } from '../store/made-readings.ts';
import { judgeRollUps, letHoursPass } from './aftermath.ts';
import { startBrokerTap } from './broker-tap.ts';
import { type FaultName, injectFaults, type World } from './faults.ts';
import { Meters, twoInputSettings, twoInputs } from './meters.ts';
import { Served } from './served.ts';
import { makeSmallDisk } from './small-disk.ts';
import { judgeTold, overloadsTold } from './told.ts';
import { type Evidence, judge, type Verdict } from './verdict.ts';

export type StoreKind = 'embedded' | 'influx';

export interface SeedOptions {
  readonly seed: number;
  readonly store: StoreKind;
  /** For so long meters publish and things break. */
  readonly lastsMs: number;
  /** Told what is done, as it is done. */
  readonly tell?: (line: string) => void;
}

export interface SeedResult extends Verdict {
  readonly seed: number;
  readonly store: StoreKind;
  readonly injected: ReadonlyMap<FaultName, number>;
  /** Minutes of outlets that were held against their readings. */
  readonly minutes: number;
  /** Notices of alerts. */
  readonly told: number;
  /** From the last fault's end until the service was ready, ms. */
  readonly recoveryMs: number;
  /** The service ended by itself so often. */
  readonly crashes: number;
  /** Where the service's own words are, when something was wrong. */
  readonly logFile: string | undefined;
}

const recoversWithinMs = 180_000;
const quietAtFirstMs = 1_500;
const afterwardsMs = 2_500;
/** A broker that was killed has forgotten some messages: for so long nothing more comes. */
const forgottenMs = 2_000;
/** More than detection waits for its past. */
const startsToldWithinMs = 40_000;
/** A load must be seen to be off before its start is one. */
const offMs = 12_500;
const twoInputServers = 3;
const breakers = Array.from({ length: twoInputServers }, (_, i) => `breaker:C${i}`);
const toldWithinMs = 15_000;

/** One run: everything real, everything broken by turns, then held against what was sent. */
export async function runSeed(options: SeedOptions): Promise<SeedResult> {
  const { seed, store: kind, lastsMs, tell = () => {} } = options;
  const random = seeded(seed);
  const folder = mkdtempSync(join(tmpdir(), 'rackwatt-chaos-'));
  const logFile = join(folder, 'service.log');
  const world = await makeWorld(kind, folder, logFile, lastsMs, random);
  let failed = true;
  try {
    world.served.start();
    await world.served.untilReady(recoversWithinMs);
    const fromMs = Date.now();
    const endMs = fromMs + lastsMs;
    world.meters.start();
    await pass(quietAtFirstMs);
    const since = (line: string) => tell(`${((Date.now() - fromMs) / 1000).toFixed(1)} s: ${line}`);
    const injected = await injectFaults(world, random, endMs - afterwardsMs, since);
    const healedMs = Date.now();
    since('nothing is broken any more');
    await world.served.untilReady(recoversWithinMs);
    const recoveryMs = Date.now() - healedMs;
    since('ready again');
    // What has begun while everything was broken is seen to go on.
    await pass(Math.max(endMs - Date.now(), afterwardsMs));
    world.meters.quiet();
    await untilDelivered(world);
    since('everything delivered');
    await untilStartsAreTold(world, fromMs);
    await untilOverloadsAreTold(world);
    await world.served.stop();
    since('held against what was sent');
    const verdict = await judgeAll(kind, world, {
      sent: world.meters.sent,
      passages: world.tap.passages,
      planted: world.meters.planted,
      brokerForgets: injected.has('broker killed'),
      fromMs: fromMs - 10_000,
      toMs: Date.now() + 10_000,
    });
    failed = verdict.faults.length > 0 || world.served.crashes > 0;
    const { crashes } = world.served;
    return {
      seed,
      store: kind,
      injected,
      recoveryMs,
      crashes,
      logFile: failed ? logFile : undefined,
      ...verdict,
    };
  } finally {
    await endWorld(world);
    if (!failed) rmSync(folder, { recursive: true, force: true });
    else tell(`the service's log: ${logFile}`);
  }
}

async function judgeAll(
  kind: StoreKind,
  world: World,
  evidence: Omit<Evidence, 'store'>,
): Promise<Verdict & Pick<SeedResult, 'minutes' | 'told'>> {
  const taken = [...world.hook.taken];
  const verdict = await withStore(kind, world, (store) => judge({ ...evidence, store }));
  await letHoursPass(world.env, world.disk.folder);
  const faults = [...verdict.faults];
  const servers = twoInputs(twoInputServers);
  const minutes = await withStore(kind, world, (store) =>
    judgeRollUps({ ...evidence, store }, servers, faults),
  );
  return { ...verdict, minutes, told: judgeTold(taken, breakers, world.served.killedMs, faults), faults };
}

async function makeWorld(
  kind: StoreKind,
  folder: string,
  logFile: string,
  lastsMs: number,
  random: () => number,
): Promise<World> {
  const [mosquitto, influxd] = await Promise.all([
    startMosquitto({ persistence: true }),
    kind === 'influx' ? startInfluxd() : undefined,
  ]);
  const [tap, hook] = await Promise.all([startBrokerTap(mosquitto.port), startHookServer()]);
  const storeProxy = influxd && (await startProxy(influxd.port));
  const disk = makeSmallDisk();
  const configFile = join(folder, 'rackwatt.yaml');
  writeFileSync(configFile, twoInputSettings(twoInputServers, hook.url));
  const env = {
    RACKWATT_MQTT_URL: `mqtt://127.0.0.1:${tap.port}`,
    RACKWATT_STORE_PATH: disk.folder,
    RACKWATT_STORE_KIND: kind,
    RACKWATT_DEMO_RUN: 'never',
    RACKWATT_LOG_LEVEL: 'debug',
    ...(storeProxy === undefined ? {} : { RACKWATT_STORE_INFLUX_URL: `http://127.0.0.1:${storeProxy.port}` }),
  };
  const served = new Served(await freePort(), configFile, logFile, env);
  const plan = {
    shellies: 40,
    tasmotas: 30,
    twoInputServers,
    starts: 15,
    startFromMs: Math.min(offMs, lastsMs * 0.8),
    startToMs: lastsMs - 3_000,
  };
  const meters = new Meters(mosquitto.port, plan, random);
  return {
    mosquitto,
    tap,
    influxd,
    storeProxy,
    served,
    disk,
    meters,
    hook,
    env: { ...env, RACKWATT_CONFIG: configFile },
  };
}

async function endWorld({
  mosquitto,
  tap,
  influxd,
  storeProxy,
  served,
  disk,
  meters,
  hook,
}: World): Promise<void> {
  meters.stop();
  served.dispose();
  tap.close();
  storeProxy?.close();
  await Promise.all([mosquitto.stop(), influxd?.stop(), hook.stop()]);
  disk.remove();
}

interface Ready {
  readonly ready: boolean;
  readonly backlog: { readonly readings: number };
}

/** All acknowledged to the meters, all that was delivered acknowledged to the broker, nothing waiting for the store. */
async function untilDelivered(world: World): Promise<void> {
  const deadlineMs = Date.now() + recoversWithinMs;
  let before = '';
  let sinceMs = 0;
  for (;;) {
    const ready = await world.served.get<Ready>('/readyz');
    const { sent, unacknowledged } = world.meters;
    const open = [...world.tap.passages.values()].filter(({ acknowledged }) => !acknowledged).length;
    const undelivered = sent.filter((one) => one.acknowledged && !world.tap.passages.has(one.key)).length;
    const now = JSON.stringify({ open, unacknowledged, undelivered });
    if (now !== before) sinceMs = Date.now();
    before = now;
    if (ready?.status === 200 && ready.body.backlog.readings === 0 && unacknowledged === 0) {
      if (open === 0 && undelivered === 0) return;
      if (Date.now() - sinceMs > forgottenMs) return;
    }
    if (Date.now() > deadlineMs)
      throw new Error(`not everything is delivered: ${now} ${JSON.stringify(ready)}`);
    await pass(100);
  }
}

/** After a late restart the past is still being taken up: starts in it are told when that is done, or never. */
async function untilStartsAreTold({ served, meters }: World, fromMs: number): Promise<void> {
  const giveUpMs = Date.now() + startsToldWithinMs;
  while (Date.now() < giveUpMs) {
    const answer = await served.get<{ rows: { scope: string }[] }>(
      `/api/v1/starts?from=${fromMs - 10_000}&to=${Date.now()}`,
    );
    const found = new Set(answer?.body.rows?.map(({ scope }) => scope));
    if (meters.planted.every(({ scope }) => found.has(scope))) break;
    await pass(250);
  }
  await pass(500);
}

async function untilOverloadsAreTold({ hook }: World): Promise<void> {
  const giveUpMs = Date.now() + toldWithinMs;
  while (overloadsTold(hook.taken).size < breakers.length && Date.now() < giveUpMs) await pass(100);
}

async function withStore<T>(kind: StoreKind, world: World, look: (store: Store) => Promise<T>): Promise<T> {
  const retention = { rawMs: 3_600_000, minuteMs: 3_600_000 };
  const store: Store =
    kind === 'embedded'
      ? new EmbeddedStore({ path: world.disk.folder, retention })
      : new InfluxStore({ url: world.influxd!.url, database: 'rackwatt', retention });
  try {
    await store.open();
    return await look(store);
  } finally {
    await store.close();
  }
}

function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
