import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import express, { type Request, type Response } from 'express';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { RoomView } from '../model/room-view.ts';
import { type AlertsParts, type AlertsRequest, answerAck, answerAlertRules, answerAlerts } from './alerts.ts';
import { answerEndSilence, answerNewSilence, answerSilences, type SilencesParts } from './alerts-silences.ts';
import { answerJson, answerText } from './answer.ts';
import { answerEnergy, type EnergyParts } from './energy.ts';
import { answerHealth, answerReady } from './health.ts';
import { answerHistory, type HistoryRequest } from './history.ts';
import { answerIdle, type IdleParts } from './idle.ts';
import { inTime } from './in-time.ts';
import { Metrics, type RoadCounts } from './metrics.ts';
import { openApiDocument } from './openapi.ts';
import { sendPage } from './page.ts';
import { nothingHere, ProblemError, problemAnswerer, rawProblem } from './problem.ts';
import { type RoomNames, roomAnswer } from './room.ts';
import { addRoute, type Route } from './route.ts';
import { safeHeaders } from './safe-headers.ts';
import type {
  DeviceRow,
  HistoryAnswer,
  NotifierRow,
  ReadyAnswer,
  SagAnswerRow,
  TreeAnswer,
} from './shapes.ts';
import { answerStart, answerStarts, type StartsParts, type StartsRequest } from './starts.ts';

