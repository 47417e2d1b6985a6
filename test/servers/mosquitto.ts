import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectPlain, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { type Certificates, makeCertificates } from './certificates.ts';
import { freePort } from './free-port.ts';

export interface MosquittoOptions {
  /** Only this user may connect. */
  readonly auth?: { readonly username: string; readonly password: string } | undefined;
  /** `true`: a TLS listener; `client`: one that wants a client certificate as well. */
  readonly tls?: boolean | 'client' | undefined;
  /** Sessions and retained messages outlive `restart` and, saved at every change, `kill`. */
  readonly persistence?: boolean | undefined;
  /** Subscriptions to these filters are refused. (An `acl_file` refuses none, it only keeps the messages back.) */
  readonly refusedFilters?: readonly string[] | undefined;
  /** More lines of settings; a key given here replaces ours, but a `listener` comes on top. */
  readonly extraConfig?: string | undefined;
}

/** A real mosquitto on a port of 127.0.0.1, in a scratch folder, gone with the test process. */
export interface Mosquitto {
  /** `mqtt://127.0.0.1:PORT`, or `mqtts://localhost:PORT`. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly certificates: Certificates | undefined;
  stop(): Promise<void>;
  /** Ends it properly and starts it again on the same port. */
  restart(): Promise<void>;
  /** Ends it without a goodbye; `restart` brings it back. */
  kill(): Promise<void>;
  /** Freezes it: the port is open, nothing answers. */
  pause(): void;
  resume(): void;
  log(): string;
}

const binary = 'mosquitto';
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const folder = mkdtempSync(join(tmpdir(), 'mosquitto-'));
  const port = await freePort();
  const certificates = options.tls ? makeCertificates(folder) : undefined;
  writeFileSync(join(folder, 'm.conf'), settings(folder, port, options, certificates));
  const isUp = () => answers(port, certificates);
  let child = await launch(folder, isUp);
  const end = (signal: NodeJS.Signals) => endChild(child, signal);
  return {
    url: certificates ? `mqtts://localhost:${port}` : `mqtt://127.0.0.1:${port}`,
    port,
    get pid() {
      return child.pid as number;
    },
    certificates,
    async stop() {
      await end('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
    async restart() {
      await end('SIGTERM');
      child = await launch(folder, isUp);
    },
    kill: () => end('SIGKILL'),
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    log: () => readLog(folder),
  };
}

function settings(
  folder: string,
  port: number,
  options: MosquittoOptions,
  tls: Certificates | undefined,
): string {
  const lines = [
    `listener ${port} 127.0.0.1`,
    `allow_anonymous ${options.auth === undefined}`,
    `persistence ${options.persistence === true}`,
    `log_dest file ${join(folder, 'm.log')}`,
    'log_type error',
    'log_type warning',
    'sys_interval 1',
    // The defaults (20 and 1000) throttle and drop under pressure.
    'max_inflight_messages 0',
    'max_queued_messages 100000',
    'set_tcp_nodelay true',
  ];
  if (options.persistence)
    lines.push(`persistence_location ${folder}/`, 'autosave_on_changes true', 'autosave_interval 1');
  // Started by root it would change to its own user, who cannot read the scratch folder.
  if (process.getuid?.() === 0) lines.push('user root');
  if (options.auth) lines.push(`password_file ${writePasswords(folder, options.auth)}`);
  if (options.refusedFilters) lines.push(...refusing(folder, options.refusedFilters));
  if (tls) lines.push(`cafile ${tls.files.ca}`, `certfile ${tls.files.cert}`, `keyfile ${tls.files.key}`);
  if (options.tls === 'client') lines.push('require_certificate true');
  const extra = options.extraConfig?.split('\n').filter((line) => line.trim() !== '') ?? [];
  const replaced = new Set(
    extra.map((line) => line.trim().split(' ')[0]).filter((key) => key !== 'listener'),
  );
  return `${[...lines.filter((line) => !replaced.has(line.split(' ')[0])), ...extra].join('\n')}\n`;
}

/**
 * Everybody may do everything, but not subscribe to these; and may change that by the plug-in's command
 * `removeRoleACL` for the role `everybody`.
 */
function refusing(folder: string, filters: readonly string[]): string[] {
  const [plugin] = globSync('/usr/lib/{*/,}mosquitto_dynamic_security.so');
  if (plugin === undefined)
    throw new Error('mosquitto_dynamic_security.so, a part of mosquitto 2, is missing');
  const acls = filters.map((topic) => ({ acltype: 'subscribeLiteral', topic, allow: false, priority: 1 }));
  const control = { acltype: 'publishClientSend', topic: '$CONTROL/#', allow: true, priority: 1 };
  const access = { publishClientSend: true, publishClientReceive: true, subscribe: true, unsubscribe: true };
  const file = join(folder, 'security.json');
  const rules = {
    defaultACLAccess: access,
    roles: [{ rolename: 'everybody', acls: [...acls, control] }],
    groups: [{ groupname: 'all', roles: [{ rolename: 'everybody' }] }],
    anonymousGroup: 'all',
  };
  writeFileSync(file, JSON.stringify(rules));
  return [`plugin ${plugin}`, `plugin_opt_config_file ${file}`];
}

function writePasswords(folder: string, auth: { username: string; password: string }): string {
  const file = join(folder, 'passwords');
  execFileSync('mosquitto_passwd', ['-c', '-b', file, auth.username, auth.password], { stdio: 'ignore' });
  return file;
}

async function launch(folder: string, isUp: () => Promise<boolean>): Promise<ChildProcess> {
  const child = spawn(binary, ['-c', join(folder, 'm.conf')], { stdio: ['ignore', 'ignore', 'pipe'] });
  let problem = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    problem = (problem + text).slice(-2_000);
  });
  child.on('error', (error) => {
    problem = 'code' in error && error.code === 'ENOENT' ? missing : String(error);
  });
  running.add(child);
  child.on('exit', () => running.delete(child));
  const deadlineMs = Date.now() + 60_000;
  while (!(await isUp())) {
    if (problem === missing) throw new Error(missing);
    if (child.exitCode !== null || Date.now() > deadlineMs) {
      child.kill('SIGKILL');
      throw new Error(`mosquitto did not start: ${problem} ${readLog(folder)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return child;
}

const missing = `these tests need the real broker "${binary}": apt-get install mosquitto`;

function readLog(folder: string): string {
  try {
    return readFileSync(join(folder, 'm.log'), 'utf8');
  } catch {
    return '';
  }
}

async function endChild(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  // One that is frozen would keep the signal for later.
  child.kill('SIGCONT');
  child.kill(signal);
  const cancel = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await gone;
  clearTimeout(cancel);
}

/** Whether a CONNECT gets a CONNACK, be it a refusal. */
async function answers(port: number, tls: Certificates | undefined): Promise<boolean> {
  const connectPacket = Buffer.from('\x10\x11\x00\x04MQTT\x04\x02\x00\x0a\x00\x05probe', 'latin1');
  return await new Promise((resolve) => {
    const socket: Socket = tls
      ? connectTls({ port, host: '127.0.0.1', ca: tls.ca, ...tls.client })
      : connectPlain({ port, host: '127.0.0.1' });
    const answer = (up: boolean) => {
      socket.destroy();
      resolve(up);
    };
    socket.setTimeout(1_000, () => answer(false));
    socket.on('error', () => answer(false));
    socket.on('close', () => answer(false));
    socket.on(tls ? 'secureConnect' : 'connect', () => socket.write(connectPacket));
    socket.on('data', (bytes) => answer(bytes[0] === 0x20));
  });
}
