import { request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { ApiService } from './api-service.ts';
import { bearer, guardedService, madeToken } from './made-access.ts';

const operate = madeToken('admin', 'operate');
let service: ApiService;
afterEach(() => service.stop());

/** With headers that fetch would not send. */
function ask(method: string, path: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    request({ port: service.port, host: '127.0.0.1', method, path, headers, agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode!));
    })
      .on('error', reject)
      .end();
  });
}

describe('without tokens', () => {
  it('this machine is let in under its own names, and under no other (DNS rebinding)', async () => {
    service = await guardedService([], { names: ['power.example.com'] });
    for (const host of [
      'localhost',
      'LOCALHOST:8080',
      '127.0.0.1',
      '[::1]:1',
      'a.localhost',
      'power.example.com:443',
    ])
      expect([host, await ask('GET', '/api/v1/room', { host })]).toEqual([host, 200]);
    const bent = [
      'evil.example',
      '192.168.1.2',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      'localhost@evil',
    ];
    for (const host of bent) {
      expect([host, await ask('GET', '/api/v1/room', { host })]).toEqual([host, 421]);
      expect([host, await ask('GET', '/metrics', { host })]).toEqual([host, 421]);
      expect([host, await ask('POST', '/api/v1/silences', { host })]).toEqual([host, 421]);
    }
    expect(await ask('GET', '/healthz', { host: 'anything' })).toBe(200);
  });

  it('nothing is changed for pages of other sites; programs and our own page may', async () => {
    service = await guardedService([]);
    const host = `localhost:${service.port}`;
    const status = (headers: Record<string, string>) =>
      ask('DELETE', '/api/v1/silences/none', { host, ...headers });
    for (const origin of [
      'http://evil.example',
      'null',
      'http://localhost',
      `http://evil.example/${host}`,
      'x',
    ])
      expect([origin, await status({ origin })]).toEqual([origin, 403]);
    for (const site of ['cross-site', 'same-site'])
      expect(await status({ 'sec-fetch-site': site })).toBe(403);
    for (const headers of [{}, { origin: `http://${host}` }, { 'sec-fetch-site': 'same-origin' }])
      expect(await status(headers)).toBe(404);
  });
});

describe('with tokens', () => {
  it('the same holds for whoever has one', async () => {
    service = await guardedService([operate]);
    const headers = { ...bearer(operate.text), origin: 'http://evil.example' };
    expect(await ask('DELETE', '/api/v1/silences/none', headers)).toBe(403);
    expect(await ask('GET', '/api/v1/room', { ...bearer(operate.text), host: 'rack.example' })).toBe(200);
  });

  it('one address of the network may ask so often, and is told how long to wait', async () => {
    service = await guardedService([operate], { requestsPerSecond: 2, trustProxy: ['127.0.0.1'] });
    const from = (address: string) => ask('GET', '/healthz', { 'x-forwarded-for': address });
    for (let i = 0; i < 20; i += 1) expect(await from('192.0.2.1')).toBe(200);
    expect([await from('192.0.2.1'), await from('192.0.2.2')]).toEqual([429, 200]);
    service.clock.advance(500);
    expect([await from('192.0.2.1'), await from('192.0.2.1')]).toEqual([200, 429]);
    for (let i = 0; i < 40; i += 1) expect(await ask('GET', '/healthz', {})).toBe(200);
  });

  it('an address that is too long is refused', async () => {
    service = await guardedService([]);
    expect(await ask('GET', `/api/v1/room?${'x'.repeat(9_000)}`, {})).toBe(414);
  });
});
