import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { afterEach, expect, it } from 'vitest';
import { gatherReads } from '../../src/sources/gather-reads.ts';
import { until } from '../base/until.ts';
import { makeCertificates } from '../servers/certificates.ts';

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0).reverse()) cleanUp();
});

async function pair(kind: 'plain' | 'tls'): Promise<{ reader: Socket; writer: Socket }> {
  const writers: Socket[] = [];
  if (kind === 'plain') {
    const server = createServer({ noDelay: true }, (socket) => writers.push(socket)).listen(0, '127.0.0.1');
    cleanUps.push(() => server.close());
    await once(server, 'listening');
    const reader = connect((server.address() as AddressInfo).port, '127.0.0.1');
    return await finish(reader, writers);
  }
  const folder = mkdtempSync(join(tmpdir(), 'gather-'));
  cleanUps.push(() => rmSync(folder, { recursive: true, force: true }));
  const { ca, files } = makeCertificates(folder);
  const identity = { cert: readFileSync(files.cert), key: readFileSync(files.key), noDelay: true };
  const server = createTlsServer(identity, (socket) => writers.push(socket)).listen(0, '127.0.0.1');
  cleanUps.push(() => server.close());
  await once(server, 'listening');
  return await finish(
    connectTls({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', ca }),
    writers,
  );
}

async function finish(reader: Socket, writers: Socket[]): Promise<{ reader: Socket; writer: Socket }> {
  await until(() => writers.length === 1, 'connected');
  const [writer] = writers as [Socket];
  for (const socket of [reader, writer]) socket.on('error', () => {});
  cleanUps.push(() => reader.destroy());
  return { reader, writer };
}

it.each(['plain', 'tls'] as const)(
  'brings many small writes in few reads, all of it and in order (%s)',
  async (kind) => {
    const { reader, writer } = await pair(kind);
    gatherReads(reader);
    const chunks: Buffer[] = [];
    reader.on('data', (chunk) => chunks.push(chunk));
    const sent: string[] = [];
    const startMs = performance.now();
    for (let i = 0; i < 2_000; i += 1) {
      sent.push(`message ${i}\n`);
      writer.write(sent.at(-1) as string);
      if (i % 4 === 0) await new Promise(setImmediate);
    }
    const text = sent.join('');
    await until(() => chunks.reduce((sum, chunk) => sum + chunk.length, 0) === text.length, 'all of it');
    expect(Buffer.concat(chunks).toString()).toBe(text);
    // A TLS record is handed over by itself, however they were read.
    if (kind === 'plain') expect(chunks.length).toBeLessThan(performance.now() - startMs + 20);
  },
);

it.each(['plain', 'tls'] as const)('leaves back-pressure as it is (%s)', async (kind) => {
  const { reader, writer } = await pair(kind);
  let received = 0;
  const slow = new Writable({
    highWaterMark: 1_000,
    write(chunk: Buffer, _encoding, done) {
      received += chunk.length;
      setImmediate(done);
    },
  });
  reader.pipe(slow);
  gatherReads(reader);
  let sent = 0;
  for (let i = 0; i < 300; i += 1) {
    const size = (i * 7_919) % 60_000;
    sent += size;
    if (!writer.write(Buffer.alloc(size))) await once(writer, 'drain');
  }
  await until(
    () => received === sent,
    () => `${sent} bytes, not ${received}`,
  );
});

it('notices the end of the connection', async () => {
  const { reader, writer } = await pair('plain');
  gatherReads(reader);
  reader.resume();
  writer.write('last words');
  writer.end();
  await once(reader, 'close');
});

it('finds the insides of Node that it needs', async () => {
  for (const kind of ['plain', 'tls'] as const) {
    const { reader } = await pair(kind);
    const { _handle: handle } = reader as unknown as {
      _handle: { readStop: unknown; readStart: unknown; reading: unknown };
    };
    expect(typeof handle.readStop).toBe('function');
    expect(typeof handle.readStart).toBe('function');
    expect(handle.reading).toBeTypeOf('boolean');
  }
});
