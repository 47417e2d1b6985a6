import { auditRowsMax } from './audit.ts';
import { list, object, ref } from './json-schema.ts';
import { json, operation, problem } from './openapi-operation.ts';

/** Signing in and who may do what, for the OpenAPI document. */
export const securitySchemes = {
  token: {
    type: 'http',
    scheme: 'bearer',
    description: 'A token made by `rackwatt token create`. Where the settings have none, nobody needs one.',
  },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: 'rackwatt',
    description: 'Begun by `POST /api/v1/session`; over TLS the cookie is called `__Host-rackwatt`',
  },
};

const rows = { type: 'integer', minimum: 1, maximum: auditRowsMax, default: 100 };

export const accessPaths = {
  '/api/v1/session': {
    get: operation('session', 'Who asks, and what they may do', { 200: json('SessionAnswer') }),
    post: {
      ...operation('signIn', 'Begins a session: the answer sets a cookie', {
        200: json('SessionAnswer'),
        400: problem('The body is no JSON, or has no token'),
        413: problem('The body is too long'),
        415: problem('The body is not application/json'),
      }),
      requestBody: {
        required: true,
        content: { 'application/json': { schema: ref('SessionRequest') } },
      },
      security: [],
    },
    delete: {
      ...operation('signOut', 'Ends the session; also where there is none', {
        204: { description: 'Ended; what was open in its name is closed' },
      }),
      security: [],
    },
  },
  '/api/v1/audit': {
    get: {
      ...operation('audit', 'Who changed what, newest first', {
        200: json('AuditAnswer'),
        400: problem('limit is no such number'),
      }),
      parameters: [
        { name: 'limit', in: 'query', description: 'At most so many', required: false, schema: rows },
      ],
      security: needing('operate'),
    },
  },
};

export function accessSchemas() {
  const text = { type: 'string' };
  const basis = { enum: ['token', 'session', 'open'] };
  return {
    SessionRequest: object({ token: text }),
    SessionAnswer: object(
      {
        name: { ...text, description: 'Of the token; `anyone` where none is needed' },
        role: { enum: ['view', 'operate'] },
        basis,
        expiresAtMs: { type: 'number', description: 'Epoch ms; absent: never' },
      },
      ['name', 'role', 'basis'],
    ),
    AuditAnswer: object({ rows: list(ref('AuditRow')) }),
    AuditRow: object(
      {
        atMs: { type: 'number', description: 'Epoch ms' },
        who: { ...text, description: 'Name of the token' },
        basis,
        address: text,
        action: { ...text, description: 'Method and path, `sign-in` or `sign-out`' },
        status: { type: 'integer', description: 'As answered; 0: the asker went away' },
        body: { ...text, description: 'JSON of what was sent, cut after 1,000 characters' },
      },
      ['atMs', 'who', 'basis', 'address', 'action', 'status'],
    ),
  };
}

/** Says of every call what it needs: the role view to look, operate for all else, unless it says otherwise itself. */
export function withAccess<Paths extends Record<string, object>>(paths: Paths): Paths {
  const stated = Object.entries(paths).map(([path, calls]) => {
    const withSecurity = Object.entries(calls as Record<string, Operation>).map(([method, call]) => {
      const security = call.security ?? needing(method === 'get' ? 'view' : 'operate');
      return [method, { ...call, security, responses: { ...refusals(security, method), ...call.responses } }];
    });
    return [path, Object.fromEntries(withSecurity)];
  });
  return Object.fromEntries(stated) as Paths;
}

interface Operation {
  readonly security?: readonly object[];
  readonly responses: object;
}

function needing(role: 'view' | 'operate') {
  return [{ token: [role] }, { session: [role] }];
}

function refusals(security: readonly object[], method: string): Record<number, object> {
  const retry = { 'Retry-After': { schema: { type: 'integer' }, description: 'Seconds' } };
  return {
    ...(security.length === 0 && method === 'get'
      ? {}
      : {
          401: problem('No token or session, or one that is not valid'),
          403: problem('The role does not allow it, or a page of another site asks'),
          421: problem('Without tokens: asked by another name than localhost'),
        }),
    429: { ...problem('Too many requests, or too many wrong tokens'), headers: retry },
  };
}
