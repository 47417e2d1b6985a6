import { createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Clock } from '../base/clock.ts';
import { ArgumentError } from './argument-error.ts';
import { type ExportArguments, exportedText } from './export-sources.ts';
import { Progress, type ProgressOutput } from './progress.ts';
import type { RunningService } from './running-service.ts';
import { problemOf } from './running-service.ts';

export interface ExportDoor {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: ProgressOutput;
  readonly clock: Clock;
  /** The service that has the store open; undefined: `store` is asked. */
  readonly service: RunningService | undefined;
  readonly store: Parameters<typeof exportedText>[1];
}

/** Writes history as CSV, a part at a time. Rejects with the reason it stopped. */
export async function exportHistory(options: ExportArguments, door: ExportDoor): Promise<void> {
  const { stdout, stderr, clock, service } = door;
  const source =
    service === undefined
      ? Readable.from(exportedText(options, door.store), { objectMode: false })
      : await fromService(options, service);
  let bytes = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  const { out } = options;
  const isPacked = options.gzip || out?.endsWith('.gz') === true;
  const sink = out === undefined ? stdout : createWriteStream(out);
  const progress =
    out === undefined
      ? undefined
      : new Progress(stderr, clock, () => `${out}: ${(bytes / 1e6).toFixed(1)} MB of CSV`);
  try {
    const stages = isPacked ? [source, counted, createGzip(), sink] : [source, counted, sink];
    await pipeline(stages as [NodeJS.ReadableStream, NodeJS.WritableStream], {
      end: out !== undefined || isPacked,
    });
  } finally {
    progress?.stop();
  }
  if (out !== undefined)
    stderr.write(`${out}: ${(bytes / 1e6).toFixed(1)} MB of CSV${isPacked ? ', packed' : ''}\n`);
}

async function fromService(
  { kind, scopes, from, to, by }: ExportArguments,
  service: RunningService,
): Promise<Readable> {
  const query = new URLSearchParams();
  for (const scope of scopes) query.append('scope', scope);
  if (from !== undefined) query.set('from', from);
  if (to !== undefined) query.set('to', to);
  if (kind === 'energy') {
    query.set('by', by);
    if (scopes.length === 0) query.append('scope', '*');
  } else if (kind === 'starts') query.set('limit', '10000');
  else query.set('tier', kind);
  const path = kind === 'energy' || kind === 'starts' ? kind : 'export';
  const answer = await service.ask(`${service.url}/api/v1/${path}?${query}`, {
    headers: { ...service.headers, Accept: 'text/csv' },
  });
  if (answer.status === 400 || answer.status === 404) throw new ArgumentError(await problemOf(answer));
  if (!answer.ok || answer.body === null) throw new Error(await problemOf(answer));
  return Readable.fromWeb(answer.body as Parameters<typeof Readable.fromWeb>[0]);
}
