import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import type {
  DevicesAnswer,
  EnergyAnswer,
  HistoryAnswer,
  IdleAnswer,
  ReadyAnswer,
  SessionAnswer,
  StartAnswer,
  StartsAnswer,
  TreeAnswer,
} from '../../src/api/shapes.ts';
import {
  closeCodes,
  type FigureChange,
  type GoodbyeReason,
  livePath,
  subprotocol,
} from '../../src/live/protocol.ts';
import type { Alert } from '../../src/model/alert.ts';
import type { PowerEvent } from '../../src/model/event.ts';
import type { Figure } from '../../src/model/figure.ts';
import { scopeMatches } from '../../src/model/scope.ts';
import { type AlertDesk, isAlertResource } from './alert-desk.ts';

/** What the page's server says; tests change it as they go. */
export interface RoomScript {
  tree: TreeAnswer;
  devices: DevicesAnswer;
  ready: ReadyAnswer;
  figures: Map<string, Figure>;
  /** With their traces, in any order. */
  starts: StartAnswer[];
  idle: IdleAnswer;
  energy: (asked: URLSearchParams) => EnergyAnswer;
  alerts: AlertDesk;
  /** Who looks; undefined: nobody before a token came. */
  session: SessionAnswer | undefined;
  /** Tokens that let in, and as whom. */
  tokens: Map<string, SessionAnswer>;
  history: (scope: string, fromMs: number, toMs: number) => HistoryAnswer;
  /** Questions to the API that are answered with an error. */
  failing: Set<string>;
  /** Questions to the API that are not answered at all. */
  silent: Set<string>;
}

interface Client {
  readonly socket: WebSocket;
  scopes: readonly string[];
  seq: number;
}

const contentTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

/** As strict as a server may be with this page. */
const securityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'";

/**
 * A small server that keeps the contract (REST and live stream) over real HTTP and WebSockets, and breaks it
 * where a test asks for that: what the page does on a lost link cannot be seen with a server that never fails.
 */
export class RoomServer {
  readonly script: RoomScript;
  readonly #folder: string;
  readonly #clients = new Set<Client>();
  readonly #live = new WebSocketServer({ noServer: true, handleProtocols: () => subprotocol });
  #http: Server | undefined;
  #port = 0;
  /** Of all clients, in order of arrival. */
  readonly subscriptions: { readonly scopes: readonly string[]; readonly intervalMs?: number }[] = [];
  readonly asked: string[] = [];

