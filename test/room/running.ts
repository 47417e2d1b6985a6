import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import WebSocket from 'ws';
import { type RunningApp, startApp } from '../../src/app.ts';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { makeLog } from '../../src/base/log.ts';
import { loadSettings, runsDemo } from '../../src/config/load.ts';
import type { FigureChange, ServerMessage } from '../../src/live/protocol.ts';
import type { Figure } from '../../src/model/figure.ts';

/** The whole service in this process, on free ports, with a scratch folder. */
export interface TestedApp extends RunningApp {
  readonly folder: string;
  get(path: string): Promise<{ status: number; body: never }>;
  /** Ends the service and removes its folder. */
  dispose(): Promise<void>;
}

/** `webRoot`: folder of a built page, where the page is what is tested. */
export async function runApp(
  env: Record<string, string>,
  folder = scratchFolder(),
  webRoot?: string,
  clock: Clock = systemClock,
): Promise<TestedApp> {
  const { settings, configured } = loadSettings({
    env: {
      RACKWATT_HTTP_PORT: '0',
      RACKWATT_BROKER_PORT: '0',
      RACKWATT_DEMO_RUN: 'never',
      RACKWATT_STORE_PATH: folder,
      ...env,
    },
    cwd: process.cwd(),
  });
  const app = await startApp({
    settings,
    demo: runsDemo(settings, configured),
    clock,
    log: makeLog('silent'),
    webRoot,
    demoPastDays: 2,
  });
  return {
    ...app,
    folder,
    async get(path) {
      const answer = await fetch(`${app.httpUrl}${path}`);
      return { status: answer.status, body: (await answer.json()) as never };
    },
    async dispose() {
      await app.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function scratchFolder(): string {
  return mkdtempSync(join(tmpdir(), 'rackwatt-room-'));
}

/** Waits until `look` answers something, at most `withinMs`; says what it waited for when it does not. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  withinMs = 60_000,
): Promise<T> {
  const giveUpMs = Date.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > giveUpMs) throw new Error(`waited ${withinMs} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The machine's clock, ahead by as much as a test has moved it: hours of readings pass in a moment. */
export class AheadClock implements Clock {
  #aheadMs = 0;
  readonly every = systemClock.every;
  readonly after = systemClock.after;

  nowMs(): number {
    return systemClock.nowMs() + this.#aheadMs;
  }

  advance(byMs: number): void {
    this.#aheadMs += byMs;
  }
}

/** A page: holds what snapshot and frames have told. */
export interface WatchedPage {
  readonly figures: Map<string, Figure>;
  readonly messages: ServerMessage[];
  close(): void;
}

export async function watch(app: RunningApp, scopes = ['*'], intervalMs = 100): Promise<WatchedPage> {
  const socket = new WebSocket(`${app.httpUrl.replace('http', 'ws')}/api/v1/live`, 'rackwatt.live.v1');
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  const figures = new Map<string, Figure>();
  const messages: ServerMessage[] = [];
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as ServerMessage;
    messages.push(message);
    if (message.type === 'snapshot') figures.clear();
    if (message.type !== 'snapshot' && message.type !== 'frame') return;
    for (const [scope, change] of Object.entries(message.figures)) {
      figures.set(scope, changed(figures.get(scope), change));
    }
  });
  socket.send(JSON.stringify({ type: 'subscribe', scopes, intervalMs }));
  return { figures, messages, close: () => socket.terminate() };
}

function changed(figure: Figure | undefined, change: FigureChange): Figure {
  const next = { ...figure, ...change } as Record<string, unknown>;
  for (const key of Object.keys(next)) if (next[key] === null) delete next[key];
  return next as unknown as Figure;
}
