import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Request } from 'express';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bodyBytesMax, bodyDepthMax, jsonBody } from '../../src/api/json-body.ts';
import { ProblemError } from '../../src/api/problem.ts';

let server: Server;
beforeAll(async () => {
  server = createServer((request, response) => {
    jsonBody(request as Request).then(
      (body) => response.end(JSON.stringify({ body })),
      (error: unknown) => {
        response.statusCode = error instanceof ProblemError ? 400 : 500;
        response.end(JSON.stringify({ code: (error as ProblemError).code, text: String(error) }));
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => void server.close());

const json = { 'content-type': 'application/json' };

async function send(body: string | Buffer, headers: Record<string, string> = json) {
  const { port } = server.address() as AddressInfo;
  return new Promise<{ status: number; answer: { body?: unknown; code?: string } }>((resolve, reject) => {
    const asked = httpRequest({ port, method: 'POST', headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode!, answer: JSON.parse(text) as never }));
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

const nested = (depth: number) => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;

describe('a body', () => {
  it('that is a JSON object is read, whatever its type says besides', async () => {
    for (const type of ['application/json', 'Application/JSON; charset=utf-8']) {
      const sent = await send('{"by":"Zoë","note":"[[[[[[[[[[[[[[[[[[["}', { 'content-type': type });
      expect(sent).toEqual({ status: 200, answer: { body: { by: 'Zoë', note: '[[[[[[[[[[[[[[[[[[[' } } });
    }
  });

  it.each([
    ['no JSON', '{"a":', 'bad-request'],
    ['empty', '', 'bad-request'],
    ['a list', '[]', 'bad-request'],
    ['nothing', 'null', 'bad-request'],
    ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'bad-request'],
    ['too deep', nested(bodyDepthMax + 1), 'bad-request'],
    ['so deep that a parser would give up', nested(30_000), 'bad-request'],
    ['after prototypes', '{"__proto__":{"role":"operate"}}', 'bad-request'],
    ['after prototypes further down', '{"a":[{"__proto__":1}]}', 'bad-request'],
    ['too long', `{"a":"${'x'.repeat(bodyBytesMax)}"}`, 'body-too-large'],
    ['far too long', `{"a":"${'x'.repeat(bodyBytesMax * 40)}"}`, 'body-too-large'],
  ])('that is %s is refused', async (_, body, code) => {
    expect(await send(body)).toMatchObject({ status: 400, answer: { code } });
  });

  it('as deep as allowed, or with huge numbers, is taken', async () => {
    expect((await send(nested(bodyDepthMax))).status).toBe(200);
    expect(await send(`{"a":1${'0'.repeat(5_000)}}`)).toMatchObject({ status: 200 });
  });

  it.each([
    [{ 'content-type': 'text/plain' }],
    [{ 'content-type': 'application/x-www-form-urlencoded' }],
    [{}],
    [{ ...json, 'content-encoding': 'gzip' }],
  ])('said to be %j is not looked at', async (headers) => {
    expect(await send('{}', headers as never)).toMatchObject({ answer: { code: 'unsupported-media-type' } });
  });

  it('whatever it is, is read or refused with a reason', async () => {
    const key = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'prototype'));
    const any = fc.oneof(
      fc.json({ maxDepth: 20 }),
      fc.string(),
      fc.dictionary(key, fc.jsonValue()).map((value) => JSON.stringify(value)),
    );
    await fc.assert(
      fc.asyncProperty(any, async (text) => {
        const { status } = await send(text);
        expect([200, 400]).toContain(status);
        expect(({} as Record<string, unknown>).role).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });
});
