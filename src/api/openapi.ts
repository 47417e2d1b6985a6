import { localSteps } from '../analysis/local-time.ts';
import { quantities } from '../model/quantity.ts';
import { tiers } from '../model/roll-up.ts';
import { pointsDefault, pointsMax, pointsMin, pointsTotalMax } from './history.ts';
import { importBytesMax } from './import.ts';
import { list, ref } from './json-schema.ts';
import { accessPaths, securitySchemes, withAccess } from './openapi-access.ts';
import { alertPaths } from './openapi-alerts.ts';
import { json, operation, parameter, problem, storeAway, unknownScope } from './openapi-operation.ts';
import { schemas } from './openapi-schemas.ts';
import { historyDaysMax } from './past-question.ts';
import { startsDaysDefault, startsDaysMax, startsLimitDefault, startsLimitMax } from './starts.ts';

const cacheHeaders = {
  ETag: { schema: { type: 'string' }, description: 'Absent where the answer is very long' },
  'Cache-Control': {
    schema: { type: 'string' },
    description: 'immutable for an hour when the time asked for ended a day ago',
  },
};
const notChanged = { description: 'Not changed since the answer with that ETag' };

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
  paths: withAccess({
    ...accessPaths,
    '/api/v1/room': { get: operation('room', 'Everything as it is now', { 200: json('RoomAnswer') }) },
    '/api/v1/tree': { get: operation('tree', 'Who is fed from where', { 200: json('TreeAnswer') }) },
    '/api/v1/devices': {
      get: operation('devices', 'Every meter heard of, and what could not be read', {
        200: json('DevicesAnswer'),
      }),
    },
    '/api/v1/history': {
      get: {
        ...operation('history', 'Scopes over time', {
          200: {
            description:
              'Aligned columns; null (an empty field in CSV) says "not observed". Several scopes, or a pattern: a list',
            content: {
              'application/json': { schema: { anyOf: [ref('HistoryAnswer'), ref('HistoriesAnswer')] } },
              'text/csv': {
                schema: {
                  type: 'string',
                  description:
                    'Header atMs,time,mean,min,max; time is ISO 8601 in UTC. Of a list: scope before them',
                },
              },
            },
            headers: cacheHeaders,
          },
          304: notChanged,
          400: problem('A parameter cannot be understood, or the question cannot be answered'),
          404: unknownScope(),
          503: storeAway(),
        }),
        parameters: [
          scopeListParameter(),
          parameter('from', 'Default: a day before `to`', ref('Time')),
          parameter('to', `Default: now. At most ${historyDaysMax} days after \`from\``, ref('Time')),
          parameter('points', `At most so many buckets (of 1: two); ${pointsTotalMax} of all scopes`, {
            type: 'integer',
            minimum: pointsMin,
            maximum: pointsMax,
            default: pointsDefault,
          }),
          parameter(
            'quantity',
            'Other than watts: from raw readings, for as long as those are kept; of several outlets the sum (amps, ' +
              'voltAmps, voltAmpsReactive) or the mean (volts, hertz)',
            { enum: quantities, default: 'watts' },
          ),
          timezoneParameter(),
          formatParameter(),
        ],
      },
    },
    '/api/v1/energy': {
      get: {
        ...operation(
          'energy',
          'What was drawn, by local hours, days, weeks, months or years; what it cost and emitted',
          {
            200: {
              ...jsonOrCsv('EnergyAnswer'),
              headers: {
                ETag: { schema: { type: 'string' }, description: 'Absent where the answer is very long' },
                'Cache-Control': {
                  schema: { type: 'string' },
                  description: 'immutable for an hour when the time asked for ended a day ago',
                },
              },
            },
            304: notChanged,
            400: problem('A parameter cannot be understood, or too much is asked for at once'),
            404: unknownScope(),
            503: storeAway(),
          },
        ),
        parameters: [
          scopeListParameter(),
          parameter('from', 'Cuts the first bucket. Default: some buckets before `to`', ref('Time')),
          parameter('to', 'Cuts the last bucket. Default: the end of the bucket under way', ref('Time')),
          parameter('by', 'Length of a bucket; weeks begin on Monday', { enum: localSteps, default: 'day' }),
          timezoneParameter(),
          parameter('totals', 'Totals, peaks and the period before, of each scope', {
            enum: ['true', 'false'],
            default: 'true',
          }),
          parameter('checks', 'In the totals: counters against watts, and what a device loses', {
            enum: ['true', 'false', 'auto'],
            default: 'auto',
          }),
          formatParameter(),
        ],
      },
    },
    '/api/v1/export': {
      get: {
        ...operation('export', 'Raw readings or roll-ups as CSV, of any length; POST /import takes it back', {
          200: {
            description: 'Figures to their last digit; an empty field says "not known"',
            content: { 'text/csv': { schema: { type: 'string' } } },
          },
          304: notChanged,
          400: problem('A parameter cannot be understood'),
          404: unknownScope(),
          503: storeAway(),
        }),
        parameters: [
          parameter('tier', 'What to write', { enum: [...tiers], default: 'raw' }),
          { ...scopeListParameter(), required: false },
          parameter('from', 'Default: a day before `to`', ref('Time')),
          parameter('to', 'Default: now', ref('Time')),
          timezoneParameter(),
        ],
      },
    },
    '/api/v1/import': {
      get: operation('importStatus', 'How far the import under way, or the last one, has come', {
        200: json('ImportAnswer'),
        404: problem('Nothing has been imported since the start'),
      }),
      post: {
        ...operation('import', 'Brings past readings into history; doing it twice does no harm', {
          200: json('ImportAnswer'),
          202: { ...json('ImportAnswer'), description: 'All has come; roll-ups and energy are being made' },
          400: problem('The file cannot be understood'),
          409: problem('Another import is under way'),
          413: problem('The part is too long'),
          415: problem('It is no text/csv'),
          503: storeAway(),
        }),
        parameters: [
          parameter('job', 'A name for all parts of one import; without it the body is all there is', {
            type: 'string',
          }),
          parameter('last', 'No more parts come', { enum: ['true', 'false'], default: 'false' }),
          parameter('outlet', 'All of it is of this outlet', { type: 'string' }),
          parameter('quantity', 'What a file with one unnamed column tells', { type: 'string' }),
          timezoneParameter(),
        ],
        requestBody: {
          description: `CSV with a header, or a file of Home Assistant or emoncms; at most ${importBytesMax} bytes, packed by gzip or not`,
          content: { 'text/csv': { schema: { type: 'string' } } },
        },
      },
    },
    '/api/v1/starts': {
      get: {
        ...operation(
          'starts',
          'Starts, newest first; those under way too. Of servers; of a feed, breaker or device also those of several servers together',
          {
            200: jsonOrCsv('StartsAnswer'),
            400: problem('A parameter cannot be understood'),
            404: unknownScope(),
            503: storeAway(),
          },
        ),
        parameters: [
          scopesParameter(),
          parameter('from', `Onset. Default: ${startsDaysDefault} days before \`to\``, ref('Time')),
          parameter('to', `Default: now. At most ${startsDaysMax} days after \`from\``, ref('Time')),
          parameter('limit', 'At most so many', {
            type: 'integer',
            minimum: 1,
            maximum: startsLimitMax,
            default: startsLimitDefault,
          }),
          formatParameter(),
        ],
      },
    },
    '/api/v1/starts/{id}': {
      get: {
        ...operation('start', 'One start, with its trace', {
          200: json('StartAnswer'),
          404: problem('There is no such start'),
          503: storeAway(),
        }),
        parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
      },
    },
    '/api/v1/idle': {
      get: {
        ...operation(
          'idle',
          'What each server draws doing nothing, held against its limit; high ones first',
          {
            200: jsonOrCsv('IdleAnswer'),
            400: problem('A parameter cannot be understood'),
            404: unknownScope(),
          },
        ),
        parameters: [scopesParameter(), formatParameter()],
      },
    },
    '/api/v1/sag': {
      get: operation('sag', 'How far the voltage of each supply drops when servers start', {
        200: json('SagAnswer'),
      }),
    },
    '/api/v1/notifiers': {
      get: operation('notifiers', 'Who is told of alerts, and how that went', {
        200: json('NotifiersAnswer'),
      }),
    },
    ...alertPaths(),
    '/api/v1/openapi.json': {
      get: operation('openapi', 'This document', {
        200: { description: 'OpenAPI 3.1', content: { 'application/json': { schema: { type: 'object' } } } },
      }),
    },
    '/api/v1/live': {
      get: operation('live', 'The live stream: WebSocket, subprotocol rackwatt.live.v1', {
        101: { description: 'Switching to WebSocket; the messages are in docs/live-protocol.md' },
        426: problem('Asked without an upgrade'),
      }),
    },
    '/healthz': { get: { ...operation('health', 'Alive', { 200: json('HealthAnswer') }), security: [] } },
    '/readyz': {
      get: operation('ready', 'Able to serve: broker, store and backlog are well', {
        200: json('ReadyAnswer'),
        503: {
          ...json('ReadyAnswer'),
          description: 'Something is not; `problem` says what and how to mend it',
        },
      }),
    },
    '/metrics': {
      get: operation('metrics', 'Counters and gauges for Prometheus', {
        200: { description: 'Text format', content: { 'text/plain': { schema: { type: 'string' } } } },
      }),
    },
  }),
  components: { schemas: schemas(), securitySchemes },
};

function jsonOrCsv(schema: string) {
  const csv = { schema: { type: 'string', description: 'The same rows; an empty field says "not known"' } };
  const { description, content } = json(schema);
  return { description, content: { ...content, 'text/csv': csv } };
}

function scopesParameter() {
  const description =
    'Servers in it: a scope (room, rack:r1, breaker:A1, server:hv-01, …) or a pattern (*, server:*)';
  return parameter('scope', description, { type: 'string', default: '*' });
}

function scopeListParameter() {
  const description =
    'room, server:hv-01, rack:r1, …; may be repeated, hold several with commas between, or be a pattern (*, server:*)';
  return { ...parameter('scope', description, list({ type: 'string' }), true), explode: true };
}

function timezoneParameter() {
  return parameter('timezone', "IANA zone of days and of times without an offset. Default: the room's", {
    type: 'string',
  });
}

function formatParameter() {
  return parameter('format', 'Goes before `Accept`: a link cannot say that', {
    enum: ['json', 'csv'],
    default: 'json',
  });
}
