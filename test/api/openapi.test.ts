import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openApiDocument } from '../../src/api/openapi.ts';
import { ApiService, ready } from './api-service.ts';
import { wholeAlert } from './made-alerting.ts';

const service = new ApiService();
beforeAll(async () => void (await service.start()));
afterAll(() => service.stop());

type Method = 'get' | 'post' | 'delete';
interface Described {
  responses: Record<string, { content?: Record<string, { schema: object }> }>;
}
type Paths = Record<string, Partial<Record<Method, Described>>>;
const paths = openApiDocument.paths as unknown as Paths;

/** Every way to ask that gives another kind of answer. */
const questions: [path: string, ask: string, status: number, before?: () => void][] = [
  ['/api/v1/room', '', 200],
  ['/api/v1/tree', '', 200],
  ['/api/v1/devices', '', 200],
  ['/api/v1/history', '?scope=room', 200],
  ['/api/v1/history', '?scope=server:hv-01&quantity=volts&points=2', 200],
  ['/api/v1/history', '?scope=room&points=0', 400],
  ['/api/v1/history', '?scope=room&from=5&to=4', 400],
  ['/api/v1/history', '', 400],
  ['/api/v1/history', '?scope=server:hv-1', 404],
  [
    '/api/v1/history',
    '?scope=feed:A',
    503,
    () => {
      service.answerHistory = async () => {
        throw Object.assign(new Error('away'), { name: 'StoreError', code: 'unreachable' });
      };
    },
  ],
  ['/api/v1/energy', '?scope=room&by=month', 200],
  ['/api/v1/energy', '?scope=server:*&from=2026-07-01&to=2026-07-03', 200],
  ['/api/v1/energy', '?scope=room,feed:A&totals=false', 200],
  ['/api/v1/energy', '?scope=room&by=decade', 400],
  ['/api/v1/energy', '?scope=rooms', 404],
  [
    '/api/v1/energy',
    '?scope=room',
    503,
    () => {
      service.answerEnergy = async function* () {
        yield* [];
        throw Object.assign(new Error('away'), { name: 'StoreError', code: 'unreachable' });
      };
    },
  ],
  ['/api/v1/starts', '', 200],
  ['/api/v1/starts', '?scope=room&limit=1&from=2026-01-01', 200],
  ['/api/v1/starts', '?limit=0', 400],
  ['/api/v1/starts', '?scope=server:hv-1', 404],
  ['/api/v1/starts/{id}', 'hv-01-1', 200],
  ['/api/v1/starts/{id}', 'nobody', 404],
  ['/api/v1/idle', '', 200],
  ['/api/v1/idle', '?scope=rack:*&scope=room', 400],
  ['/api/v1/idle', '?scope=servers', 404],
  ['/api/v1/sag', '', 200],
  ['/api/v1/notifiers', '', 200],
  ['/api/v1/alerts', '', 200],
  ['/api/v1/alerts', '?state=resolved,firing&scope=server:*&rule=high-idle&limit=3', 200],
  ['/api/v1/alerts', '?state=over', 400],
  ['/api/v1/alerts', '?scope=server:hv-1', 404],
  ['/api/v1/alerts/rules', '', 200],
  ['/api/v1/alerts/rules', '?rule=high-idle&scope=server:hv-01', 200],
  ['/api/v1/alerts/rules', '?rule=low-idle', 400],
  ['/api/v1/silences', '', 200],
  ['/api/v1/export', '?scope=room&tier=minute', 200],
  ['/api/v1/export', '?tier=hour', 400],
  ['/api/v1/export', '?scope=server:hv-1', 404],
  ['/api/v1/import', '', 404],
  ['/api/v1/openapi.json', '', 200],
  ['/api/v1/live', '', 426],
  ['/api/v1/session', '', 200],
  ['/api/v1/audit', '', 200],
  ['/api/v1/audit', '?limit=0', 400],
  ['/healthz', '', 200],
  ['/readyz', '', 200],
  [
    '/readyz',
    '',
    503,
    () => {
      service.ready = {
        ready: false,
        broker: { ...ready.broker, ok: false, problem: 'refused' },
        store: { ...ready.store, ok: false, problem: 'away' },
        backlog: { ok: false, readings: 1, bytes: 2, oldestAtMs: 3, problem: 'full' },
        intake: { waiting: 0, dropped: { repeats: 0, newest: 0 } },
      };
    },
  ],
  ['/metrics', '', 200],
  ['/metrics', '', 405],
];

