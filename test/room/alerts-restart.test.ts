import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Alert, Silence } from '../../src/model/alert.ts';
import { type RunningRackwatt, startRackwatt } from '../run-rackwatt.ts';
import { freePort } from '../servers/free-port.ts';
import { type HookServer, startHookServer } from '../servers/hook-server.ts';
import { type Mosquitto, startMosquitto } from '../servers/mosquitto.ts';
import { scratchFolder, until } from './running.ts';

/** The program as it is started by people, stopped, killed and started again while two breakers carry too much. */

const folder = scratchFolder();
let hook: HookServer;
let broker: Mosquitto;
let meters: MqttClient;
let reporting: NodeJS.Timeout;
let port: number;
let service: RunningRackwatt | undefined;

beforeAll(async () => {
  [hook, broker, port] = await Promise.all([startHookServer(), startMosquitto(), freePort()]);
  meters = await connectAsync(broker.url);
  const energy = JSON.stringify({ ENERGY: { Power: 500, Voltage: 230, Current: 2.2 } });
  const report = () => {
    for (const plug of ['plug-a', 'plug-b']) meters.publish(`tele/${plug}/SENSOR`, energy, { qos: 1 });
  };
  reporting = setInterval(report, 500);
  const breaker = (name: string) => `{ name: ${name}, amps: 2 }`;
  const server = (name: string, plug: string, on: string) =>
    `{ name: ${name}, inputs: [ { outlet: ${plug}, breaker: ${on} } ] }`;
  writeFileSync(
    join(folder, 'rackwatt.yaml'),
    `
mqtt: { url: '${broker.url}' }
http: { port: ${port} }
store: { path: '${join(folder, 'data')}' }
room:
  feeds: [ { name: A, volts: 230, breakers: [ ${breaker('A1')}, ${breaker('A2')} ] } ]
  servers: [ ${server('one', 'plug-a/0', 'A1')}, ${server('two', 'plug-b/0', 'A2')} ]
alerts: { circuitLoad: { raiseAfter: 0s }, startSurge: { enabled: false } }
notify: { gatherSeconds: 0, channels: [ { name: ops, kind: webhook, url: '${hook.url}' } ] }
`,
  );
});
afterAll(async () => {
  clearInterval(reporting);
  service?.child.kill('SIGKILL');
  await Promise.all([meters.endAsync(true), hook.stop(), broker.stop()]);
});

const start = async () => {
  service = await startRackwatt(['serve', '--config', join(folder, 'rackwatt.yaml')], { cwd: folder });
  expect(service.stdout() + service.stderr()).toContain('Ctrl+C');
};
const end = async (signal: NodeJS.Signals) => {
  service!.child.kill(signal);
  await service!.ended;
};
const ask = async <T>(path: string, body?: object): Promise<T> => {
  const init = {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  };
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, body === undefined ? {} : init);
  expect(answer.ok, `${path} ${answer.status}`).toBe(true);
  return (await answer.json()) as T;
};
const firing = async () => {
  const { rows } = await ask<{ rows: Alert[] }>('/alerts?state=firing');
  return rows.sort((a, b) => (a.scope < b.scope ? -1 : 1));
};
const told = () =>
  hook.taken.flatMap(({ body }) =>
    (body as { notices: { kind: string; alert: Alert }[] }).notices.map(
      ({ kind, alert }) => `${kind} ${alert.rule} ${alert.scope}`,
    ),
  );

/** When the newest checkpoint was written. */
const savedMs = () =>
  Math.max(
    0,
    ...readdirSync(join(folder, 'data'))
      .filter((name) => name.startsWith('rackwatt.checkpoint'))
      .map((name) => statSync(join(folder, 'data', name)).mtimeMs),
  );

it('keeps alerts, who has acknowledged them, and silences, when it is stopped and when it is killed, and tells nothing again', async () => {
  await start();
  const before = await until('both breakers carry too much', async () => {
    const rows = await firing();
    return rows.length === 2 && rows;
  });
  await until('both are told', () => told().length === 2);
  await ask(`/alerts/${before[0]!.id}/ack`, { by: 'Ada', note: 'more breakers are on their way' });
  await until('the acknowledgement is told', () => told().length === 3);
  const silence = await ask<Silence>('/silences', {
    scopes: ['breaker:A2'],
    minutes: 60,
    by: 'Bob',
  });
  const silenced = await until('the silence holds', async () => {
    const rows = await firing();
    return rows[1]?.suppressedBy === 'silenced' && rows;
  });
  const silencedMs = Date.now();
  const toldBefore = told();

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    // Without a goodbye, what was said last counts once it is on the disk.
    await until('a checkpoint is written', () => savedMs() > silencedMs);
    await end(signal);
    await start();
    const after = await until(`meters are heard for seconds after ${signal}`, async () => {
      const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      const messages = Number(/^rackwatt_messages_total (\d+)/m.exec(metrics)?.[1]);
      return messages >= 12 && (await firing());
    });
    const lasting = ({ id, scope, ackedBy, ackNote, suppressedBy, suppressedById }: Alert) => ({
      id,
      scope,
      ackedBy,
      ackNote,
      suppressedBy,
      suppressedById,
    });
    expect(after.map(lasting)).toEqual(silenced.map(lasting));
    expect((await ask<{ rows: Silence[] }>('/silences')).rows).toEqual([silence]);
    expect(told()).toEqual(toldBefore);
  }
}, 180_000);
