// `npm run soak -- [--minutes 30] [--rate 5000] [--store embedded|influx] [--outlets 2000]`: a steady load on the real
// service (mosquitto, a store, one live page, its API polled), its memory sampled. Says by how much it grows after the
// warm-up, and ends with code 1 when that is not flat. Beside it the same for a process that only takes the messages.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import WebSocket from 'ws';
import { startService } from '../bench/service.ts';
import { startInfluxd } from '../servers/influxd.ts';
import { startMosquitto } from '../servers/mosquitto.ts';
import { SteadyMeters } from './steady-meters.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    rate: { type: 'string', default: '5000' },
    outlets: { type: 'string', default: '2000' },
    store: { type: 'string', default: 'embedded' },
  },
});
const minutes = Number(values.minutes);
const rate = Number(values.rate);
const outlets = Number(values.outlets);
if (!(minutes > 0 && rate > 0 && outlets > 0) || !['embedded', 'influx'].includes(values.store)) {
  console.error('npm run soak -- --minutes 30 --rate 5000 --outlets 2000 --store embedded|influx');
  process.exit(2);
}

/** Memory of a process, MB. */
interface Sample {
  readonly atMinutes: number;
  readonly rss: number;
  readonly held: number;
}

const sampleMs = 5_000;
/**
 * Caches, compiled code and the journal fill up first; and a start is followed for a quarter of an hour, so only then
 * as many end as begin.
 */
const warmUpShare = 0.4;
const warmUpMinutes = 16;
/** Growth by the hour that is still called flat, of what is held and of the process as the system sees it. */
const flatHeldPerHour = 24;
const flatRssPerHour = 60;

const mosquitto = await startMosquitto();
const influxd = values.store === 'influx' ? await startInfluxd() : undefined;
const service = await startService(
  {
    RACKWATT_MQTT_URL: mosquitto.url,
    RACKWATT_STORE_KIND: values.store,
    ...(influxd === undefined ? {} : { RACKWATT_STORE_INFLUX_URL: influxd.url }),
  },
  ['--expose-gc'],
);
while ((await fetch(`${service.httpUrl}/readyz`)).status !== 200) await pass(50);
const bare = await bareReader(mosquitto.url);
const page = await watchLive(service.httpUrl);
const meters = new SteadyMeters(mosquitto.port, outlets, rate);
meters.start();
const startedMs = performance.now();
const samples: Sample[] = [];
const slowest = { ms: 0, path: '' };
const paths = [
  '/api/v1/room',
  '/api/v1/history?scope=room',
  '/api/v1/devices',
  '/api/v1/idle',
  '/metrics',
  '/readyz',
];
let asked = 0;
for (let n = 0; performance.now() - startedMs < minutes * 60_000; n += 1) {
  await pass(sampleMs);
  await ask(paths[n % paths.length]!);
  const atMinutes = (performance.now() - startedMs) / 60_000;
  // A collection each time would hide what the process itself does: only now and then is what it holds looked at.
  const counts = await service.counts(n % 6 === 0);
  if (n % 6 !== 0) continue;
  const sample = { atMinutes, rss: counts.rssBytes / 2 ** 20, held: counts.heldBytes / 2 ** 20 };
  samples.push(sample);
  console.log(
    `${atMinutes.toFixed(1)} min: rss ${sample.rss.toFixed(0)} MB, held ${sample.held.toFixed(0)} MB, ${counts.readings} readings, ${counts.queued} waiting, backlog ${counts.backlog}, dropped ${counts.dropped}; bare rss ${bare.rss().toFixed(0)} MB`,
  );
}
await meters.stop();
await pass(2_000);
const last = await service.counts(true);
const ready = (await (await fetch(`${service.httpUrl}/readyz`)).json()) as object;
const warmMinutes = Math.max(minutes * warmUpShare, Math.min(warmUpMinutes, minutes * 0.6));
const warm = samples.filter(({ atMinutes }) => atMinutes >= warmMinutes);
const rssPerHour = slopePerHour(warm, ({ rss }) => rss);
const heldPerHour = slopePerHour(warm, ({ held }) => held);
const flat = heldPerHour < flatHeldPerHour && rssPerHour < flatRssPerHour;
console.table([
  {
    store: values.store,
    minutes,
    'readings/s': Math.round(last.readings / ((performance.now() - startedMs) / 1000)),
    sent: meters.sent,
    read: last.readings,
    dropped: last.dropped,
    'rss MB': Math.round(warm.at(-1)?.rss ?? 0),
    'rss MB/h': Math.round(rssPerHour * 10) / 10,
    'held MB': Math.round(warm.at(-1)?.held ?? 0),
    'held MB/h': Math.round(heldPerHour * 10) / 10,
    'slowest answer ms': Math.round(slowest.ms),
    answers: asked,
    frames: page.frames(),
    verdict: flat ? 'flat' : 'GROWS',
  },
]);
console.log(`slowest: ${slowest.path}; at the end ${JSON.stringify(ready)}`);
page.close();
bare.close();
await service.stop();
service.remove();
await mosquitto.stop();
await influxd?.stop();
process.exit(flat ? 0 : 1);

async function ask(path: string): Promise<void> {
  const fromMs = performance.now();
  const answer = await fetch(`${service.httpUrl}${path}`);
  await answer.arrayBuffer();
  const ms = performance.now() - fromMs;
  asked += 1;
  if (ms > slowest.ms) Object.assign(slowest, { ms, path });
}

/** By least squares. */
function slopePerHour(points: readonly Sample[], read: (sample: Sample) => number): number {
  const meanX = points.reduce((sum, { atMinutes }) => sum + atMinutes, 0) / points.length;
  const meanY = points.reduce((sum, point) => sum + read(point), 0) / points.length;
  let above = 0;
  let below = 0;
  for (const point of points) {
    above += (point.atMinutes - meanX) * (read(point) - meanY);
    below += (point.atMinutes - meanX) ** 2;
  }
  return below === 0 ? 0 : (above / below) * 60;
}

async function watchLive(url: string) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/live`, 'rackwatt.live.v1');
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  let frames = 0;
  socket.on('message', () => {
    frames += 1;
  });
  socket.send(JSON.stringify({ type: 'subscribe', scopes: ['*'], intervalMs: 1000 }));
  return { frames: () => frames, close: () => socket.terminate() };
}

/** The same messages taken by mqtt.js and parsed, in a process of its own: what the platform alone does. */
async function bareReader(url: string) {
  const { spawn } = await import('node:child_process');
  const program = `import mqtt from 'mqtt'; const c = mqtt.connect(${JSON.stringify(url)}); c.on('connect', () => c.subscribe('tele/#')); c.on('message', (t, p) => JSON.parse(p));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: import.meta.dirname,
    stdio: 'ignore',
  });
  return {
    rss: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024,
    close: () => child.kill('SIGKILL'),
  };
}

function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
