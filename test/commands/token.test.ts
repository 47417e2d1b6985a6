import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashOfToken } from '../../src/base/token.ts';
import { until } from '../room/running.ts';
import { runRackwatt, startRackwatt } from '../run-rackwatt.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rackwatt-token-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const run = (args: string[], input = '') => runRackwatt(['token', ...args], { cwd: folder, input });

function create(...args: string[]): { token: string; line: string } {
  const { status, stdout, stderr } = run(['create', ...args]);
  expect([status, stderr]).toEqual([0, '']);
  return { token: /rackwatt_[\w-]{43}/.exec(stdout)![0], line: /^ +- \{.*\}$/m.exec(stdout)![0].trim() };
}

const write = (...lines: string[]) =>
  writeFileSync(
    join(folder, 'rackwatt.yaml'),
    `access:\n  tokens:\n${lines.map((line) => `    ${line}\n`).join('')}`,
  );

describe('rackwatt token', () => {
  it('create prints a token and the settings that take it; list and check know it', () => {
    const name = 'wall "display", #1: €';
    const view = create('--name', name, '--role', 'view', '--expires', '90d');
    const admin = create('--name', 'admin', '--role', 'operate');
    expect(view.token).not.toBe(admin.token);
    expect(view.line).toContain(hashOfToken(view.token));
    expect(view.line).not.toContain(view.token);
    write(view.line, admin.line);
    const config = ['--config', 'rackwatt.yaml'];
    const { stdout } = run(['list', ...config]);
    expect(stdout).toMatch(/^wall "display", #1: € +view +20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ +sha256:/m);
    expect(stdout).toMatch(/^admin +operate +never +sha256:/m);
    expect(run(['check', ...config], `${admin.token}\n`)).toMatchObject({
      status: 0,
      stdout: 'admin: role operate, never expires\n',
    });
    expect(run(['check', ...config], 'rackwatt_unknown')).toMatchObject({ status: 1, stderr: '' });
    expect(run(['list'])).toMatchObject({ status: 0, stdout: expect.stringContaining('no tokens') });
  });

  it('create prints JSON for scripts', () => {
    const { stdout } = run(['create', '--name', 'a', '--role', 'view', '--expires', '2099-01-31', '--json']);
    const made = JSON.parse(stdout) as Record<string, string>;
    expect(made).toEqual({
      token: made.token,
      name: 'a',
      hash: hashOfToken(made.token!),
      role: 'view',
      expires: '2099-01-31T00:00:00Z',
    });
  });

  it.each([
    [['create', '--role', 'view']],
    [['create', '--name', 'a']],
    [['create', '--name', 'a', '--role', 'admin']],
    [['create', '--name', '', '--role', 'view']],
    [['create', '--name', 'a\nb', '--role', 'view']],
    [['create', '--name', 'a', '--role', 'view', '--expires', 'soon']],
    [['create', '--name', 'a', '--role', 'view', '--expires', '2001-01-31']],
    [['create', '--name', 'a', '--role', 'view', '--expires', 'forever']],
  ])('%j is refused with a reason', (args) => {
    const { status, stdout, stderr } = run(args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/name|role|expires/);
  });
});

describe('a service open to the network', () => {
  const env = () => ({
    RACKWATT_HTTP_HOST: '0.0.0.0',
    RACKWATT_HTTP_PORT: '0',
    RACKWATT_BROKER_PORT: '0',
    RACKWATT_DEMO_RUN: 'never',
    RACKWATT_STORE_PATH: join(folder, 'data'),
  });

  it('does not start without a token, and says how to get one', () => {
    const { status, stderr } = runRackwatt(['serve'], { cwd: folder, env: env() });
    expect(status).toBe(2);
    expect(stderr).toContain('RACKWATT_HTTP_HOST');
    expect(stderr).toContain('rackwatt token create');
  });

  it('lets in who has one, until it is taken out of the settings and SIGHUP tells so', async () => {
    const [kept, revoked] = [
      create('--name', 'a', '--role', 'view'),
      create('--name', 'b', '--role', 'view'),
    ];
    write(kept.line, revoked.line);
    const args = ['serve', '--config', 'rackwatt.yaml'];
    const rackwatt = await startRackwatt(args, { cwd: folder, env: env() });
    const url = /http:\/\/0\.0\.0\.0:\d+/.exec(rackwatt.stdout())?.[0];
    const status = async (token?: string) => {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      return (await fetch(`${url}/api/v1/room`, { headers })).status;
    };
    expect([await status(), await status(kept.token), await status(revoked.token)]).toEqual([401, 200, 200]);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);

    write('- { name: a }');
    rackwatt.child.kill('SIGHUP');
    await until('the mistake is told', () => rackwatt.stderr().includes('access tokens stay as they are'));
    expect(await status(revoked.token)).toBe(200);
    write(kept.line);
    rackwatt.child.kill('SIGHUP');
    await until('the token is refused', async () => (await status(revoked.token)) === 401);
    expect(await status(kept.token)).toBe(200);
    writeFileSync(join(folder, 'rackwatt.yaml'), '');
    rackwatt.child.kill('SIGHUP');
    await until('nobody is let in', async () => (await status(kept.token)) === 401);

    rackwatt.child.kill('SIGTERM');
    expect(await rackwatt.ended).toBe(0);
    for (const text of [rackwatt.stdout(), rackwatt.stderr()]) expect(text).not.toContain('rackwatt_');
  });
});
