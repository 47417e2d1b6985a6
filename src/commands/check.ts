import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { type Clock, systemClock } from '../base/clock.ts';
import { makeLog } from '../base/log.ts';
import { brokerLogin } from '../config/broker-login.ts';
import { type LoadedSettings, runsDemo } from '../config/load.ts';
import type { Settings } from '../config/schema.ts';
import { storePlace } from '../config/store-place.ts';
import { familiesWith } from '../families.ts';
import type { SourceStatus } from '../sources/source.ts';
import { type Store, StoreError } from '../store/store.ts';
import { writeProblem } from '../store-folder.ts';

/** What one look found. */
interface Finding {
  readonly about: string;
  readonly mark: '✓' | '!' | '✗';
  readonly text: string;
  /** What to do about it. */
  readonly remedy?: string | undefined;
}

/**
 * `rackwatt check`: tries whatever `serve` will need, one after the other, and prints a line for each. Answers
 * whether everything is well.
 */
export async function check(
  loaded: LoadedSettings,
  out: (text: string) => void = (text) => process.stdout.write(text),
): Promise<boolean> {
  const { settings, configured } = loaded;
  const running = await rackwattAnswers(settings.http);
  const demo = runsDemo(settings, configured);
  const place = storePlace(settings.store, demo);
  const looks = [
    async () => settingsFindings(loaded),
    async () => [pageFinding()],
    async () => [
      settings.mqtt.url === undefined
        ? await ownBrokerFinding(settings.broker, running, demo)
        : await brokerFinding(settings, systemClock),
    ],
    async () => [
      settings.store.kind === 'influx'
        ? await influxFinding(settings.store, place.database)
        : await embeddedFinding(settings.store, place.folder, running),
    ],
    async () => [await portFinding('page', settings.http, 'http', running)],
    async () => [await diskFinding(settings.store, place.folder)],
    async () => [await notifyFinding(settings)],
  ];
  let well = true;
  for (const look of looks) {
    for (const finding of await look()) {
      out(lines(finding));
      if (finding.mark === '✗') well = false;
    }
  }
  out(well ? '\nrackwatt can serve.\n' : '\nNot everything is well, see ✗.\n');
  return well;
}

function lines({ mark, about, text, remedy }: Finding): string {
  return `${mark} ${about.padEnd(11)} ${text}\n${remedy === undefined ? '' : `  ${''.padEnd(11)} → ${remedy}\n`}`;
}

function settingsFindings({ warnings }: LoadedSettings): Finding[] {
  const warned = warnings.map((text): Finding => ({ about: 'settings', mark: '!', text }));
  return warned.length > 0 ? warned : [{ about: 'settings', mark: '✓', text: 'no mistakes' }];
}

function pageFinding(): Finding {
  const page = join(import.meta.dirname, '../../dist/web/index.html');
  if (existsSync(page)) return { about: 'page built', mark: '✓', text: dirname(page) };
  return {
    about: 'page built',
    mark: '✗',
    text: `there is none in ${dirname(page)}`,
    remedy: 'build it: npm run build (npm start does so too)',
  };
}

const brokerMsMax = 10_000;

async function brokerFinding(settings: Settings, clock: Clock): Promise<Finding> {
  const { mqtt } = settings;
  const { MqttSource } = await import('../sources/mqtt-source.ts');
  const filters =
    mqtt.topics === 'auto'
      ? (await familiesWith(mqtt.mappings)).flatMap(({ topics }) => topics)
      : mqtt.topics;
  const source = new MqttSource({
    ...brokerLogin(settings),
    // Not the service's own id: that would take over its session.
    clientId: `${mqtt.clientId}-check-${randomUUID().slice(0, 8)}`,
    keepSession: false,
    filters,
    clock,
    log: makeLog('silent'),
  });
  const status = await new Promise<SourceStatus>((settled) => {
    const settle = (now: SourceStatus) => (now.ready || now.problem !== undefined) && settled(now);
    clock.after(brokerMsMax, () => settled(source.status()));
    source
      .start({ message() {}, changed: settle })
      .catch((error: unknown) => settled({ ...source.status(), problem: String(error) }));
  });
  await source.stop();
  if (status.ready)
    return {
      about: 'broker',
      mark: '✓',
      text: `${status.url}: connected, ${filters.length} topic filters granted`,
    };
  const text = status.problem ?? `${status.url}: no answer within ${brokerMsMax / 1_000} s`;
  return {
    about: 'broker',
    mark: '✗',
    text,
    remedy: 'mend mqtt.* or the broker; serve starts all the same, and keeps trying',
  };
}

