import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { NotifiersAnswer, RoomAnswer } from '../../src/api/shapes.ts';
import type { Alert } from '../../src/model/alert.ts';
import { type AlertmanagerStandIn, startAlertmanager } from '../servers/alertmanager.ts';
import { freePort } from '../servers/free-port.ts';
import { type HookServer, startHookServer } from '../servers/hook-server.ts';
import { type MailServer, startMailServer } from '../servers/mail-server.ts';
import { type Mosquitto, startMosquitto } from '../servers/mosquitto.ts';
import { until as lookUntil, runApp, scratchFolder, type TestedApp } from './running.ts';
import { SteppedClock } from './stepped-clock.ts';

/** The whole service with its demo room, and real ends of every kind of channel. */

/** A demo room looks back on weeks before it is told of anything: patience for a busy machine. */
const patienceMs = 300_000;
const until: typeof lookUntil = (what, look) => lookUntil(what, look, patienceMs);

let hook: HookServer;
let mail: MailServer;
let alertmanager: AlertmanagerStandIn;
let mosquitto: Mosquitto;
let closedPort: number;
const clock = new SteppedClock();
const running: TestedApp[] = [];

beforeAll(async () => {
  [hook, mail, alertmanager, mosquitto] = await Promise.all([
    startHookServer(),
    startMailServer(),
    startAlertmanager(),
    startMosquitto(),
  ]);
  closedPort = await freePort();
});
afterEach(() => Promise.all(running.splice(0).map((app) => app.dispose())));
afterAll(() => {
  clock.stop();
  return Promise.all([hook.stop(), mail.stop(), alertmanager.stop(), mosquitto.stop()]);
});

async function run(channels: object[], folder: string, clientId: string): Promise<TestedApp> {
  const app = await runApp(
    {
      RACKWATT_DEMO_RUN: 'always',
      RACKWATT_MQTT_CLIENT_ID: clientId,
      // Its ten minutes are waited for in the week of the demo (test/alerts).
      RACKWATT_ALERTS_FAILOVER_OVERLOAD_RAISE_AFTER: '3m',
      RACKWATT_NOTIFY: JSON.stringify({
        channels,
        gatherSeconds: 0,
        digestAbove: 100,
        messagesPerMinute: 600,
      }),
    },
    folder,
    undefined,
    clock,
  );
  running.push(app);
  return app;
}

const channels = () => [
  { name: 'ops', kind: 'webhook', url: `${hook.url}/s3cret-hook-path` },
  {
    name: 'admins',
    kind: 'email',
    host: '127.0.0.1',
    port: mail.port,
    security: 'none',
    from: 'rackwatt@example.org',
    to: ['admins@example.org'],
  },
  { name: 'am', kind: 'alertmanager', url: alertmanager.url },
  { name: 'home', kind: 'mqtt', figuresSeconds: 1 },
  { name: 'house', kind: 'mqtt', url: mosquitto.url, figuresSeconds: 3600, homeAssistant: false },
  // Nobody is there: nobody else is to notice.
  { name: 'nobody', kind: 'webhook', url: `http://127.0.0.1:${closedPort}/s3cret-nobody` },
];

/** What is planted in the demo room: a plug that says nothing, a breaker that could not take over, an idler, a dead supply. */
const planted = [
  'device-silent device:plug-lab-02',
  'failover-overload breaker:B3',
  'high-idle server:old-erp-01',
  'redundancy-lost server:db-02',
];
/** The longest of the dwells, and some more. */
const dwellsMs = 5 * 60_000;

/** `kind rule scope` of every notice the webhook was told. */
const hooked = () =>
  hook.taken.flatMap(({ body }) =>
    (body as { notices: { kind: string; alert: Alert }[] }).notices.map(
      ({ kind, alert }) => `${kind} ${alert.rule} ${alert.scope}`,
    ),
  );
/** Subjects name what is wrong first, and of several how many. */
const mailed = () => mail.mails.map(({ headers, text }) => `${headers.subject}\n${text}`);
const mails = (scope: string) => mailed().filter((text) => text.includes(scope)).length;

/** Told once each by hook and mail, whatever else was to be told. */
function expectPlanted(): void {
  expect(hooked().sort()).toEqual(planted.map((what) => `firing ${what}`));
  expect(mail.mails.map(({ headers }) => headers.subject)).toHaveLength(planted.length);
  for (const what of planted) expect(mails(what.split(' ')[1]!), what).toBe(1);
}

/** Retained under `rackwatt/alert`, `rule scope`, as long as it fires. */
const onBoard = (standing: ReadonlyMap<string, string>) =>
  [...standing]
    .filter(([topic, payload]) => topic.startsWith('rackwatt/alert/') && payload !== '')
    .map(([topic]) => topic.slice('rackwatt/alert/'.length).replace('/', ' '))
    .sort();