/** Everything the API answers from. It knows nobody else. */
export interface ApiParts {
  readonly room: RoomView;
  readonly names: RoomNames;
  tree(): TreeAnswer;
  devices(): DeviceRow[];
  ready(): ReadyAnswer;
  /** Rejects with a StoreError, or an UnanswerableError. */
  history(request: HistoryRequest): Promise<HistoryAnswer>;
  readonly energy: EnergyParts['energy'];
  readonly prices: EnergyParts['prices'];
  readonly starts: StartsParts['starts'];
  readonly start: StartsParts['start'];
  readonly idle: IdleParts['idle'];
  sag(): readonly SagAnswerRow[];
  notifiers(): readonly NotifierRow[];
  /** Alerts, their rules and silences. */
  readonly alerting: Pick<AlertsParts, 'alerts' | 'ackAlert' | 'alertRules'> &
    Pick<SilencesParts, 'silences' | 'silence' | 'endSilence'>;
  counts(): RoadCounts;
  /** Folder of the built page. */
  readonly webRoot: string;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Api {
  /** For the live stream to attach to. */
  readonly server: Server;
  /** Resolves with the address to open in a browser. Rejects with a ListenError. */
  listen(address: { host: string; port: number }): Promise<string>;
  /** Takes no more, lets running requests end, cuts what is left after two seconds. */
  stop(): Promise<void>;
}

/** The HTTP door: REST under `/api/v1`, health, metrics, and the page. */
export function createApi(parts: ApiParts): Api {
  const metrics = new Metrics(() => parts.counts());
  const server: Server = createServer(
    {
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      // Another protocol on offer (h2c) is no reason not to answer in this one.
      shouldUpgradeCallback: ({ headers }): boolean =>
        headers.upgrade?.toLowerCase() === 'websocket' && server.listenerCount('upgrade') > 0,
    },
    listener(parts, metrics),
  );
  const sockets = new Set<Socket>();
  server.maxConnections = connectionsMax;
  server.on('clientError', answerBrokenRequest);
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return {
    server,
    async listen(address) {
      const url = await listen(server, address);
      server.on('error', (err) => parts.log.error({ err }, 'the HTTP server'));
      return url;
    },
    async stop() {
      if (server.listening) await close(server, sockets, parts.clock);
      metrics.stop();
    },
  };
}

/** Why the service cannot be reached at the address it was given, and what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/** 10,000 live clients, and room for everybody else. */
const connectionsMax = 12_000;
const stopMsMax = 2_000;
/** How often connections that have become idle are looked for while stopping. */
const stopCheckMs = 50;

function listener(parts: ApiParts, metrics: Metrics): RequestListener {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('query parser', 'simple');
  app.use(setSafeHeaders);
  for (const [path, route] of Object.entries(routes(parts, metrics))) addRoute(app, path, route);
  app.use(sendPage(parts.webRoot));
  const answerProblem = problemAnswerer(parts.log);
  // What comes out at the end of the list has found no answer, or went wrong on the way.
  return (request, response) =>
    app(request as Request, response as Response, (error: unknown) =>
      answerProblem(error ?? nothingHere(), request, response),
    );
}

function routes(parts: ApiParts, metrics: Metrics): Record<string, Route> {
  const { room, names, clock } = parts;
  const asked = {
    ...parts,
    ...parts.alerting,
    alerts: (question: AlertsRequest) => inTime(clock, parts.alerting.alerts(question)),
    timezone: names.timezone,
    nowMs: () => clock.nowMs(),
    starts: (question: StartsRequest) => inTime(clock, parts.starts(question)),
    start: (id: string) => inTime(clock, parts.start(id)),
    isCaughtUp: () => parts.ready().backlog.readings === 0,
  };
  return {
    '/api/v1/room': {
      get: (request, response) => answerJson(request, response, roomAnswer(room, names, clock.nowMs())),
    },
    '/api/v1/tree': { get: (request, response) => answerJson(request, response, parts.tree()) },
    '/api/v1/devices': {
      get: (request, response) => answerJson(request, response, { rows: parts.devices() }),
    },
    '/api/v1/history': { get: (request, response) => answerHistory(asked, request, response) },
    '/api/v1/energy': { get: (request, response) => answerEnergy(asked, request, response) },
    '/api/v1/starts': { get: (request, response) => answerStarts(asked, request, response) },
    '/api/v1/starts/:id': { get: (request, response) => answerStart(asked, request, response) },
    '/api/v1/idle': { get: (request, response) => answerIdle(asked, request, response) },
    '/api/v1/sag': { get: (request, response) => answerJson(request, response, { rows: parts.sag() }) },
    '/api/v1/notifiers': {
      get: (request, response) => answerJson(request, response, { rows: parts.notifiers() }),
    },
    '/api/v1/alerts': { get: (request, response) => answerAlerts(asked, request, response) },
    '/api/v1/alerts/rules': { get: (request, response) => answerAlertRules(asked, request, response) },
    '/api/v1/alerts/:id/ack': { post: (request, response) => answerAck(asked, request, response) },
    '/api/v1/silences': {
      get: (request, response) => answerSilences(asked, request, response),
      post: (request, response) => answerNewSilence(asked, request, response),
    },
    '/api/v1/silences/:id': { delete: (request, response) => answerEndSilence(asked, request, response) },
    '/api/v1/openapi.json': { get: (request, response) => answerJson(request, response, openApiDocument) },
    '/api/v1/live': { get: askForUpgrade },
    '/healthz': { get: (_, response) => answerHealth(response) },
    '/readyz': { get: (_, response) => answerReady(response, parts.ready()) },
    '/metrics': {
      get: async (request, response) =>
        answerText(request, response, metrics.contentType, await metrics.text()),
    },
  };
}

function askForUpgrade(): never {
  const detail = 'Open it as a WebSocket, subprotocol rackwatt.live.v1.';
  throw new ProblemError(
    'upgrade-required',
    detail,
    {},
    { Upgrade: 'websocket', Connection: 'Upgrade, close' },
  );
}

function setSafeHeaders(_: Request, response: Response, next: () => void): void {
  response.set(safeHeaders);
  next();
}

/** What is not even HTTP never reaches a route. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  // After the first bytes of an answer there is no place for another.
  if (error.code === 'ECONNRESET' || !socket.writable || socket.bytesWritten > 0) socket.destroy();
  else if (error.code === 'HPE_HEADER_OVERFLOW')
    socket.end(rawProblem('headers-too-large', '16 KiB at most.'));
  else if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') socket.end(rawProblem('request-timeout', 'Ask again.'));
  else socket.end(rawProblem('bad-request', 'This is not HTTP/1.1.'));
}

async function listen(server: Server, { host, port }: { host: string; port: number }): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => reject(listenError(error, host, port));
    server.once('error', failed);
    server.listen(port, host, () => {
      server.off('error', failed);
      resolve();
    });
  });
  const { port: taken } = server.address() as AddressInfo;
  return `http://${inUrl(host)}:${taken}`;
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): ListenError {
  const where = `Cannot listen on http://${inUrl(host)}:${port}:`;
  switch (error.code) {
    case 'EADDRINUSE':
      return new ListenError(
        `${where} another program listens there. Stop it, or give rackwatt another port: http.port in the settings, or RACKWATT_HTTP_PORT=${port + 1}.`,
        { cause: error },
      );
    case 'EACCES':
      return new ListenError(
        `${where} this user may not take port ${port}. Give rackwatt one above 1023: http.port, or RACKWATT_HTTP_PORT=8080.`,
        { cause: error },
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new ListenError(
        `${where} this machine has no such address. Set http.host (RACKWATT_HTTP_HOST) to one it has: 127.0.0.1 for this machine alone, 0.0.0.0 for all.`,
        { cause: error },
      );
    default:
      return new ListenError(`${where} ${error.message}. It is set by http.host and http.port.`, {
        cause: error,
      });
  }
}

function inUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

async function close(server: Server, sockets: ReadonlySet<Socket>, clock: Clock): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  const stopChecking = clock.every(stopCheckMs, () => server.closeIdleConnections());
  const stopWaiting = clock.after(stopMsMax, () => {
    for (const socket of sockets) socket.destroy();
  });
  await closed;
  stopChecking();
  stopWaiting();
}
