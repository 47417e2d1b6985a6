import { join } from 'node:path';
import type { Clock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import { brokerLogin } from './config/broker-login.ts';
import type { Settings } from './config/schema.ts';
import { storePlace } from './config/store-place.ts';
import { BrokerListenError, BuiltInBroker } from './sources/built-in-broker.ts';
import { DemoConnection } from './sources/demo/demo-connection.ts';
import { SimulatedRoom } from './sources/demo/simulated-room.ts';
import type { Receipts } from './sources/receipts.ts';
import type { Source, SourceHandlers } from './sources/source.ts';
import { AgeClock } from './store/age-clock.ts';
import { Backlog } from './store/backlog.ts';
import { CheckpointFile } from './store/checkpoint.ts';
import { RefusedFiles } from './store/refused-files.ts';
import type { Store } from './store/store.ts';
import { lockStoreFolder, makeStoreFolder } from './store-folder.ts';

/** The parts of which the settings choose one of two; app.ts joins them. */
export interface PartsOptions {
  readonly settings: Settings;
  readonly demo: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** A started source, and where a device (or the simulated room) reaches its broker. */
export interface StartedSource {
  readonly source: Source;
  readonly url: string;
}

/** The admin's broker when there is one, else our own. */
export async function startSource(
  options: PartsOptions,
  receipts: Receipts,
  filters: readonly string[],
  handlers: SourceHandlers,
): Promise<StartedSource> {
  const { settings, clock, log } = options;
  if (settings.mqtt.url === undefined) return startBuiltIn(options, receipts, filters, handlers);
  const { MqttSource } = await import('./sources/mqtt-source.ts');
  const source = new MqttSource({
    ...brokerLogin(settings),
    clientId: settings.mqtt.clientId,
    filters,
    receipts,
    clock,
    log,
  });
  await source.start(handlers);
  return { source, url: source.status().url };
}

/** The demo is to start on every machine, also where 1883 is taken by a broker of the admin's. */
async function startBuiltIn(
  options: PartsOptions,
  receipts: Receipts,
  filters: readonly string[],
  handlers: SourceHandlers,
): Promise<StartedSource> {
  const { settings, clock, log, demo } = options;
  const start = async (port: number) => {
    const source = new BuiltInBroker({ ...settings.broker, port, filters, receipts, clock, log });
    await source.start(handlers);
    return source;
  };
  let source: BuiltInBroker;
  try {
    source = await start(settings.broker.port);
  } catch (error) {
    if (!demo || !(error instanceof BrokerListenError) || error.code !== 'EADDRINUSE') throw error;
    source = await start(0);
    log.warn(`${error.message}. The demo goes on with port ${source.address().port}.`);
  }
  const { host, port } = source.address();
  return { source, url: `mqtt://${host.includes(':') ? `[${host}]` : host}:${port}` };
}

/** What is kept in the folder of the settings, and the store, which may be elsewhere. */
export interface StoreParts {
  readonly store: Store;
  readonly backlog: Backlog;
  /** Only InfluxDB refuses what can be put right. */
  readonly refusedFiles: RefusedFiles | undefined;
  /** Where what is learnt is kept over a restart. */
  readonly checkpoint: CheckpointFile;
  readonly receipts: Receipts;
  /** Closes all of it and lets go of the folder. */
  close(): Promise<void>;
}

export async function makeStore(options: PartsOptions): Promise<StoreParts> {
  const { settings, clock, log, demo } = options;
  const { folder } = storePlace(settings.store, demo);
  await makeStoreFolder(folder);
  const unlock = lockStoreFolder(folder);
  try {
    const age = await AgeClock.open({ file: join(folder, 'rackwatt.age'), clock, log });
    const backlog = await Backlog.open({
      folder: join(folder, 'backlog'),
      storeKind: settings.store.kind,
      clock,
      age,
      log,
      ...settings.store.backlog,
    });
    const { Receipts } = await import('./sources/receipts.ts');
    const receipts = await Receipts.open(join(folder, 'rackwatt.receipts'));
    const store = await storeOf(options, age);
    const refusedFiles =
      store.kind === 'influx' ? await RefusedFiles.open({ folder, clock, log }) : undefined;
    return {
      store,
      backlog,
      refusedFiles,
      receipts,
      checkpoint: new CheckpointFile({ folder, clock, log }),
      async close() {
        await Promise.all([store.close(), backlog.close(), receipts.close(), age.close()]);
        unlock();
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

async function storeOf({ settings, clock, log, demo }: PartsOptions, age: AgeClock): Promise<Store> {
  const { retention, influx, kind } = settings.store;
  const { folder, database } = storePlace(settings.store, demo);
  if (kind === 'influx') {
    const { InfluxStore } = await import('./store/influx/influx-store.ts');
    const { timezone, tariff } = settings.room;
    const room = { timezone, currency: tariff?.currency };
    return new InfluxStore({ ...influx, database, retention, room, clock, log });
  }
  const { EmbeddedStore } = await import('./store/embedded/embedded-store.ts');
  return new EmbeddedStore({ path: folder, retention, setsAside: true, clock, age, log });
}

/** Where imports are held until roll-ups are made of them. */
export function importFolder({ settings, demo }: Pick<PartsOptions, 'settings' | 'demo'>): string {
  return join(storePlace(settings.store, demo).folder, 'import');
}

/** The simulated room, when it is to run. */
export function makeSimulatedRoom({ settings, demo }: PartsOptions): SimulatedRoom | undefined {
  return demo ? new SimulatedRoom(settings.demo.seed, settings.room.timezone) : undefined;
}

/** Lets the simulated meters publish to the broker in use, as real ones would. */
export function connectSimulatedRoom(
  room: SimulatedRoom,
  url: string,
  { settings, clock, log }: PartsOptions,
): DemoConnection {
  const login = brokerLogin(settings, settings.mqtt.url ?? url);
  const connection = new DemoConnection({ ...login, room, clock, log });
  connection.start();
  return connection;
}
