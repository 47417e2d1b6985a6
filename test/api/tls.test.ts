import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { CertificateError } from '../../src/api/certificate.ts';
import { LiveReader } from '../live/live-service.ts';
import { type Certificates, makeCertificates } from '../servers/certificates.ts';
import { ApiService, openHttp } from './api-service.ts';
import { bearer, guardedService, madeToken } from './made-access.ts';

/** HTTPS with a certificate of a throw-away authority. */

const token = madeToken('a', 'view');
let folder: string;
let first: Certificates;
let files: { cert: string; key: string };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rackwatt-tls-'));
  first = makeCertificates(folder);
  files = { cert: first.files.cert, key: first.files.key };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Status, and the serial number of the certificate that was shown. */
function ask(service: ApiService, ca: string | string[], path = '/healthz', headers = {}) {
  return new Promise<{ status: number; serial: string; cookie: string | undefined }>((resolve, reject) => {
    get({ host: 'localhost', port: service.port, path, ca, headers, agent: false }, (response) => {
      const serial = (response.socket as import('node:tls').TLSSocket).getPeerCertificate().serialNumber;
      response
        .resume()
        .on('end', () =>
          resolve({ status: response.statusCode!, serial, cookie: response.headers['set-cookie']?.[0] }),
        );
    }).on('error', reject);
  });
}

describe('http.tls', () => {
  it('serves everything over TLS 1.2 or newer, and nothing older', async () => {
    const service = await guardedService([token], { tls: files });
    expect(service.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect((await ask(service, first.ca)).status).toBe(200);
    expect((await ask(service, first.ca, '/api/v1/room', bearer(token.text))).status).toBe(200);
    expect((await ask(service, first.ca, '/api/v1/room')).status).toBe(401);
    const old = new Promise((resolve, reject) => {
      const socket = connect(
        {
          port: service.port,
          host: '127.0.0.1',
          ca: first.ca,
          minVersion: 'TLSv1',
          maxVersion: 'TLSv1.1',
          ciphers: 'DEFAULT@SECLEVEL=0',
        },
        () => resolve(socket.getProtocol()),
      ).on('error', reject);
    });
    await expect(old).rejects.toThrow(/protocol|alert|version/i);
    const reader = new LiveReader(
      new WebSocket(`wss://localhost:${service.port}/api/v1/live`, 'rackwatt.live.v1', {
        ca: first.ca,
        headers: { ...bearer(token.text), origin: `https://localhost:${service.port}` },
      }),
    );
    await reader.opened;
    reader.socket.close();
    await reader.untilClosed();
    await service.stop();
  });

  it('takes a renewed certificate without dropping anybody, and leaves one that does not fit', async () => {
    const service = await guardedService([token], { tls: files });
    const open = new LiveReader(
      new WebSocket(`wss://localhost:${service.port}/api/v1/live`, 'rackwatt.live.v1', {
        ca: first.ca,
        headers: bearer(token.text),
      }),
    );
    await open.opened;
    const before = await ask(service, first.ca);
    const renewed = join(folder, 'renewed');
    mkdirSync(renewed);
    const second = makeCertificates(renewed);
    const both = [first.ca, second.ca];

    copyFileSync(second.files.cert, files.cert);
    service.clock.advance(10_000);
    expect(service.logged.join()).toMatch(/stays in use/);
    expect((await ask(service, both)).serial).toBe(before.serial);

    copyFileSync(second.files.key, files.key);
    service.clock.advance(10_000);
    const after = await ask(service, both);
    expect([after.status, after.serial === before.serial]).toEqual([200, false]);
    expect(open.socket.readyState).toBe(WebSocket.OPEN);
    open.socket.close();
    await open.untilClosed();
    await service.stop();
  });

  it('that cannot be used is said before anything is served', () => {
    writeFileSync(files.key, 'no key');
    const make = () => new ApiService({ http: { ...openHttp, tls: files } });
    expect(make).toThrow(CertificateError);
    expect(make).toThrow(/http\.tls: .*cannot be used as certificate and key/);
  });
});