async function influxFinding(store: Settings['store'], database: string): Promise<Finding> {
  const { InfluxStore } = await import('../store/influx/influx-store.ts');
  return storeFinding(
    new InfluxStore({ ...store.influx, database, retention: store.retention }),
    `database ${database}`,
  );
}

async function embeddedFinding(store: Settings['store'], folder: string, running: boolean): Promise<Finding> {
  const about = 'store';
  const unusable = await folderFinding(about, folder);
  if (unusable !== undefined) return unusable;
  // Looking must not leave a store behind where there was none.
  if (!existsSync(join(folder, 'rackwatt.sqlite')))
    return { about, mark: '✓', text: `${folder} will be made` };
  const { EmbeddedStore } = await import('../store/embedded/embedded-store.ts');
  const embedded = new EmbeddedStore({
    path: folder,
    retention: store.retention,
    clock: systemClock,
    log: makeLog('silent'),
  });
  const finding = await storeFinding(embedded, folder);
  return finding.code === 'busy' && running
    ? { about, mark: '✓', text: `${folder}, in use by the rackwatt that is running` }
    : finding;
}

/** Where history, or at least the backlog, is to be kept; undefined: all is well there. */
async function folderFinding(about: string, folder: string): Promise<Finding | undefined> {
  const present = nearestPath(folder);
  const problem = await writeProblem(present);
  if (problem === undefined) return undefined;
  const { why, remedy } = problem;
  return {
    about,
    mark: '✗',
    text: `${present} cannot be used: ${why}`,
    remedy: `${remedy}, or set store.path to another folder`,
  };
}

async function storeFinding(store: Store, place: string): Promise<Finding & { code?: StoreError['code'] }> {
  try {
    await store.open();
    const { version } = await store.ping();
    return { about: 'store', mark: '✓', text: `${version}, ${place}` };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return {
      about: 'store',
      mark: '✗',
      text: error.message,
      remedy: storeRemedies[error.code],
      code: error.code,
    };
  } finally {
    await store.close();
  }
}

const storeRemedies: Record<StoreError['code'], string> = {
  unreachable: 'start it, or mend store.influx.url; serve starts all the same, and readings wait on the disk',
  busy: 'wait until it has finished what it is doing; is another rackwatt using it?',
  unauthorised: 'mend store.influx.username and store.influx.password',
  forbidden: 'let an admin of InfluxDB make the database and grant this user all rights to it',
  missing: 'make the database, or give this user the right to',
  full: 'make room on its disk',
  corrupt: 'put back a copy, or move the files away: rackwatt then begins anew',
  refused: 'see the log of the store',
};

/** The demo starts wherever a port is taken: it picks another. */
async function ownBrokerFinding(
  broker: Settings['broker'],
  running: boolean,
  demo: boolean,
): Promise<Finding> {
  const finding = await portFinding('own broker', broker, 'broker', running);
  if (finding.mark !== '✗' || !demo) return finding;
  return { ...finding, mark: '!', remedy: 'the demo will choose another port' };
}

