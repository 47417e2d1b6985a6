import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCarbon } from '../../src/analysis/carbon.ts';
import { makeTariff } from '../../src/analysis/tariff.ts';
import { type EnergyQuestion, energyEdges, type ScopeEnergy } from '../../src/api/ask-energy.ts';
import type { HistoryRequest } from '../../src/api/history.ts';
import type { RoadCounts } from '../../src/api/metric-counts.ts';
import { type Api, type ApiParts, createApi } from '../../src/api/server.ts';
import type { HistoryAnswer, NotifierRow, ReadyAnswer, SagAnswer, TreeAnswer } from '../../src/api/shapes.ts';
import type { StartsRequest } from '../../src/api/starts.ts';
import { makeLog } from '../../src/base/log.ts';
import { LiveHub } from '../../src/live/live-hub.ts';
import type { IdleVerdict } from '../../src/model/idle.ts';
import type { StartRecord } from '../../src/model/start.ts';
import { HandClock } from '../base/hand-clock.ts';
import { drawing, MadeRoom } from '../live/made-room.ts';
import { MadeAlerting } from './made-alerting.ts';

export const tree: TreeAnswer = {
  name: 'Room 1',
  timezone: 'Europe/London',
  demo: false,
  feeds: [
    { name: 'A', volts: 230, breakers: [{ name: 'A1', amps: 16, curve: 'C' }, { name: 'A2' }] },
    { name: 'B', breakers: [] },
  ],
  racks: [{ name: 'r1' }],
  servers: [
    {
      name: 'hv-01',
      scope: 'server:hv-01',
      rack: 'r1',
      idleLimitWatts: 350,
      inputs: [{ outlet: 'pdu-a/7', breaker: 'A1', feed: 'A' }, { outlet: 'pdu-b/7' }],
    },
  ],
  unclaimed: [
    { outlet: 'plug/0', device: 'plug', name: 'Kettle' },
    { outlet: 'plug-2/0', device: 'plug-2' },
  ],
};

export const ready: ReadyAnswer = {
  ready: true,
  broker: { ok: true, state: 'ready', url: 'mqtt://127.0.0.1:1883' },
  store: { ok: true, kind: 'embedded' },
  backlog: { ok: true, readings: 0, bytes: 0 },
  intake: { waiting: 0, dropped: { repeats: 0, newest: 0 } },
};

/** With everything a start can have. */
export const start: StartRecord = {
  id: 'hv-01-1',
  scope: 'server:hv-01',
  outlets: ['pdu-a/7', 'pdu-b/7'],
  atMs: Date.UTC(2026, 6, 15, 11),
  detectedAtMs: Date.UTC(2026, 6, 15, 11, 0, 2),
  fromWatts: 12,
  peakWatts: 480.5,
  peakAtMs: Date.UTC(2026, 6, 15, 11, 0, 5),
  peakIs: 'lower-bound',
  sampleMs: 1000,
  settledWatts: 210,
  settleMs: 95_000,
  wattHours: 7.5,
  voltsBefore: 230.5,
  voltsMin: 228.25,
  concurrent: ['server:hv-02', 'server:a "b", c'],
  inrushEstimate: { ampsPeak: 70, supplies: 2, rule: '35 A each' },
  complete: true,
  trace: { atMs: [1, 2], watts: [12, 480.5], volts: [230.5, null] },
};

/** With nothing that is not known from the first. */
export const underWay: StartRecord = {
  id: 'plug-1',
  scope: 'server:plug/0',
  outlets: ['plug/0'],
  atMs: Date.UTC(2026, 6, 15, 11, 59),
  detectedAtMs: Date.UTC(2026, 6, 15, 11, 59, 1),
  fromWatts: 0,
  peakWatts: 90,
  peakAtMs: Date.UTC(2026, 6, 15, 11, 59, 1),
  peakIs: 'measured',
  sampleMs: 500,
  concurrent: [],
  complete: false,
  trace: { atMs: [1], watts: [90] },
};

