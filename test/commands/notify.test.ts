import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { notify } from '../../src/commands/notify.ts';
import { loadSettings } from '../../src/config/load.ts';
import { runRackwatt } from '../run-rackwatt.ts';
import { startAlertmanager } from '../servers/alertmanager.ts';
import { freePort } from '../servers/free-port.ts';
import { type HookServer, startHookServer } from '../servers/hook-server.ts';
import { startMailServer } from '../servers/mail-server.ts';
import { startMosquitto } from '../servers/mosquitto.ts';

let hook: HookServer;
beforeAll(async () => {
  hook = await startHookServer();
});
afterAll(() => hook.stop());
beforeEach(() => hook.answer((response) => void response.writeHead(204).end()));

async function run(channels: object[], test?: string | true, env: Record<string, string> = {}) {
  const { settings } = loadSettings({
    env: {
      RACKWATT_NOTIFY: JSON.stringify({
        channels,
        routes:
          channels.length > 1 ? [{ channels: ['ops'], severities: ['critical'], scopes: ['rack:r1'] }] : [],
      }),
      ...env,
    },
    cwd: '/',
  });
  let text = '';
  const out = (more: string) => {
    text += more;
  };
  const well = await notify(settings, { test }, { out, clock: systemClock });
  return { well, text };
}

const ops = () => ({
  name: 'ops',
  kind: 'webhook',
  url: `${hook.url}/s3cret-hook-path`,
  token: 's3cret-token',
});
const phone = () => ({ name: 'phone', kind: 'ntfy', url: hook.url, topic: 'room' });

describe('rackwatt notify', () => {
  test('lists who is told of what, without secrets', async () => {
    const { well, text } = await run([ops(), phone()]);
    expect(well).toBe(true);
    expect(text).toMatch(/^channel +kind +to +is told of\n/);
    expect(text).toMatch(/^ops +webhook +http:\/\/127.0.0.1:\d+ +critical in rack:r1$/m);
    expect(text).toMatch(/^phone +ntfy +http:\/\/127.0.0.1:\d+ +all alerts$/m);
    expect(text).not.toMatch(/s3cret/);
  });

  test('without any channel shows how to make one', async () => {
    expect(await run([])).toMatchObject({ well: true, text: expect.stringMatching(/kind: webhook/) });
    expect((await run([], true)).well).toBe(false);
  });
});

describe('rackwatt notify --test', () => {
  test('sends a test message through the one that is named', async () => {
    const before = hook.taken.length;
    const { well, text } = await run([ops(), phone()], 'phone');
    expect(well).toBe(true);
    expect(text).toMatch(/^✓ phone: ntfy http:\/\/127.0.0.1:\d+ took the test message\n$/);
    expect(hook.taken.length).toBe(before + 1);
    expect(hook.taken.at(-1)?.body).toMatchObject({ topic: 'room' });
  });

  test('without a name through all, each with what became of it', async () => {
    hook.answer(
      (response, { path }) => void response.writeHead(path === '/' ? 200 : 401).end('bad s3cret-token'),
    );
    const { well, text } = await run([ops(), phone()], true);
    expect(well).toBe(false);
    expect(text).toMatch(/^✗ ops: .* does not let us in; look at token.* \(401\): bad …\n✓ phone: /);
  });

  test('says which there are when the name is wrong', async () => {
    expect(await run([ops(), phone()], 'phon')).toEqual({
      well: false,
      text: 'There is no channel "phon". There are: ops, phone\n',
    });
  });

  test('over mail, MQTT and Alertmanager', async () => {
    const [mail, broker, alertmanager] = await Promise.all([
      startMailServer(),
      startMosquitto(),
      startAlertmanager(),
    ]);
    const channels = [
      {
        name: 'mail',
        kind: 'email',
        host: '127.0.0.1',
        port: mail.port,
        security: 'none',
        from: 'a@b.example',
        to: ['c@d.example'],
      },
      { name: 'home', kind: 'mqtt' },
      { name: 'am', kind: 'alertmanager', url: alertmanager.url },
      ops(),
    ];
    const { well, text } = await run(channels, true, { RACKWATT_MQTT_URL: broker.url });
    expect(text.match(/✓/g)).toHaveLength(4);
    expect(well).toBe(true);
    expect(mail.mails[0]?.headers.subject).toMatch(/Test message/);
    expect(alertmanager.posts[0]?.[0]?.labels.alertname).toBe('rackwatt-test');
    await Promise.all([mail.stop(), broker.stop(), alertmanager.stop()]);
  });

  test('when no rackwatt runs, whose broker it would be', async () => {
    const port = await freePort();
    const { well, text } = await run([{ name: 'home', kind: 'mqtt' }], true, {
      RACKWATT_BROKER_PORT: `${port}`,
    });
    expect(well).toBe(false);
    expect(text).toMatch(new RegExp(`^✗ home: .*127.0.0.1:${port}`));
  });

  test('is a command of the program: exit code 1 for what was not taken, 2 for settings that are wrong', async () => {
    const env = {
      RACKWATT_NOTIFY_CHANNELS: '[ { name: ops, kind: webhook, url: "http://127.0.0.1:1/s3cret-path" } ]',
    };
    const failed = runRackwatt(['notify', '--test', 'ops'], { env });
    expect(failed).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/^✗ ops: http:\/\/127.0.0.1:1 /),
    });
    expect(`${failed.stdout}${failed.stderr}`).not.toMatch(/s3cret/);
    expect(runRackwatt(['notify'], { env: { RACKWATT_NOTIFY_CHANNELS: '[ { name: x } ]' } }).status).toBe(2);
    expect(runRackwatt(['notify', '--help']).stdout).toMatch(/Examples:\n {2}rackwatt notify/);
  });
});