/** What changes something. */
const orders: [method: 'post' | 'delete', path: string, body: object | undefined, status: number][] = [
  ['post', '/api/v1/alerts/{id}/ack', { by: 'Ada', note: 'on it' }, 200],
  ['post', '/api/v1/alerts/{id}/ack', {}, 400],
  ['post', '/api/v1/silences', { scopes: ['rack:*', 'server:hv-01'], minutes: 60, by: 'Ada' }, 201],
  [
    'post',
    '/api/v1/silences',
    { rules: ['high-idle'], from: '2026-07-15T13:00', to: '2026-07-16', by: 'Ada', note: 'n' },
    201,
  ],
  ['post', '/api/v1/silences', { minutes: 60 }, 400],
  ['post', '/api/v1/silences', { scopes: ['server:hv-1'], minutes: 60, by: 'Ada' }, 404],
  ['delete', '/api/v1/silences/{id}', undefined, 204],
  ['delete', '/api/v1/silences/{id}', undefined, 404],
  ['post', '/api/v1/session', { token: 'rackwatt_x' }, 200],
  ['post', '/api/v1/session', {}, 400],
  ['delete', '/api/v1/session', undefined, 204],
];

const csv = 'time,outlet,watts\n2026-01-15T12:00Z,pdu-a/7,42\nnever,pdu-a/7,42\n';
/** Files of readings. */
const files: [ask: string, type: string, body: string, status: number][] = [
  ['?job=a', 'text/csv', csv, 200],
  ['', 'text/csv; charset=utf-8', csv, 202],
  ['', 'text/csv', 'hello world', 400],
  ['?quantity=luck', 'text/csv', csv, 400],
  ['', 'application/json', csv, 415],
];

describe('the OpenAPI document', () => {
  it.each(questions)('is right about %s%s: %i', async (path, ask, status, before) => {
    before?.();
    const address = path.endsWith('{id}') ? path.replace('{id}', ask) : path + ask;
    const response = await service.get(address, { method: status === 405 ? 'POST' : 'GET' });
    expect(response.status).toBe(status);
    const { responses } = paths[path]!.get!;
    const described = responses[status] ?? responses.default;
    const type = response.headers.get('content-type')!.split(';')[0]!;
    expect(Object.keys(described!.content!)).toContain(type);
    const { schema } = described!.content![type]!;
    const value: unknown = type.endsWith('json') ? await response.json() : await response.text();
    validator(schema).parse(value);
  });

  it.each(orders)('is right about %s %s %j: %i', async (method, path, body, status) => {
    const address = path.replace('{id}', method === 'delete' ? 's-1' : wholeAlert.id);
    const response = await service.get(address, {
      method: method.toUpperCase(),
      headers: { 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    expect(response.status).toBe(status);
    const { responses } = paths[path]![method]!;
    const described = responses[status]!;
    if (status === 204) return;
    const type = response.headers.get('content-type')!.split(';')[0]!;
    validator(described.content![type]!.schema).parse(await response.json());
  });

  it.each(files)('is right about post /api/v1/import%s %s %j: %i', async (ask, type, body, status) => {
    const response = await service.get(`/api/v1/import${ask}`, {
      method: 'POST',
      headers: { 'Content-Type': type },
      body,
    });
    expect(response.status).toBe(status);
    const described = paths['/api/v1/import']!.post!.responses[status]!;
    const answered = response.headers.get('content-type')!.split(';')[0]!;
    const answer: unknown = await response.json();
    validator(described.content![answered]!.schema).parse(answer);
    if (status < 300)
      expect(answer).toMatchObject({ leftOut: [{ reason: 'bad-time', count: 1, lines: [3] }] });
  });

  it('has every address asked above, and none was forgotten', () => {
    const asked = [
      ...questions.map(([path]) => `get ${path}`),
      'post /api/v1/import',
      ...orders.map(([method, path]) => `${method} ${path}`),
    ];
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(new Set(asked)).toEqual(new Set(described));
  });

  it('is served as it is', async () => {
    const served = await (await service.get('/api/v1/openapi.json')).json();
    expect(served).toEqual(JSON.parse(JSON.stringify(openApiDocument)));
  });

  it('has no reference to nowhere, and no schema nobody refers to', () => {
    const referred = new Set(
      [...JSON.stringify(openApiDocument).matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name]) => name),
    );
    expect(referred).toEqual(new Set(Object.keys(openApiDocument.components.schemas)));
  });

  it('would notice an answer that says more, less or something else', () => {
    const room = validator({ $ref: '#/components/schemas/RoomAnswer' });
    const figure = { state: 'idle', stale: false, basis: 'measured', watts: 1 };
    const good = { atMs: 1, name: 'x', timezone: 'UTC', demo: true, figures: { room: figure } };
    expect(room.safeParse(good).success).toBe(true);
    expect(room.safeParse({ ...good, more: 1 }).success).toBe(false);
    expect(room.safeParse({ ...good, demo: undefined }).success).toBe(false);
    expect(room.safeParse({ ...good, figures: { room: { ...figure, watts: null } } }).success).toBe(false);
    expect(room.safeParse({ ...good, figures: { room: { ...figure, state: 'asleep' } } }).success).toBe(
      false,
    );
  });
});

/** A schema of the document, with those it refers to. */
function validator(schema: object): z.ZodType {
  const whole = { ...schema, $defs: openApiDocument.components.schemas };
  const text = JSON.stringify(whole).replaceAll('#/components/schemas/', '#/$defs/');
  return z.fromJSONSchema(JSON.parse(text));
}