async function portFinding(
  about: string,
  { host, port }: { host: string; port: number },
  section: 'http' | 'broker',
  running: boolean,
): Promise<Finding> {
  const code = await tryToListen(host, port);
  if (code === undefined && port === 0) return { about, mark: '✓', text: `${host}, any free port` };
  if (code === undefined) return { about, mark: '✓', text: `${host} port ${port} is free` };
  if (code === 'EADDRINUSE' && running)
    return { about, mark: '✓', text: `${host} port ${port}, in use by the rackwatt that is running` };
  const remedies: Record<string, string> = {
    EADDRINUSE: `another program has it: stop that, or set ${section}.port`,
    EADDRNOTAVAIL: `this machine has no such address: set ${section}.host`,
    ENOTFOUND: `this machine has no such address: set ${section}.host`,
    EACCES: `ports below 1024 are for root: set ${section}.port`,
  };
  const remedy = remedies[code] ?? `set ${section}.host and ${section}.port`;
  return { about, mark: '✗', text: `${host} port ${port} cannot be used (${code})`, remedy };
}

/** The code of what stands in the way; undefined when nothing does. */
function tryToListen(host: string, port: number): Promise<string | undefined> {
  return new Promise((settled) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => settled(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => settled(undefined)));
  });
}

/** `rackwatt check --alive`: whether the service of these settings answers, for health checks. */
export async function checkAlive({ settings }: LoadedSettings): Promise<boolean> {
  return (await ask(settings.http, '/healthz')).status === 200;
}

/** Also where it wants a token first. */
async function rackwattAnswers(http: Settings['http']): Promise<boolean> {
  const { text } = await ask(http, '/api/v1/room');
  return /^\{("atMs":|"type":"urn:rackwatt:problem:)/.test(text);
}

/** The beginning of what is answered there; status 0: nothing. The certificate is ours, whatever its name. */
async function ask(
  { host, port, tls }: Settings['http'],
  path: string,
): Promise<{ status: number; text: string }> {
  const everywhere: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' };
  const { get } = await import(tls === undefined ? 'node:http' : 'node:https');
  const here = everywhere[host] ?? host.replace(/^\[(.*)\]$/, '$1');
  const question = { host: here, port, path, rejectUnauthorized: false, timeout: answerMsMax };
  return new Promise((settle) => {
    const nothing = () => settle({ status: 0, text: '' });
    const asked = (get as typeof import('node:https').get)(question, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        if (text.length < beginningLength) text += part;
      });
      response.on('error', nothing);
      response.on('end', () => settle({ status: response.statusCode ?? 0, text }));
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', nothing);
  });
}

const beginningLength = 1_000;
const answerMsMax = 2_000;

async function diskFinding(store: Settings['store'], place: string): Promise<Finding> {
  const unusable = store.kind === 'influx' ? await folderFinding('disk', place) : undefined;
  if (unusable !== undefined) return unusable;
  const folder = nearestPath(place);
  const { bavail, bsize } = await statfs(folder);
  const freeBytes = bavail * bsize;
  const text = `${gigabytes(freeBytes)} GB free at ${folder}`;
  if (freeBytes >= store.backlog.bytesMax) return { about: 'disk', mark: '✓', text };
  const remedy = `make room, or lower store.backlog.maxBytes (${gigabytes(store.backlog.bytesMax)} GB): readings wait there while the store is away`;
  return { about: 'disk', mark: '✗', text, remedy };
}

/** Reads what the channels need, also their secrets, and sends nothing. */
async function notifyFinding(settings: Settings): Promise<Finding> {
  const about = 'alerts';
  const { NotifySecretError } = await import('../config/notify-secrets.ts');
  const { makeChannels } = await import('../notifying.ts');
  try {
    const channels = makeChannels({
      settings,
      room: settings.room,
      brokerUrl: () => brokerLogin(settings).url,
      httpUrl: () => '',
      clock: systemClock,
      log: makeLog('silent'),
    });
    const names = channels.map(({ name, channel }) => `${name} (${channel.kind})`).join(', ');
    if (channels.length > 0)
      return { about, mark: '✓', text: `told to ${names}; rackwatt notify --test tries them` };
  } catch (error) {
    if (!(error instanceof NotifySecretError)) throw error;
    return { about, mark: '✗', text: error.message, remedy: 'mend notify.channels' };
  }
  return {
    about,
    mark: '!',
    text: 'nobody is told of them, they stand on the page alone',
    remedy: 'set notify.channels, see docs/notifications.md',
  };
}

function nearestPath(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestPath(dirname(path));
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1);
}
