import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import type { Chance } from '../devices/mutated-message.ts';
import { type MadeRequest, mutatedFrame, mutatedRequest } from './mutated-request.ts';

export interface FuzzTarget {
  readonly url: string;
  readonly credentials: readonly Readonly<Record<string, string>>[];
}

export interface FuzzTally {
  requests: number;
  frames: number;
  /** Answers by status; 0: the connection ended without one. */
  readonly byStatus: Map<number, number>;
  slowestMs: number;
  /** What took so long, and what was answered. */
  slowest: string;
  /** What must not be, each kind once. */
  readonly findings: Set<string>;
}

/** No answer within this is a hang; the store's own patience is 20 s. */
const hangMs = 30_000;
const findingsMax = 30;

export function noTally(): FuzzTally {
  return { requests: 0, frames: 0, byStatus: new Map(), slowestMs: 0, slowest: '', findings: new Set() };
}

/** Sends `count` changed requests, some at once, and some clients of the live stream beside them. */
export async function fuzz(
  target: FuzzTarget,
  chance: Chance,
  count: number,
  tally: FuzzTally,
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  let left = count;
  const worker = async () => {
    for (; left > 0; ) {
      left -= 1;
      await one(target, agent, mutatedRequest(chance, target.credentials), tally);
      if (chance.below(100) === 0) await rawBytes(target, chance, tally);
      if (chance.below(150) === 0) await liveClient(target, chance, tally);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  agent.destroy();
}

const atOnce = 16;

function note({ findings }: FuzzTally, what: string): void {
  if (findings.size < findingsMax) findings.add(what);
}

async function one(target: FuzzTarget, agent: Agent, made: MadeRequest, tally: FuzzTally): Promise<void> {
  const startMs = performance.now();
  const { status, text, retryAfter } = await send(target.url, agent, made);
  tally.requests += 1;
  tally.byStatus.set(status, (tally.byStatus.get(status) ?? 0) + 1);
  const about = `${made.method} ${made.path.slice(0, 200)} ${JSON.stringify(made.headers).slice(0, 200)} ${made.body?.slice(0, 200)}`;
  const tookMs = performance.now() - startMs;
  if (tookMs > tally.slowestMs) {
    tally.slowestMs = tookMs;
    tally.slowest = `${status} after ${Math.round(tookMs)} ms: ${about} → ${text.slice(0, 200)}`;
  }
  // It says by its status whether all is well, and in its own words what is not.
  if (status === 503 && text.startsWith('{"ready":false')) return;
  if (status === -1) note(tally, `hang: ${about}`);
  if (status >= 500 && !(status === 503 && retryAfter))
    note(tally, `${status}: ${about} → ${text.slice(0, 300)}`);
  if (status >= 400 && made.method !== 'HEAD' && !text.startsWith('{"type":"urn:rackwatt:problem:'))
    note(tally, `no problem+json: ${status} ${about} → ${text.slice(0, 100)}`);
  if (/node_modules|at \w+ \(|\.ts:\d/.test(status >= 400 ? text : ''))
    note(tally, `tells of our code: ${about}`);
}

function send(
  url: string,
  agent: Agent,
  { method, path, headers, body }: MadeRequest,
): Promise<{ status: number; text: string; retryAfter: boolean }> {
  return new Promise((resolve) => {
    const end = (status: number, text = '', retryAfter = false) => resolve({ status, text, retryAfter });
    const length = body === undefined ? {} : { 'content-length': `${Buffer.byteLength(body)}` };
    const { hostname, port } = new URL(url);
    const asked = httpRequest(
      { hostname, port, method, path, headers: { ...headers, ...length }, agent, timeout: hangMs },
      (response) => {
        let text = '';
        response.setEncoding('latin1').on('data', (part: string) => {
          if (text.length < 1_000) text += part;
        });
        response.on('end', () =>
          end(response.statusCode ?? 0, text, response.headers['retry-after'] !== undefined),
        );
        response.on('error', () => end(0));
      },
    );
    asked.on('timeout', () => {
      end(-1);
      asked.destroy();
    });
    asked.on('error', () => end(0));
    asked.end(body);
  });
}

/** What is not quite HTTP: answered with 400 or cut, never more. */
async function rawBytes({ url }: FuzzTarget, chance: Chance, tally: FuzzTally): Promise<void> {
  const whole = Buffer.from(
    'POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
  );
  for (let left = 1 + chance.below(4); left > 0; left -= 1)
    whole[chance.below(whole.length)] = chance.below(256);
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.setEncoding('latin1').on('data', (part: string) => {
    answer += part;
  });
  socket.on('error', () => {});
  socket.end(whole);
  const hung = await new Promise<boolean>((resolve) => {
    socket.setTimeout(hangMs, () => resolve(true));
    socket.on('close', () => resolve(false));
  });
  socket.destroy();
  tally.requests += 1;
  if (hung) note(tally, `hang on raw bytes: ${JSON.stringify(whole.toString('latin1'))}`);
  if (/^HTTP\/1\.1 5/.test(answer)) note(tally, `raw bytes: ${answer.slice(0, 200)}`);
}

async function liveClient({ url, credentials }: FuzzTarget, chance: Chance, tally: FuzzTally): Promise<void> {
  const { host: _, ...headers } = { host: '', ...chance.one(credentials) };
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/live`, 'rackwatt.live.v1', { headers });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => {});
  await new Promise<void>((resolve) => {
    socket.once('open', () => resolve());
    socket.once('close', () => resolve());
  });
  for (let left = 1 + chance.below(12); left > 0 && socket.readyState === WebSocket.OPEN; left -= 1) {
    const frame = mutatedFrame(chance);
    socket.send(frame, { binary: typeof frame !== 'string' });
    tally.frames += 1;
  }
  if (chance.below(3) === 0) socket.terminate();
  else socket.close();
  const hung = await Promise.race([
    closed.then(() => false),
    new Promise<boolean>((resolve) => setTimeout(() => resolve(true), hangMs).unref()),
  ]);
  if (hung) note(tally, 'a live client could not leave');
}