  constructor(folder: string, script: RoomScript) {
    this.#folder = folder;
    this.script = script;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  get clientCount(): number {
    return this.#clients.size;
  }

  /** Again on the same port after `stop`. */
  async start(): Promise<void> {
    const http = createServer((request, response) => void this.#answer(request, response));
    http.on('upgrade', (request, socket, head) => {
      if (request.url !== livePath) socket.destroy();
      else this.#live.handleUpgrade(request, socket, head, (client) => this.#welcome(client));
    });
    await new Promise<void>((resolve) => http.listen(this.#port, '127.0.0.1', resolve));
    this.#http = http;
    this.#port = (http.address() as AddressInfo).port;
  }

  /** As a crash: connections end without a word. */
  async stop(): Promise<void> {
    for (const { socket } of this.#clients) socket.terminate();
    this.#clients.clear();
    const http = this.#http;
    this.#http = undefined;
    if (!http) return;
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  }

  /** Changes figures and tells everybody what changed; `null`: no longer known. */
  frame(changes: Record<string, FigureChange>, atMs = Date.now()): void {
    for (const [scope, change] of Object.entries(changes)) {
      const known: Record<string, unknown> = {
        ...(this.script.figures.get(scope) ?? { state: 'unknown', stale: true, basis: 'unknown' }),
        ...change,
      };
      for (const key of Object.keys(known)) if (known[key] === null) delete known[key];
      this.script.figures.set(scope, known as unknown as Figure);
    }
    for (const client of this.#clients) {
      const figures = Object.fromEntries(
        Object.entries(changes).filter(([scope]) => client.scopes.some((one) => scopeMatches(one, scope))),
      );
      this.#send(client, { type: 'frame', atMs, figures });
    }
  }

  /** Told at once to those it concerns. */
  event(event: PowerEvent): void {
    for (const client of this.#clients) {
      if (client.scopes.some((one) => scopeMatches(one, event.scope)))
        this.#send(client, { type: 'event', event });
    }
  }

  /** A start is told, for the first time or again, without its trace, which can be asked for. */
  tellStart(start: StartAnswer): void {
    this.script.starts = [...this.script.starts.filter(({ id }) => id !== start.id), start];
    const { trace: _, ...told } = start;
    this.event({ kind: 'start', scope: start.scope, atMs: start.atMs, start: told });
  }

  /** An alert is told, as it is now, and can be asked for. */
  tellAlert(alert: Alert): void {
    const { alerts } = this.script.alerts;
    this.script.alerts.alerts = [...alerts.filter(({ id }) => id !== alert.id), alert];
    this.event({ kind: 'alert', scope: alert.scope, atMs: Date.now(), alert });
  }

  /** A message gets lost on its way to everybody. */
  loseMessage(): void {
    for (const client of this.#clients) client.seq += 1;
  }

  goodbye(reason: GoodbyeReason): void {
    for (const client of this.#clients) {
      this.#send(client, { type: 'goodbye', reason });
      client.socket.close(closeCodes[reason]);
    }
  }

  #welcome(socket: WebSocket): void {
    const client: Client = { socket, scopes: [], seq: 0 };
    this.#clients.add(client);
    socket.on('close', () => this.#clients.delete(client));
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as { scopes: string[]; intervalMs?: number };
      this.subscriptions.push(message);
      client.scopes = message.scopes;
      const figures = Object.fromEntries(
        [...this.script.figures].filter(([scope]) => client.scopes.some((one) => scopeMatches(one, scope))),
      );
      this.#send(client, { type: 'snapshot', atMs: Date.now(), figures });
    });
  }

  #send(client: Client, message: object): void {
    client.socket.send(JSON.stringify({ ...message, seq: client.seq }));
    client.seq += 1;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    const resource = url.pathname.replace('/api/v1/', '').replace(/^\//, '');
    this.asked.push(`${resource}${url.search}`);
    if (this.script.silent.has(resource)) return;
    if (this.script.failing.has(resource)) {
      const problem = { type: 'about:blank', title: 'Store away', status: 503, detail: 'the store is away' };
      json(response, 503, problem, 'application/problem+json');
      return;
    }
    if (resource === 'session') return this.#session(request, response);
    if (this.script.session === undefined && url.pathname.startsWith('/api/')) return refused(response);
    if (isAlertResource(resource)) {
      const { status, body } = this.script.alerts.answer(
        request.method ?? 'GET',
        resource,
        url.searchParams,
        await bodyOf(request),
      );
      return json(response, status, body, status < 400 ? 'application/json' : 'application/problem+json');
    }
    switch (resource) {
      case 'tree':
        return json(response, 200, this.script.tree);
      case 'devices':
        return json(response, 200, this.script.devices);
      case 'readyz':
        return json(response, this.script.ready.ready ? 200 : 503, this.script.ready);
      case 'history': {
        const ask = (name: string) => url.searchParams.get(name) ?? '';
        const series = url.searchParams
          .getAll('scope')
          .map((scope) => this.script.history(scope, Number(ask('from')), Number(ask('to'))));
        return json(response, 200, series.length === 1 ? series[0]! : { series });
      }
      case 'energy':
        return json(response, 200, this.script.energy(url.searchParams));
      case 'idle':
        return json(response, 200, this.script.idle);
      case 'starts':
        return json(response, 200, startsAnswer(this.script.starts, url.searchParams));
      default:
        if (resource.startsWith('starts/')) return this.#oneStart(resource, response);
        await this.#file(resource === '' ? 'index.html' : resource, response);
    }
  }

  async #session(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'DELETE') this.script.session = undefined;
    if (request.method === 'POST') {
      const { token } = (await bodyOf(request)) as { token: string };
      this.script.session = this.script.tokens.get(token);
    }
    if (request.method === 'DELETE') response.writeHead(204).end();
    else if (this.script.session) json(response, 200, this.script.session);
    else refused(response);
  }

  #oneStart(resource: string, response: ServerResponse): void {
    const found = this.script.starts.find(({ id }) => `starts/${id}` === resource);
    const problem = { type: 'about:blank', title: 'No such start', status: 404 };
    if (found) json(response, 200, found);
    else json(response, 404, problem, 'application/problem+json');
  }

  async #file(path: string, response: ServerResponse): Promise<void> {
    try {
      const content = await readFile(join(this.#folder, normalize(`/${path}`)));
      response.setHeader('content-security-policy', securityPolicy);
      response.setHeader('content-type', contentTypes[extname(path)] ?? 'application/octet-stream');
      response.end(content);
    } catch {
      response.writeHead(404).end();
    }
  }
}

const patternOf = (scope: string) => `${scope.slice(0, scope.indexOf(':'))}:*`;

/** Of one server or of all, within the time asked about, newest first, without traces. */
function startsAnswer(starts: readonly StartAnswer[], asked: URLSearchParams): StartsAnswer {
  const scope = asked.get('scope');
  const [fromMs, toMs] = [
    Number(asked.get('from') ?? 0),
    Number(asked.get('to') ?? Number.POSITIVE_INFINITY),
  ];
  const rows = starts
    .filter(
      (start) =>
        start.scope === scope ||
        (start.scope.startsWith('server:')
          ? !scope?.startsWith('server:')
          : scope === patternOf(start.scope)),
    )
    .filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
    .sort((a, b) => b.atMs - a.atMs)
    .slice(0, Number(asked.get('limit') ?? 200));
  return { rows: rows.map(({ trace: _, ...row }) => row) };
}

function refused(response: ServerResponse): void {
  const problem = { type: 'about:blank', title: 'No', status: 401, detail: 'This token is not known.' };
  json(response, 401, problem, 'application/problem+json');
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString());
}

function json(response: ServerResponse, status: number, body: unknown, type = 'application/json'): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}