test('the faults of the demo room, and nothing else, reach a webhook, a mailbox, Alertmanager and MQTT, once each, and no more after a restart', async () => {
  const folder = scratchFolder();
  const app = await run(channels(), folder, 'notifying-1');
  const client: MqttClient = await connectAsync(app.brokerUrl);
  const standing = new Map<string, string>();
  client.on('message', (topic, payload) => void standing.set(topic, payload.toString()));
  await client.subscribeAsync(['rackwatt/#', 'homeassistant/#']);
  const house = await connectAsync(mosquitto.url);
  const inHouse = new Map<string, string>();
  const housed: string[] = [];
  house.on('message', (topic, payload) => {
    inHouse.set(topic, payload.toString());
    if (topic.startsWith('rackwatt/alert/')) housed.push(topic);
  });
  await house.subscribeAsync('rackwatt/#');

  const scope = 'server:old-erp-01';
  await until('the webhook is told', () => hooked().includes(`firing high-idle ${scope}`));
  await until('the mailbox has it', () => mails(scope) > 0);
  await until('Alertmanager has it', () =>
    alertmanager
      .firingAt(Date.now())
      .some(({ labels }) => labels.scope === scope && labels.alertname === 'high-idle'),
  );
  const alert = await until('MQTT has it', () => standing.get(`rackwatt/alert/high-idle/${scope}`));
  expect((JSON.parse(alert) as Alert).state).toBe('firing');

  // Home Assistant finds figures and alerts by itself, and nothing of that comes back as a meter.
  const config = await until('announced', () =>
    standing.get('homeassistant/device/rackwatt_server-old-erp-01/config'),
  );
  expect((JSON.parse(config) as { device: { name: string } }).device.name).toBe('old-erp-01');
  const figure = await until('a figure', () => {
    const told = JSON.parse(standing.get(`rackwatt/figure/${scope}`) ?? '{}') as { watts?: number };
    return typeof told.watts === 'number' && told;
  });
  expect(figure.watts).toBeGreaterThan(500);
  await until('the problem stands', () => standing.get(`rackwatt/problem/${scope}`)?.includes('"ON"'));
  const { figures } = (await app.get('/api/v1/room')).body as RoomAnswer;
  expect(Object.keys(figures).filter((one) => one.includes('rackwatt'))).toEqual([]);

  const notifiers = await until('one fails', async () => {
    const { rows } = (await app.get('/api/v1/notifiers')).body as NotifiersAnswer;
    return rows.some(({ state }) => state === 'failing') && rows;
  });
  expect(notifiers.map(({ name, kind, state }) => [name, kind, state])).toEqual([
    ['ops', 'webhook', 'ok'],
    ['admins', 'email', 'ok'],
    ['am', 'alertmanager', 'ok'],
    ['home', 'mqtt', 'ok'],
    ['house', 'mqtt', 'ok'],
    ['nobody', 'webhook', 'failing'],
  ]);
  expect(JSON.stringify(notifiers)).not.toMatch(/s3cret/);
  const metrics = await (await fetch(`${app.httpUrl}/metrics`)).text();
  expect(metrics).toMatch(/rackwatt_notify_ok\{notifier="nobody"\} 0/);
  expect(metrics).not.toMatch(/s3cret/);
  // Whether the supply that is at 0 ever carried is asked of weeks that are being made up.
  await until('its past is there', async () => {
    await clock.pass(5_000);
    const { rows } = (await app.get('/api/v1/alerts')).body as { rows: Alert[] };
    return rows.some(({ rule }) => rule === 'redundancy-lost');
  });
  await clock.pass(dwellsMs);
  await until('all four are hooked', () => hooked().length >= planted.length);
  await until('all four are mailed', () => mail.mails.length >= planted.length);
  await until('all four stand in the house', () => onBoard(inHouse).length >= planted.length);
  expectPlanted();
  expect(onBoard(inHouse)).toEqual(planted);
  expect(onBoard(standing)).toEqual(planted);
  expect(
    alertmanager
      .firingAt(clock.nowMs())
      .map(({ labels }) => `${labels.alertname} ${labels.scope}`)
      .sort(),
  ).toEqual(planted);
  await client.endAsync();
  await app.stop();
  running.pop();

  const next = await run(channels(), folder, 'notifying-1');
  const again = await connectAsync(next.brokerUrl);
  const now = new Map<string, string>();
  again.on('message', (topic, payload) => void now.set(topic, payload.toString()));
  await again.subscribeAsync('rackwatt/#');
  // The built-in broker has forgotten everything; what stands is put there again.
  await until('MQTT has it again', () => now.has(`rackwatt/alert/high-idle/${scope}`));
  await until('figures come again', () => now.has(`rackwatt/figure/${scope}`));
  await until('a tick has passed in which the past was taken up', async () => {
    const { rows } = (await next.get('/api/v1/alerts?state=firing')).body as { rows: Alert[] };
    return rows.length === planted.length;
  });
  await clock.pass(dwellsMs);
  expect(onBoard(now)).toEqual(planted);
  expect(onBoard(inHouse)).toEqual(planted);
  await Promise.all([again.endAsync(), house.endAsync()]);
  await next.stop();
  running.pop();
  expectPlanted();
  expect(new Set(housed).size).toBe(planted.length);
}, 600_000);