export const idleRows: IdleVerdict[] = [
  {
    scope: 'server:hv-01',
    idleWatts: 400,
    offWatts: 12,
    basis: 'measured',
    confidence: 0.9,
    hoursObserved: 200,
    idleShare: 0.5,
    sinceMs: 1,
    busyWatts: 600,
    limitWatts: 350,
    limitRule: 'set for this server (idleLimitWatts)',
    verdict: 'high',
    yearWattHours: 1_752_000,
    yearCost: 525.6,
    yearGrams: 350_000,
  },
  {
    scope: 'server:plug/0',
    basis: 'unknown',
    confidence: 0,
    hoursObserved: 0.1,
    idleShare: 0,
    sinceMs: 2,
    verdict: 'learning',
  },
];

export const sag: SagAnswer = {
  rows: [
    {
      scope: 'breaker:A1',
      ohms: 0.35,
      steps: 12,
      confidence: 0.8,
      ampsPerStart: 2,
      predicted: [
        { starts: 1, voltsDrop: 0.7, percent: 0.3 },
        { starts: 2, voltsDrop: 1.4 },
      ],
    },
    { scope: 'device:plug', ohms: 0.5, steps: 3, confidence: 0.2, predicted: [] },
  ],
  learning: [{ scope: 'breaker:A2', steps: 3 }],
};

export const notifierRows: NotifierRow[] = [
  {
    name: 'ops',
    kind: 'webhook',
    target: 'https://ops.example.org',
    state: 'failing',
    waiting: 2,
    sent: 5,
    failed: 1,
    dropped: 3,
    lastSentAtMs: 1,
    lastProblem: 'https://ops.example.org does not answer',
    lastProblemAtMs: 2,
  },
  {
    name: 'home',
    kind: 'mqtt',
    target: 'the built-in broker, rackwatt/#',
    state: 'idle',
    waiting: 0,
    sent: 0,
    failed: 0,
    dropped: 0,
  },
];

export const prices = {
  tariff: makeTariff(
    {
      currency: 'GBP',
      pricePerKwh: 0.25,
      corrections: [
        { from: '2026-07-01', to: '2026-07-02', pricePerKwh: 0.2, why: 'a, "b"', at: '2026-07-03' },
      ],
    },
    'Europe/London',
  ),
  carbon: makeCarbon({ country: 'GB', pue: 1.4 }, 'Europe/London'),
};

/** As the settings are without any: on this machine, without tokens. */
export const openHttp: ApiParts['http'] = {
  host: '127.0.0.1',
  names: [],
  trustProxy: [],
  requestsPerSecond: 0,
  tls: undefined,
};

/** The API on a real port, with everything behind it in the test's hands. */
export class ApiService {
  readonly room = new MadeRoom();
  readonly clock = new HandClock(Date.UTC(2026, 6, 15, 12));
  pingStore: () => Promise<unknown> = () => Promise.resolve();
  readonly webRoot = mkdtempSync(join(tmpdir(), 'rackwatt-web-'));
  readonly live: LiveHub = new LiveHub({
    room: this.room,
    clock: this.clock,
    log: makeLog('silent'),
    admit: (request) => this.api.admitLive(request),
  });
  readonly asked: HistoryRequest[] = [];
  readonly askedStarts: StartsRequest[] = [];
  readonly askedIdle: string[] = [];
  readonly logged: unknown[] = [];
  readonly alerting = new MadeAlerting();
  readonly api: Api;
  ready = ready;
  /** Sums of this scope and moment are still to be made again. */
  remaking: { scope: string; atMs: number } | undefined;
  /** Rows taken, by job. */
  readonly imported = new Map<string, unknown[]>();
  readonly importing: ApiParts['importing'] = {
    status: undefined,
    take: async (job, rows) => {
      const taken = this.imported.get(job) ?? [];
      this.imported.set(job, taken);
      for await (const row of rows) taken.push(row);
      Object.assign(this.importing, {
        status: {
          job,
          state: 'taking',
          readings: taken.length,
          tooOld: 0,
          rollUps: 0,
          daysMade: 0,
          days: 1,
          notRemade: 0,
        },
      });
    },
    end: () => {},
  };
  answerHistory: (request: HistoryRequest, signal: AbortSignal) => Promise<HistoryAnswer> = async (request) =>
    history(request);
  answerEnergy: (question: EnergyQuestion) => AsyncIterable<ScopeEnergy> = energy;
  answerStarts: (request: StartsRequest) => Promise<readonly StartRecord[]> = async () => [start, underWay];
  url = '';

