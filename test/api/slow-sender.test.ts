import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApiService } from './api-service.ts';

/** As in the real service, with times that a test can wait for. */
const patience = { headersTimeout: 60, requestTimeout: 120, connectionsCheckingInterval: 20 };
const service = new ApiService({ patience });
beforeAll(async () => void (await service.start()));
afterAll(() => service.stop());

/** Sends this, and then a letter now and then, for as long as it is let. */
function sendSlowly(beginning: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(service.port, '127.0.0.1');
    const dripping = setInterval(() => socket.write('a'), 10);
    socket.setEncoding('latin1').on('data', (part: string) => {
      answer += part;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearInterval(dripping);
      resolve(answer);
    });
    socket.write(beginning);
  });
}

it.each([
  ['headers', 'GET /api/v1/room HTTP/1.1\r\nHost: localhost\r\nX-Long: '],
  [
    'a body',
    'POST /api/v1/silences HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{"by":"',
  ],
])('whoever sends %s letter by letter is told that it took too long, and cut off', async (_, beginning) => {
  expect(await sendSlowly(beginning)).toMatch(
    /^HTTP\/1\.1 408 Request Timeout\r\n.*"type":"urn:rackwatt:problem:request-timeout"/s,
  );
  expect((await service.get('/api/v1/room')).status).toBe(200);
});
