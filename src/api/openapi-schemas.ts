import { figureKeys } from '../model/figure.ts';
import { quantities } from '../model/quantity.ts';
import { tiers } from '../model/roll-up.ts';
import { list, object, ref, remakingSchema, share } from './json-schema.ts';
import { accessSchemas } from './openapi-access.ts';
import { alertSchemas } from './openapi-alerts.ts';
import { energySchemas } from './openapi-energy.ts';
import { importAnswerSchema } from './openapi-exchange.ts';
import { problems } from './problem.ts';

/** What every answer looks like, for the OpenAPI document. */
export function schemas() {
  const text = { type: 'string' };
  const number = { type: 'number' };
  const whole = { type: 'integer', minimum: 0 };
  const flag = { type: 'boolean' };
  const epochMs = { type: 'number', description: 'Epoch ms' };
  const counts = { type: 'object', additionalProperties: whole };
  const start = startSchema();
  return {
    Time: {
      description: 'Epoch ms, or ISO 8601; without an offset it is local time of the room',
      anyOf: [{ type: 'number' }, { type: 'string' }],
      examples: [1768478400000, '2026-01-15T12:00:00Z', '2026-01-15'],
    },
    RoomAnswer: object({
      atMs: epochMs,
      name: text,
      timezone: { ...text, description: 'IANA zone of its days' },
      demo: { ...flag, description: 'A simulated room' },
      figures: { type: 'object', description: 'By scope', additionalProperties: ref('Figure') },
    }),
    Figure: object(figureSchema(), ['state', 'stale', 'basis']),
    TreeAnswer: object({
      name: text,
      timezone: text,
      demo: flag,
      feeds: list(
        object({ name: text, volts: number, amps: number, breakers: list(ref('Breaker')) }, [
          'name',
          'breakers',
        ]),
      ),
      racks: list(object({ name: text })),
      servers: list(ref('Server')),
      unclaimed: list(object({ outlet: text, device: text, name: text }, ['outlet', 'device'])),
    }),
    Breaker: object(
      { name: text, amps: number, curve: { enum: ['B', 'C', 'D'] }, phase: { enum: ['L1', 'L2', 'L3'] } },
      ['name'],
    ),
    Server: object(
      {
        name: text,
        scope: text,
        rack: text,
        idleLimitWatts: number,
        inputs: list(object({ outlet: text, breaker: text, feed: text }, ['outlet'])),
      },
      ['name', 'scope', 'inputs'],
    ),
    HistoryAnswer: object(
      {
        scope: text,
        quantity: { enum: quantities },
        tier: { enum: tiers, description: 'The coarsest it was answered from' },
        tiers: {
          ...list(object({ tier: { enum: tiers }, fromMs: epochMs, toMs: epochMs })),
          description:
            'All of them, oldest first; one coarser than `stepMs` tells the same of several buckets',
        },
        outlets: {
          ...object({ all: whole, told: whole }),
          description: 'Quantities other than watts of several outlets: how many there are, how many told it',
        },
        remaking: remakingSchema,
        stepMs: number,
        atMs: { ...list(epochMs), description: 'Starts of the buckets' },
        mean: list({ type: ['number', 'null'] }),
        min: list({ type: ['number', 'null'] }),
        max: list({ type: ['number', 'null'] }),
      },
      ['scope', 'quantity', 'tier', 'tiers', 'stepMs', 'atMs', 'mean', 'min', 'max'],
    ),
    ImportAnswer: importAnswerSchema,
    HistoriesAnswer: object({ series: list(ref('HistoryAnswer')) }),
    ...energySchemas(),
    DevicesAnswer: object({ rows: list(ref('Device')) }),
    Device: object(
      {
        device: { ...text, description: '`?`: messages nobody could read' },
        family: text,
        name: text,
        model: text,
        firmware: text,
        outlets: list(text),
        lastAtMs: epochMs,
        online: flag,
        silent: { ...flag, description: 'No fresh reading for three expected intervals' },
        messages: whole,
        rejects: { ...counts, description: 'Messages and fields dropped, by reason' },
      },
      ['device', 'family', 'outlets', 'silent', 'messages', 'rejects'],
    ),
    StartsAnswer: object({ rows: list(ref('StartRow')) }),
    StartRow: object(start, startRequired),
    StartAnswer: object({ ...start, trace: ref('StartTrace') }, startRequired),
    StartTrace: object(
      {
        atMs: list(epochMs),
        watts: list(number),
        volts: list({ type: ['number', 'null'] }),
      },
      ['atMs', 'watts'],
    ),
    IdleAnswer: object(
      {
        currency: { ...text, description: 'Of yearCost, ISO 4217; absent: no tariff is set' },
        rows: list(ref('Idle')),
      },
      ['rows'],
    ),
    Idle: object(idleSchema(), ['scope', 'basis', 'confidence', 'hoursObserved', 'idleShare', 'verdict']),
    SagAnswer: object({
      rows: list(ref('Sag')),
      learning: {
        ...list(object({ scope: text, steps: whole })),
        description: 'Too few clean steps of load were seen there yet, or they cost no volts',
      },
    }),
    Sag: object(
      {
        scope: text,
        ohms: { ...number, description: 'ΔV/ΔA over clean steps of load' },
        steps: { ...whole, description: 'It was learnt from so many' },
        confidence: share,
        ampsPerStart: { ...number, description: 'What a usual start takes more than before' },
        predicted: list(
          object({ starts: whole, voltsDrop: number, percent: number }, ['starts', 'voltsDrop']),
        ),
      },
      ['scope', 'ohms', 'steps', 'confidence', 'predicted'],
    ),
    NotifiersAnswer: object({ rows: list(ref('Notifier')) }),
    Notifier: object(
      {
        name: text,
        kind: { ...text, description: 'email, webhook, mqtt, …' },
        target: { ...text, description: 'Where to, without secrets' },
        state: { enum: ['ok', 'failing', 'idle'], description: 'idle: nothing was to be told yet' },
        waiting: whole,
        sent: { ...whole, description: 'Messages taken by the other side' },
        failed: { ...whole, description: 'Attempts that failed' },
        dropped: { ...whole, description: 'Fell off a full queue, too old to tell, or refused for good' },
        figuresLeftOut: { ...whole, description: 'Scopes whose figures are not published: beyond the limit' },
        lastSentAtMs: epochMs,
        lastProblem: text,
        lastProblemAtMs: epochMs,
      },
      ['name', 'kind', 'target', 'state', 'waiting', 'sent', 'failed', 'dropped'],
    ),
    ...alertSchemas(),
    ...accessSchemas(),
    HealthAnswer: object({ status: { const: 'alive' } }),
    ReadyAnswer: object({
      ready: flag,
      broker: object({ ok: flag, state: text, url: text, problem: text }, ['ok', 'state', 'url']),
      store: object(
        {
          ok: flag,
          kind: text,
          problem: text,
          setAside: { type: 'array', items: text, description: 'Damaged files that are kept for rescue' },
          refused: {
            ...object({ bytes: whole, notKept: whole }),
            description:
              'Points it refused for good: bytes of them in files, and how many were not kept since the start',
          },
        },
        ['ok', 'kind'],
      ),
      backlog: object(
        {
          ok: flag,
          readings: whole,
          bytes: whole,
          oldestAtMs: epochMs,
          problem: text,
          dropped: { ...whole, description: 'Readings that fell off: it was full, or they were too old' },
          damaged: { ...whole, description: 'Damaged places found in its files' },
          setAside: { ...whole, description: 'Parts kept beside as files, for a person to look at' },
        },
        ['ok', 'readings', 'bytes'],
      ),
      intake: object({
        waiting: { ...whole, description: 'Messages that wait to be read' },
        dropped: object({
          repeats: { ...whole, description: 'QoS 0: a newer message with newer figures waited too' },
          newest: { ...whole, description: 'QoS 0: found no room' },
        }),
      }),
    }),
    Problem: object(
      {
        type: { enum: Object.keys(problems).map((code) => `urn:rackwatt:problem:${code}`) },
        title: text,
        status: { type: 'integer' },
        detail: text,
        instance: text,
        parameter: text,
        nearest: list(text),
      },
      ['type', 'title', 'status', 'detail'],
    ),
  };
}