  constructor(options: Partial<ApiParts> = {}) {
    for (const scope of ['room', 'feed:A', 'server:hv-01', 'server:hv-02', 'outlet:pdu-a/7']) {
      this.room.set(scope, drawing(100));
    }
    this.room.set('server:dark', {});
    this.room.set('server:all', {
      ...drawing(1),
      voltAmps: 2,
      amps: 0.01,
      powerFactor: 0.5,
      hertz: 50,
      idleWatts: 1,
      todayWattHours: 24,
      state: 'idle',
    });
    const log = makeLog('silent');
    log.error = (...of: unknown[]) => void this.logged.push(of);
    this.api = createApi({
      pingStore: () => this.pingStore(),
      room: this.room,
      names: { name: 'Room 1', timezone: 'Europe/London', demo: false },
      tree: () => tree,
      devices: () => [
        {
          device: 'pdu-a',
          family: 'shelly-gen2',
          name: 'Rack 1 left',
          model: 'SPSW-104PE16EU',
          firmware: '1.4.4',
          outlets: ['pdu-a/7'],
          lastAtMs: 1,
          online: true,
          silent: false,
          messages: 5,
          rejects: { 'bad-json': 2 },
        },
        { device: '?', family: '?', outlets: [], silent: false, messages: 0, rejects: {} },
      ],
      ready: () => this.ready,
      history: (request, signal) => {
        this.asked.push(request);
        return this.answerHistory(request, signal);
      },
      energy: (question) => this.answerEnergy(question),
      prices,
      export: async function* () {
        yield 'atMs,outlet\r\n';
      },
      pastScopes: () => new Set(['outlet:gone/0']),
      isRemaking: (scope, fromMs, toMs) => {
        const { remaking } = this;
        return remaking?.scope === scope && remaking.atMs >= fromMs && remaking.atMs < toMs;
      },
      importing: this.importing,
      starts: (request) => {
        this.askedStarts.push(request);
        return this.answerStarts(request);
      },
      start: async (id) => (id === start.id ? start : undefined),
      idle: (scope) => {
        this.askedIdle.push(scope);
        return idleRows;
      },
      sag: () => sag,
      notifiers: () => notifierRows,
      alerting: this.alerting,
      counts: () => this.counts(),
      access: { tokens: [], sessionMs: 86_400_000 },
      http: openHttp,
      auditFile: `${this.webRoot}-audit.jsonl`,
      webRoot: this.webRoot,
      clock: this.clock,
      log,
      ...options,
    });
    this.live.attach(this.api.server);
  }

