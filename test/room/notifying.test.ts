import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { NotifiersAnswer, RoomAnswer } from '../../src/api/shapes.ts';
import type { Alert } from '../../src/model/alert.ts';
import { type AlertmanagerStandIn, startAlertmanager } from '../servers/alertmanager.ts';
import { freePort } from '../servers/free-port.ts';
import { type HookServer, startHookServer } from '../servers/hook-server.ts';
import { type MailServer, startMailServer } from '../servers/mail-server.ts';
import { until as lookUntil, runApp, scratchFolder, type TestedApp } from './running.ts';

/** The whole service with its demo room, and real ends of every kind of channel. */

/** A demo room looks back on weeks before it is told of anything: patience for a busy machine. */
const patienceMs = 60_000;
const until: typeof lookUntil = (what, look) => lookUntil(what, look, patienceMs);

let hook: HookServer;
let mail: MailServer;
let alertmanager: AlertmanagerStandIn;
let closedPort: number;
const running: TestedApp[] = [];

beforeAll(async () => {
  [hook, mail, alertmanager] = await Promise.all([startHookServer(), startMailServer(), startAlertmanager()]);
  closedPort = await freePort();
});
afterEach(() => Promise.all(running.splice(0).map((app) => app.dispose())));
afterAll(() => Promise.all([hook.stop(), mail.stop(), alertmanager.stop()]));

async function run(channels: object[], folder: string, clientId: string): Promise<TestedApp> {
  const app = await runApp(
    {
      RACKWATT_DEMO_RUN: 'always',
      RACKWATT_MQTT_CLIENT_ID: clientId,
      RACKWATT_NOTIFY: JSON.stringify({
        channels,
        gatherSeconds: 0,
        digestAbove: 100,
        messagesPerMinute: 600,
      }),
    },
    folder,
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
  // Nobody is there: nobody else is to notice.
  { name: 'nobody', kind: 'webhook', url: `http://127.0.0.1:${closedPort}/s3cret-nobody` },
];

/** `kind scope` of every notice the webhook was told of one rule. */
const hooked = (rule: string) =>
  hook.taken.flatMap(({ body }) =>
    (body as { notices: { kind: string; alert: Alert }[] }).notices
      .filter(({ alert }) => alert.rule === rule)
      .map(({ kind, alert }) => `${kind} ${alert.scope}`),
  );
const mails = (scope: string) => mail.mails.filter(({ headers }) => headers.subject?.includes(scope));

test('an alert of the demo room reaches a webhook, a mailbox, Alertmanager and MQTT, once each, and no more after a restart', async () => {
  const folder = scratchFolder();
  const app = await run(channels(), folder, 'notifying-1');
  const client: MqttClient = await connectAsync(app.brokerUrl);
  const standing = new Map<string, string>();
  client.on('message', (topic, payload) => void standing.set(topic, payload.toString()));
  await client.subscribeAsync(['rackwatt/#', 'homeassistant/#']);

  const scope = 'server:old-erp-01';
  await until('the webhook is told', () => hooked('high-idle').includes(`firing ${scope}`));
  await until('the mailbox has it', () => mails(scope).length > 0);
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
    ['nobody', 'webhook', 'failing'],
  ]);
  expect(JSON.stringify(notifiers)).not.toMatch(/s3cret/);
  const metrics = await (await fetch(`${app.httpUrl}/metrics`)).text();
  expect(metrics).toMatch(/rackwatt_notify_ok\{notifier="nobody"\} 0/);
  expect(metrics).not.toMatch(/s3cret/);
  await client.endAsync();
  await app.stop();
  running.pop();

  expect(hooked('high-idle').filter((told) => told === `firing ${scope}`)).toHaveLength(1);
  expect(mails(scope)).toHaveLength(1);
  const next = await run(channels(), folder, 'notifying-1');
  const again = await connectAsync(next.brokerUrl);
  const now = new Map<string, string>();
  again.on('message', (topic, payload) => void now.set(topic, payload.toString()));
  await again.subscribeAsync('rackwatt/#');
  // The built-in broker has forgotten everything; what stands is put there again.
  await until('MQTT has it again', () => now.has(`rackwatt/alert/high-idle/${scope}`));
  await until('figures come again', () => now.has(`rackwatt/figure/${scope}`));
  await until('a tick has passed in which the past was taken up', async () => {
    const { rows } = (await next.get('/api/v1/alerts')).body as { rows: Alert[] };
    return rows.some(({ rule, state }) => rule === 'high-idle' && state === 'firing');
  });
  await again.endAsync();
  await next.stop();
  running.pop();
  expect(hooked('high-idle').filter((told) => told === `firing ${scope}`)).toHaveLength(1);
  expect(mails(scope)).toHaveLength(1);
}, 180_000);
