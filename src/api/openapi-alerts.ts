import { alertRules, severities } from '../model/alert.ts';
import { alertsDaysDefault, alertsDaysMax, alertsLimitDefault, alertsLimitMax } from './alerts.ts';
import { nameLengthMax, noteLengthMax } from './alerts-body.ts';
import { list, object, ref } from './json-schema.ts';
import { json, operation, parameter, problem, storeAway, unknownScope } from './openapi-operation.ts';

/** The paths of alerts and silences, for the OpenAPI document. */
export function alertPaths() {
  const id = { name: 'id', in: 'path', required: true, schema: { type: 'string' } };
  const body = (schema: string) => ({
    requestBody: { required: true, content: { 'application/json': { schema: ref(schema) } } },
  });
  const badBody = { 400: problem('The body is malformed, or a value in it'), 415: problem('It is no JSON') };
  const ruleParameter = parameter('rule', 'One rule', { enum: alertRules });
  return {
    '/api/v1/alerts': {
      get: {
        ...operation('alerts', 'What is wrong: firing alerts first, then the newest', {
          200: json('AlertsAnswer'),
          400: problem('A parameter cannot be understood'),
          404: unknownScope(),
          503: storeAway(),
        }),
        parameters: [
          parameter(
            'state',
            'pending, firing, resolved, several with commas between, or all. Default: firing and pending',
            { type: 'string' },
          ),
          parameter('scope', 'Of this scope and what is in it, or of a pattern (server:*)', {
            type: 'string',
            default: '*',
          }),
          ruleParameter,
          parameter(
            'from',
            `Of resolved ones: first crossing. Default: ${alertsDaysDefault} days before \`to\``,
            ref('Time'),
          ),
          parameter('to', `Default: now. At most ${alertsDaysMax} days after \`from\``, ref('Time')),
          parameter('limit', 'At most so many', {
            type: 'integer',
            minimum: 1,
            maximum: alertsLimitMax,
            default: alertsLimitDefault,
          }),
        ],
      },
    },
    '/api/v1/alerts/rules': {
      get: {
        ...operation('alertRules', 'Every rule as it stands, and why it does not fire', {
          200: json('AlertRulesAnswer'),
          400: problem('A parameter cannot be understood'),
          404: unknownScope(),
        }),
        parameters: [ruleParameter, parameter('scope', 'One scope', { type: 'string' })],
      },
    },
    '/api/v1/alerts/{id}/ack': {
      post: {
        ...operation('ackAlert', 'Somebody looks after it: no more reminders', {
          200: json('Alert'),
          ...badBody,
          404: problem('No open alert has that id'),
        }),
        parameters: [id],
        ...body('AckRequest'),
      },
    },
    '/api/v1/silences': {
      get: operation('silences', 'Silences that hold or will, the next to end first', {
        200: json('SilencesAnswer'),
      }),
      post: {
        ...operation('silence', 'Says nothing of the alerts it matches until it ends', {
          201: json('Silence'),
          ...badBody,
          404: unknownScope(),
        }),
        ...body('SilenceRequest'),
      },
    },
    '/api/v1/silences/{id}': {
      delete: {
        ...operation('endSilence', 'Ends a silence', {
          204: { description: 'It is ended' },
          404: problem('There is no such silence'),
        }),
        parameters: [id],
      },
    },
  };
}

/** What they look like. */
export function alertSchemas() {
  const text = { type: 'string' };
  const number = { type: 'number' };
  const whole = { type: 'integer', minimum: 0 };
  const epochMs = { type: 'number', description: 'Epoch ms' };
  const by = { type: 'string', minLength: 1, maxLength: nameLengthMax, description: 'Who' };
  const note = { type: 'string', maxLength: noteLengthMax };
  const scopes = {
    ...list(text),
    description: 'Scopes and what is in them, or patterns (server:hv-*); absent: all',
  };
  const rules = { ...list({ enum: alertRules }), description: 'Absent: all' };
  return {
    AlertsAnswer: object({ rows: list(ref('Alert')) }),
    Alert: object(alertSchema(), ['id', 'rule', 'scope', 'severity', 'state', 'sinceMs', 'text']),
    AckRequest: object({ by, note }, ['by']),
    AlertRulesAnswer: object({ rows: list(ref('AlertRuleRow')) }),
    AlertRuleRow: object({
      rule: { enum: alertRules },
      meaning: text,
      enabled: { type: 'boolean' },
      severity: { enum: severities },
      scopes: { ...list(ref('AlertRuleScope')), description: 'The nearest to firing first' },
      scopesLeftOut: { ...whole, description: 'So many more are looked at' },
    }),
    AlertRuleScope: object(
      {
        scope: text,
        state: { enum: ['ok', 'pending', 'firing', 'unknown', 'off'] },
        value: number,
        raiseLimit: number,
        clearLimit: number,
        unit: text,
        dwellLeftMs: { ...number, description: 'Until it fires (pending) or resolves (firing)' },
        why: text,
      },
      ['scope', 'state', 'why'],
    ),
    SilencesAnswer: object({ rows: list(ref('Silence')) }),
    Silence: object({ id: text, scopes, rules, fromMs: epochMs, toMs: epochMs, by, note }, [
      'id',
      'fromMs',
      'toMs',
      'by',
    ]),
    SilenceRequest: object(
      {
        scopes,
        rules,
        from: { ...ref('Time'), description: 'Absent: now' },
        to: { ...ref('Time'), description: 'This, or minutes' },
        minutes: { type: 'number', exclusiveMinimum: 0 },
        by,
        note,
      },
      ['by'],
    ),
  };
}

function alertSchema(): Record<string, object> {
  const number = { type: 'number' };
  const text = { type: 'string' };
  const epochMs = { type: 'number', description: 'Epoch ms' };
  return {
    id: text,
    rule: { enum: alertRules },
    scope: text,
    severity: { enum: severities },
    state: { enum: ['pending', 'firing', 'resolved'], description: 'pending: told to nobody yet' },
    sinceMs: { type: 'number', description: 'First crossing, epoch ms' },
    firedAtMs: epochMs,
    resolvedAtMs: epochMs,
    value: { ...number, description: 'Newest, in `unit`' },
    limit: number,
    unit: text,
    text: { ...text, description: 'One sentence for people' },
    touched: { ...list(text), description: 'Scopes that this one incident touches, 100 at most' },
    touchedCount: { type: 'integer', minimum: 0 },
    suppressedBy: {
      enum: ['silenced', 'inhibited', 'muted'],
      description: 'Why nobody is told: a silence, an alert that explains it, a window or a start',
    },
    suppressedById: text,
    ackedBy: text,
    ackedAtMs: epochMs,
    ackNote: text,
  };
}
