import { answerJson } from './answer.ts';
import { auditRowsMax } from './audit.ts';
import { wholeNumberOf } from './question.ts';
import type { Route } from './route.ts';
import { answerSession, beginSession, endSession, type SessionParts } from './session.ts';

const auditRowsDefault = 100;

/** Signing in and out, and who changed what. */
export function accessRoutes(parts: SessionParts): Record<string, Route> {
  return {
    '/api/v1/session': {
      get: answerSession,
      post: (request, response) => beginSession(parts, request, response),
      delete: (request, response) => endSession(parts, request, response),
      needs: { post: 'open', delete: 'open' },
    },
    '/api/v1/audit': {
      get: (request, response) => {
        const limit = wholeNumberOf(request, 'limit', 1, auditRowsMax, auditRowsDefault);
        return answerJson(request, response, { rows: parts.audit.rows(limit) });
      },
      needs: { get: 'operate' },
    },
  };
}
