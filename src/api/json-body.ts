import type { Request } from 'express';
import { ProblemError } from './problem.ts';

/** Bodies are small questions and orders, nothing that needs more. */
export const bodyBytesMax = 64 * 1024;
export const bodyDepthMax = 16;

/**
 * The body of a request as a JSON object. Throws a ProblemError when it is no JSON, too long, too deep, packed, or
 * not said to be `application/json` (which a form of another site cannot say without asking first).
 */
export async function jsonBody(request: Request): Promise<Readonly<Record<string, unknown>>> {
  const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/json')
    throw new ProblemError('unsupported-media-type', 'Send JSON, with Content-Type: application/json.');
  if (request.headers['content-encoding'] !== undefined)
    throw new ProblemError('unsupported-media-type', 'Send the body as it is, without Content-Encoding.');
  const body = objectIn(await bytesOf(request));
  // The audit log shows what was sent.
  request.body = body;
  return body;
}

/** Reads no further than allowed; what a sender goes on sending is thrown away, and the connection ends. */
function bytesOf(request: Request): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= bodyBytesMax) chunks.push(chunk);
      else reject(tooLong());
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', () => reject(new ProblemError('bad-request', 'The body ended early.')));
    request.on('close', () => reject(new ProblemError('bad-request', 'The body ended early.')));
  });
}

function tooLong(): ProblemError {
  const detail = `A body of more than ${bodyBytesMax} bytes is too long.`;
  return new ProblemError('body-too-large', detail, {}, { Connection: 'close' });
}

function objectIn(bytes: Buffer): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new ProblemError('bad-request', 'The body is no JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ProblemError('bad-request', 'The body has to be a JSON object.');
  refuseHostile(value, 0);
  return value as Record<string, unknown>;
}

/** Deep nesting, and keys that would reach an object's prototype where somebody copies them. */
function refuseHostile(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth >= bodyDepthMax)
    throw new ProblemError('bad-request', `The body is nested deeper than ${bodyDepthMax} levels.`);
  if (Object.hasOwn(value, '__proto__'))
    throw new ProblemError('bad-request', 'The body has a key named __proto__.');
  for (const inner of Object.values(value)) refuseHostile(inner, depth + 1);
}
