import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Clock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import type { Settings } from './config/schema.ts';
import { BrokerListenError, BuiltInBroker } from './sources/built-in-broker.ts';
import { DemoConnection } from './sources/demo/demo-connection.ts';
import { SimulatedRoom } from './sources/demo/simulated-room.ts';
import { MqttSource } from './sources/mqtt-source.ts';
import type { Source, SourceHandlers } from './sources/source.ts';
import { Backlog } from './store/backlog.ts';
import { EmbeddedStore } from './store/embedded/embedded-store.ts';
import { InfluxStore } from './store/influx/influx-store.ts';
import type { Store } from './store/store.ts';

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
  filters: readonly string[],
  handlers: SourceHandlers,
): Promise<StartedSource> {
  const { settings, clock, log } = options;
  const { url, ...mqtt } = settings.mqtt;
  if (url === undefined) return startBuiltIn(options, filters, handlers);
  const source = new MqttSource({
    url,
    username: mqtt.username,
    password: mqtt.password,
    protocol: mqtt.protocol,
    clientId: mqtt.clientId,
    ca: pem(mqtt.ca),
    cert: pem(mqtt.cert),
    key: pem(mqtt.key),
    filters,
    clock,
    log,
  });
  await source.start(handlers);
  return { source, url: source.status().url };
}

/** The demo is to start on every machine, also where 1883 is taken by a broker of the admin's. */
async function startBuiltIn(
  options: PartsOptions,
  filters: readonly string[],
  handlers: SourceHandlers,
): Promise<StartedSource> {
  const { settings, clock, log, demo } = options;
  const start = async (port: number) => {
    const source = new BuiltInBroker({ ...settings.broker, port, filters, clock, log });
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

function pem(path: string | undefined): string | undefined {
  return path === undefined ? undefined : readFileSync(path, 'utf8');
}

/** The store of the settings and its backlog. The demo keeps to a folder and a database of its own. */
export async function makeStore(options: PartsOptions): Promise<{ store: Store; backlog: Backlog }> {
  const { settings, clock, log, demo } = options;
  const { retention, influx } = settings.store;
  const folder = demo ? join(resolve(settings.store.path), 'demo') : resolve(settings.store.path);
  await mkdir(folder, { recursive: true });
  const store: Store =
    settings.store.kind === 'influx'
      ? new InfluxStore({
          ...influx,
          database: demo ? `${influx.database}_demo` : influx.database,
          retention,
          clock,
          log,
        })
      : new EmbeddedStore({ path: folder, retention, clock, log });
  const backlog = await Backlog.open({
    folder: join(folder, 'backlog'),
    storeKind: store.kind,
    clock,
    log,
    bytesMax: settings.store.backlog.bytesMax,
  });
  return { store, backlog };
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
  const { username, password } = settings.mqtt.url === undefined ? settings.broker : settings.mqtt;
  const connection = new DemoConnection({
    url: settings.mqtt.url ?? url,
    username,
    password,
    room,
    clock,
    log,
  });
  connection.start();
  return connection;
}