  async start(): Promise<this> {
    this.url = await this.api.listen({ host: '127.0.0.1', port: 0 });
    return this;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  get(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(this.url + path, init);
  }

  buildPage(files: Record<string, string>): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(this.webRoot, name, '..'), { recursive: true });
      writeFileSync(join(this.webRoot, name), text);
    }
  }

  counts(): RoadCounts {
    return {
      messages: 10,
      readings: 20,
      rejected: [
        { family: 'tasmota', reason: 'bad-json', count: 3 },
        { family: 'a"b\\c', reason: 'x\ny', count: 1 },
      ],
      ring: { waiting: 1, dropped: { repeats: 3, newest: 2 } },
      broker: { ready: true, droppedByBroker: 7 },
      store: {
        storeOk: true,
        written: 100,
        refused: { 'too-old': 4 },
        refusedFiles: { bytes: 11, notKept: 12 },
        dropped: 5,
        queuedReadings: 6,
        inFlight: 1,
        backlog: {
          readings: 8,
          bytes: 900,
          oldestAtMs: 1_760_000_000_500,
          dropped: 3,
          damaged: 2,
          setAside: 1,
        },
        setAside: ['/data/rackwatt.sqlite.damaged-20260101T000000'],
      },
      energy: { lateReadings: 9, waiting: 10, quartersRemade: 11, notRemade: 12 },
      factors: { outcomes: { taken: 6, implausible: 2 }, published: 6, inFile: 24, forgotten: 3, lost: 1 },
      startsDropped: 13,
      live: this.live.status(),
      notifiers: notifierRows,
      alerts: { pending: 1, firing: 3, suppressed: 2, silences: 4, dropped: 5 },
      scopes: this.room.scopeCount,
      watts: [[220.75, 'server:hv-01'] as const],
    };
  }

  /** Sends bytes as they are, and answers what came back until the other side closed. */
  async raw(text: string): Promise<string> {
    const socket = connect(this.port, '127.0.0.1');
    socket.write(text);
    let answer = '';
    for await (const chunk of socket) answer += chunk;
    return answer;
  }

  async stop(): Promise<void> {
    await this.live.stop();
    const stopped = this.api.stop();
    this.clock.advance(2000);
    await stopped;
    rmSync(this.webRoot, { recursive: true });
    rmSync(`${this.webRoot}-audit.jsonl`, { force: true });
  }
}

/** A made answer that fits the question. */
export function history({ scope, quantity, fromMs, points }: HistoryRequest): HistoryAnswer {
  const count = Math.min(points, 3);
  return {
    scope,
    quantity,
    tier: 'minute',
    tiers: [{ tier: 'minute', fromMs, toMs: fromMs + 60_000 * count }],
    stepMs: 60_000,
    atMs: Array.from({ length: count }, (_, i) => fromMs + i * 60_000),
    mean: [1.5, null, 3].slice(0, count),
    min: [1, null, 2].slice(0, count),
    max: [2, null, 4].slice(0, count),
  };
}

/** A made answer that fits the question: of each scope's first bucket nothing is known, of the others all. */
export async function* energy(question: EnergyQuestion): AsyncGenerator<ScopeEnergy> {
  const edges = [...energyEdges(question)];
  const nothing = {
    wattHours: undefined,
    coverage: 0,
    cost: undefined,
    unpricedWattHours: 0,
    grams: undefined,
    uncountedWattHours: 0,
    parts: { counter: 0, integrated: 0, spread: 0 },
  };
  const some = {
    wattHours: 1000,
    coverage: 0.75,
    cost: 0.25,
    unpricedWattHours: 1,
    grams: 216.5,
    uncountedWattHours: 2,
    parts: { counter: 600, integrated: 300, spread: 100 },
  };
  for (const scope of question.scopes) {
    const [fromMs, toMs] = [edges[0]!, edges.at(-1)!];
    yield {
      scope,
      rows: edges.slice(1).map((edgeMs, i) => ({
        fromMs: edges[i]!,
        toMs: edgeMs,
        ...(i === 0 ? nothing : some),
      })),
      total: question.withTotals
        ? {
            fromMs,
            toMs,
            ...some,
            peak15: { fromMs, toMs: fromMs + 900_000, watts: 400 },
            peak30: undefined,
            loadFactor: 0.5,
            before: { fromMs: fromMs - 1, toMs: fromMs, ...nothing },
            differencePercent: undefined,
            checks: {
              reconciled:
                scope === 'room'
                  ? {
                      counterWattHours: 600,
                      integratedWattHours: 618,
                      differencePercent: 3,
                      problem: 'The watts came to 3.0 % more than the energy counter',
                    }
                  : undefined,
              loss: scope === 'room' ? { wattHours: 12, percent: 2 } : undefined,
            },
            charges: scope === 'room' ? { fixed: 1, capacity: 2, demand: undefined, tax: 0 } : undefined,
          }
        : undefined,
    };
  }
}
