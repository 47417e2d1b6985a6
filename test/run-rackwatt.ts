import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { until } from './base/until.ts';

const program = join(import.meta.dirname, '../src/rackwatt.mjs');

/** Nothing of the caller's own settings gets in. */
function cleanEnv(env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('RACKWATT_') && !/^(VITEST|NODE_)/.test(name),
  );
  return { ...Object.fromEntries(kept), ...env };
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** Runs the program as a user would, to its end. */
export function runRackwatt(args: readonly string[], { cwd, env = {}, input = '' }: RunOptions = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
    cwd,
    env: cleanEnv(env),
    input,
    timeout: 120_000,
  });
  return { status, stdout, stderr };
}

export interface RunningRackwatt {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Resolves with the exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
}

/** Starts the program and waits until it says that it is running (or has ended). */
export async function startRackwatt(
  args: readonly string[],
  { cwd, env = {} }: RunOptions = {},
): Promise<RunningRackwatt> {
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: cleanEnv(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  let over = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<number | null>((resolve) => {
    child.on('close', (code) => {
      over = true;
      resolve(code);
    });
  });
  process.once('exit', () => child.kill('SIGKILL'));
  await until(
    () => over || /Ctrl\+C/.test(stdout),
    () => `the start message; so far: ${stdout}${stderr}`,
    60_000,
  );
  return { child, ended, stdout: () => stdout, stderr: () => stderr };
}