const startRequired = [
  'id',
  'scope',
  'outlets',
  'atMs',
  'detectedAtMs',
  'fromWatts',
  'peakWatts',
  'peakAtMs',
  'peakIs',
  'sampleMs',
  'concurrent',
  'complete',
];

function startSchema(): Record<string, object> {
  const number = { type: 'number' };
  const text = { type: 'string' };
  const epochMs = { type: 'number', description: 'Epoch ms' };
  return {
    id: text,
    scope: text,
    outlets: list(text),
    atMs: { type: 'number', description: 'Onset, epoch ms' },
    detectedAtMs: epochMs,
    fromWatts: { type: 'number', description: 'Off or standby level' },
    peakWatts: number,
    peakAtMs: epochMs,
    peakIs: {
      enum: ['measured', 'lower-bound'],
      description: 'lower-bound: between two readings it may have been higher',
    },
    sampleMs: { type: 'number', description: 'Between readings, during the start' },
    settledWatts: number,
    settleMs: number,
    wattHours: { type: 'number', description: 'From onset until settled' },
    voltsBefore: number,
    voltsMin: number,
    concurrent: { ...list(text), description: 'Scopes that started at the same time on the same supply' },
    inrushEstimate: object({ ampsPeak: number, supplies: { type: 'integer' }, rule: text }),
    complete: { type: 'boolean', description: 'false: under way' },
  };
}

function idleSchema(): Record<string, object> {
  const number = { type: 'number' };
  return {
    scope: { type: 'string' },
    idleWatts: number,
    offWatts: number,
    basis: { enum: ['measured', 'estimated', 'unknown'], description: 'estimated: it never rests' },
    confidence: share,
    hoursObserved: number,
    idleShare: { ...share, description: 'Of its time on' },
    sinceMs: { type: 'number', description: 'Since when this level holds, epoch ms' },
    busyWatts: { type: 'number', description: 'What nine tenths of its time on stay below' },
    limitWatts: number,
    limitRule: { type: 'string', description: 'Why this limit, in words' },
    verdict: { enum: ['ok', 'high', 'learning'] },
    yearWattHours: { type: 'number', description: 'Idle level × idle share × 8,760 h' },
    yearCost: { type: 'number', description: 'In the currency of the tariff' },
    yearGrams: { type: 'number', description: 'CO2' },
  };
}

function figureSchema(): Record<string, object> {
  const described: Partial<Record<(typeof figureKeys)[number], object>> = {
    state: { enum: ['off', 'standby', 'starting', 'idle', 'active', 'unknown'] },
    stale: { type: 'boolean', description: 'Older than three expected intervals' },
    basis: { enum: ['measured', 'partial', 'estimated', 'unknown'], description: 'How it is known' },
    atMs: { type: 'number', description: 'Epoch ms of the newest reading in it' },
    todayWattHours: { type: 'number', description: 'Since local midnight of the room' },
  };
  return Object.fromEntries(figureKeys.map((key) => [key, described[key] ?? { type: 'number' }]));
}
