import type { IncomingMessage, RequestListener, Server } from 'node:http';
import express, { type Request, type Response } from 'express';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { RoomView } from '../model/room-view.ts';
import type { AccessToken } from './access.ts';
import { accessRoutes } from './access-routes.ts';
import { type AlertsParts, answerAck, answerAlertRules, answerAlerts } from './alerts.ts';
import { answerEndSilence, answerNewSilence, answerSilences, type SilencesParts } from './alerts-silences.ts';
import { answerJson, answerText } from './answer.ts';
import { AuditLog } from './audit.ts';
import { answerEnergy, type EnergyParts } from './energy.ts';
import { answerExport, type ExportParts } from './export.ts';
import { type Admission, Guard, type GuardParts } from './guard.ts';
import { answerHealth, answerReady } from './health.ts';
import { answerHistory, type HistoryRequest } from './history.ts';
import { type HttpParts, makeServer } from './http-server.ts';
import { answerIdle, type IdleParts } from './idle.ts';
import { answerImport, answerImportStatus, type ImportRouteParts } from './import.ts';
import { listen } from './listen.ts';
import type { RoadCounts } from './metric-counts.ts';
import { Metrics } from './metrics.ts';
import { openApiDocument } from './openapi.ts';
import { sendPage } from './page.ts';
import { nothingHere, ProblemError, problemAnswerer } from './problem.ts';
import { type RoomNames, roomAnswer } from './room.ts';
import { addRoute, callsOf, type Route } from './route.ts';
import { safeHeaders } from './safe-headers.ts';
import type { DeviceRow, HistoryAnswer, NotifierRow, ReadyAnswer, SagAnswer, TreeAnswer } from './shapes.ts';
import { answerStart, answerStarts, type StartsParts } from './starts.ts';
import { StoreGate } from './store-gate.ts';
import { StorePulse } from './store-pulse.ts';

/** Everything the API answers from. It knows nobody else. */
export interface ApiParts {
  readonly room: RoomView;
  readonly names: RoomNames;
  tree(): TreeAnswer;
  devices(): DeviceRow[];
  ready(): ReadyAnswer;
  /** Rejects with a StoreError, or an UnanswerableError. */
  history(request: HistoryRequest, signal: AbortSignal): Promise<HistoryAnswer>;
  readonly energy: EnergyParts['energy'];
  readonly prices: EnergyParts['prices'];
  readonly export: ExportParts['export'];
  readonly pastScopes: ExportParts['pastScopes'];
  readonly isRemaking: EnergyParts['isRemaking'];
  readonly importing: ImportRouteParts['importing'];
  readonly starts: StartsParts['starts'];
  readonly start: StartsParts['start'];
  readonly idle: IdleParts['idle'];
  sag(): SagAnswer;
  notifiers(): readonly NotifierRow[];
  /** Alerts, their rules and silences. */
  readonly alerting: Pick<AlertsParts, 'alerts' | 'ackAlert' | 'alertRules'> &
    Pick<SilencesParts, 'silences' | 'silence' | 'endSilence'>;
  counts(): RoadCounts;
  /** Of a store that is elsewhere: rejects when it is not well. */
  readonly pingStore?: (() => Promise<unknown>) | undefined;
  readonly access: GuardParts['access'];
  readonly http: GuardParts['http'] & HttpParts['http'];
  readonly patience?: HttpParts['patience'];
  /** Where the audit log is kept. */
  readonly auditFile: string;
  /** Folder of the built page. */
  readonly webRoot: string;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Api {
  /** For the live stream to attach to. */
  readonly server: Server;
  /** `GET /api/v1/room`, …: all there is but the page. */
  readonly calls: readonly string[];
  /** The live stream asks it about every connection. */
  admitLive(request: IncomingMessage): Admission;
  /** From now on these tokens hold, and no others. */
  setTokens(tokens: readonly AccessToken[]): void;
  /** Resolves with the address to open in a browser. Rejects with a ListenError. */
  listen(address: { host: string; port: number }): Promise<string>;
  /** Takes no more, lets running requests end, cuts what is left after two seconds. */
  stop(): Promise<void>;
}

/** The HTTP door: REST under `/api/v1`, health, metrics, and the page. Throws a CertificateError. */
export function createApi(parts: ApiParts): Api {
  const audit = new AuditLog({ ...parts, file: parts.auditFile });
  const guard = new Guard({ ...parts, audit });
  const gate = new StoreGate(parts.clock, parts.pingStore && new StorePulse(parts.pingStore, parts.clock));
  const metrics = new Metrics(() => parts.counts(), {
    guard: () => guard.counts,
    auditLost: () => audit.lost,
    gate: () => gate.counts,
  });
  const all = {
    ...routes(parts, metrics, gate),
    ...accessRoutes({ guard, audit, nowMs: () => parts.clock.nowMs() }),
  };
  const { server, close } = makeServer(parts, listener(parts, guard, all));
  return {
    server,
    calls: callsOf(all),
    admitLive: (request) => guard.admitLive(request),
    setTokens: (tokens) => guard.setTokens(tokens),
    async listen(address) {
      await audit.open();
      const url = await listen(server, address, parts.http.tls === undefined ? 'http' : 'https');
      server.on('error', (err) => parts.log.error({ err }, 'the HTTP server'));
      return url;
    },
    async stop() {
      await close();
      guard.stop();
      metrics.stop();
      await audit.settled();
    },
  };
}

function listener(
  parts: Pick<ApiParts, 'webRoot' | 'log'>,
  guard: Guard,
  all: Readonly<Record<string, Route>>,
): RequestListener {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('query parser', 'simple');
  app.use((request, response, next) => {
    response.set(safeHeaders);
    if (request.url.length > addressLengthMax)
      throw new ProblemError('address-too-long', `${addressLengthMax} characters at most.`);
    guard.count(request);
    next();
  });
  for (const [path, route] of Object.entries(all)) addRoute(app, path, route, guard);
  app.use(sendPage(parts.webRoot));
  const answerProblem = problemAnswerer(parts.log);
  // What comes out at the end of the list has found no answer, or went wrong on the way.
  return (request, response) =>
    app(request as Request, response as Response, (error: unknown) =>
      answerProblem(error ?? nothingHere(), request, response),
    );
}

const addressLengthMax = 8_192;

function routes(parts: ApiParts, metrics: Metrics, gate: StoreGate): Record<string, Route> {
  const { room, names, clock } = parts;
  const asked = {
    ...parts,
    ...parts.alerting,
    gate,
    timezone: names.timezone,
    nowMs: () => clock.nowMs(),
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
    '/api/v1/export': { get: (request, response) => answerExport(asked, request, response) },
    '/api/v1/import': {
      get: (request, response) => answerImportStatus(asked, request, response),
      post: (request, response) => answerImport(asked, request, response),
    },
    '/api/v1/starts': { get: (request, response) => answerStarts(asked, request, response) },
    '/api/v1/starts/:id': { get: (request, response) => answerStart(asked, request, response) },
    '/api/v1/idle': { get: (request, response) => answerIdle(asked, request, response) },
    '/api/v1/sag': { get: (request, response) => answerJson(request, response, parts.sag()) },
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
    '/healthz': { get: (_, response) => answerHealth(response), needs: { get: 'open' } },
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
