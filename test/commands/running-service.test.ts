import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runningService } from '../../src/commands/running-service.ts';
import { loadSettings } from '../../src/config/load.ts';
import { runApp, type TestedApp } from '../room/running.ts';
import { type Certificates, makeCertificates } from '../servers/certificates.ts';

/** How export and import find the service of the same settings, where it speaks TLS. */

let folder: string;
let own: Certificates;
let other: Certificates;
let app: TestedApp;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rackwatt-found-'));
  for (const name of ['own', 'other']) mkdirSync(join(folder, name));
  own = makeCertificates(join(folder, 'own'));
  other = makeCertificates(join(folder, 'other'));
  app = await runApp(tls(own));
});
afterAll(async () => {
  await app?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

function tls({ files }: Certificates): Record<string, string> {
  return { RACKWATT_HTTP_TLS_CERT: files.cert, RACKWATT_HTTP_TLS_KEY: files.key };
}

function found(certificates: Certificates) {
  const env = { ...tls(certificates), RACKWATT_HTTP_PORT: new URL(app.httpUrl).port };
  return runningService(loadSettings({ env, cwd: folder }).settings, {});
}

it('is the one that shows the certificate of the settings, whoever signed it and whatever name stands in it', async () => {
  const service = await found(own);
  expect(service?.url).toBe(app.httpUrl);
  const answer = await service!.ask(`${service!.url}/api/v1/export?tier=quarter`, {
    headers: service!.headers,
  });
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('tier,scope,fromMs')]);
  const refused = await service!.ask(`${service!.url}/api/v1/import?job=a&last=true`, {
    method: 'POST',
    body: new Uint8Array([0x61]),
    headers: { 'Content-Type': 'text/plain' },
  });
  expect(refused.status).toBe(415);
});

it('is none that shows another', async () => {
  expect(await found(other)).toBeUndefined();
});
