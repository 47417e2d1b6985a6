import { figureKeys } from '../model/figure.ts';
import { quantities } from '../model/quantity.ts';
import { tiers } from '../model/roll-up.ts';
import { historyDaysMax, pointsDefault, pointsMax, pointsMin } from './history.ts';
import { problems, problemType } from './problem.ts';

/** `GET /openapi.json`: this very API. A test holds every real answer against it. */
export const openApiDocument = {
  openapi: '3.1.0',
  info: {
    title: 'rackwatt',
    version: '1.0.0',
    description:
      'Live power and history of one server room. Times in: ISO 8601 or epoch ms; times out: ' +
      'epoch ms. A quantity that is not known is absent, never 0. The live stream is a WebSocket at /api/v1/live.',
    license: { name: 'MIT', identifier: 'MIT' },
  },
  paths: {
    '/api/v1/room': { get: get('room', 'Everything as it is now', { 200: json('RoomAnswer') }) },
    '/api/v1/tree': { get: get('tree', 'Who is fed from where', { 200: json('TreeAnswer') }) },
    '/api/v1/devices': {
      get: get('devices', 'Every meter heard of, and what could not be read', { 200: json('DevicesAnswer') }),
    },
    '/api/v1/history': {
      get: {
        ...get('history', 'One scope over time', {
          200: {
            description: 'Aligned columns; null (an empty field in CSV) says "not observed"',
            content: {
              'application/json': { schema: ref('HistoryAnswer') },
              'text/csv': {
                schema: {
                  type: 'string',
                  description: 'Header atMs,time,mean,min,max; time is ISO 8601 in UTC',
                },
              },
            },
          },
          400: problem('A parameter cannot be understood, or the question cannot be answered'),
          404: problem('There is no such scope; `nearest` lists those that come near'),
          503: {
            ...problem('The store cannot be asked'),
            headers: { 'Retry-After': { schema: { type: 'integer' }, description: 'Seconds' } },
          },
        }),
        parameters: [
          parameter('scope', 'room, feed:A, server:hv-01, outlet:pdu-a/7, …', { type: 'string' }, true),
          parameter('from', 'Default: a day before `to`', ref('Time')),
          parameter('to', `Default: now. At most ${historyDaysMax} days after \`from\``, ref('Time')),
          parameter('points', 'At most so many buckets', {
            type: 'integer',
            minimum: pointsMin,
            maximum: pointsMax,
            default: pointsDefault,
          }),
          parameter('quantity', 'Other than watts: outlets only', { enum: quantities, default: 'watts' }),
        ],
      },
    },
    '/api/v1/openapi.json': {
      get: get('openapi', 'This document', {
        200: { description: 'OpenAPI 3.1', content: { 'application/json': { schema: { type: 'object' } } } },
      }),
    },
    '/api/v1/live': {
      get: get('live', 'The live stream: WebSocket, subprotocol rackwatt.live.v1', {
        101: { description: 'Switching to WebSocket; the messages are in docs/live-protocol.md' },
        426: problem('Asked without an upgrade'),
      }),
    },
    '/healthz': { get: get('health', 'Alive', { 200: json('HealthAnswer') }) },
    '/readyz': {
      get: get('ready', 'Able to serve: broker, store and backlog are well', {
        200: json('ReadyAnswer'),
        503: {
          ...json('ReadyAnswer'),
          description: 'Something is not; `problem` says what and how to mend it',
        },
      }),
    },
    '/metrics': {
      get: get('metrics', 'Counters and gauges for Prometheus', {
        200: { description: 'Text format', content: { 'text/plain': { schema: { type: 'string' } } } },
      }),
    },
  },
  components: { schemas: schemas() },
};

function schemas() {
  const text = { type: 'string' };
  const number = { type: 'number' };
  const whole = { type: 'integer', minimum: 0 };
  const flag = { type: 'boolean' };
  const epochMs = { type: 'number', description: 'Epoch ms' };
  const counts = { type: 'object', additionalProperties: whole };
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
        object({ name: text, volts: number, breakers: list(ref('Breaker')) }, ['name', 'breakers']),
      ),
      racks: list(object({ name: text })),
      servers: list(ref('Server')),
      unclaimed: list(object({ outlet: text, device: text, name: text }, ['outlet', 'device'])),
    }),
    Breaker: object({ name: text, amps: number, curve: { enum: ['B', 'C', 'D'] } }, ['name']),
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
    HistoryAnswer: object({
      scope: text,
      quantity: { enum: quantities },
      tier: { enum: tiers, description: 'What it was answered from' },
      stepMs: number,
      atMs: { ...list(epochMs), description: 'Starts of the buckets' },
      mean: list({ type: ['number', 'null'] }),
      min: list({ type: ['number', 'null'] }),
      max: list({ type: ['number', 'null'] }),
    }),
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
    HealthAnswer: object({ status: { const: 'alive' } }),
    ReadyAnswer: object({
      ready: flag,
      broker: object({ ok: flag, state: text, url: text, problem: text }, ['ok', 'state', 'url']),
      store: object({ ok: flag, kind: text, problem: text }, ['ok', 'kind']),
      backlog: object({ ok: flag, readings: whole, bytes: whole, oldestAtMs: epochMs, problem: text }, [
        'ok',
        'readings',
        'bytes',
      ]),
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

function get(operationId: string, summary: string, responses: Record<number, object>) {
  return {
    operationId,
    summary,
    responses: { ...responses, default: problem('Anything else that went wrong') },
  };
}

function json(schema: string) {
  return { description: schema, content: { 'application/json': { schema: ref(schema) } } };
}

function problem(description: string) {
  return { description, content: { [problemType]: { schema: ref('Problem') } } };
}

function parameter(name: string, description: string, schema: object, required = false) {
  return { name, in: 'query', required, description, schema };
}

function ref(schema: string) {
  return { $ref: `#/components/schemas/${schema}` };
}

function object(properties: Record<string, object>, required = Object.keys(properties)) {
  return { type: 'object', properties, required, additionalProperties: false };
}

function list(items: object) {
  return { type: 'array', items };
}
