import { randomUUID } from 'node:crypto';
import type { Writable } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import { makeLog } from '../base/log.ts';
import type { Family } from '../devices/family.ts';
import type { BrokerAccess } from '../sources/broker-access.ts';
import { MqttSource } from '../sources/mqtt-source.ts';
import type { SourceStatus } from '../sources/source.ts';
import { reportText } from './discover-report.ts';
import { Discovery } from './discovery.ts';
import { Progress, type ProgressOutput } from './progress.ts';
import { settingsDraft } from './settings-draft.ts';

export interface DiscoverOptions extends BrokerAccess {
  readonly seconds: number;
  /** Print a settings draft on standard output, and the report on standard error. */
  readonly yaml: boolean;
}

export interface DiscoverIo {
  readonly families: readonly Family[];
  readonly stdout: Pick<Writable, 'write'>;
  readonly stderr: ProgressOutput;
  readonly clock: Clock;
  /** Ends the listening early; what was heard is reported. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * `rackwatt discover`: listens to everything on a broker for a while, leaving no trace there, and says which
 * devices and outlets it heard and what it could not read. Answers how many outlets; rejects when the broker
 * cannot be reached or lets us go.
 */
export async function discover(options: DiscoverOptions, io: DiscoverIo): Promise<number> {
  const discovery = new Discovery(io.families);
  const source = new MqttSource({
    ...options,
    clientId: `rackwatt-discover-${randomUUID().slice(0, 8)}`,
    keepSession: false,
    qos: 0,
    filters: ['#'],
    clock: io.clock,
    log: makeLog('silent'),
  });
  discovery.learn = (filter) => source.subscribe([filter]);
  discovery.ask = (topic, payload) => source.publish(topic, payload);
  try {
    const listenedMs = await listen(source, discovery, options.seconds * 1_000, io);
    const { url, refused } = source.status();
    const found = { url, refused, listenedMs, discovery, drafted: options.yaml };
    if (options.yaml) {
      io.stdout.write(settingsDraft(options, discovery.outlets()));
      io.stderr.write(reportText(found));
    } else {
      io.stdout.write(reportText(found));
    }
    return discovery.outletCount;
  } finally {
    await source.stop();
  }
}

const tickMs = 1_000;

/** Answers how long it has listened, in ms. */
async function listen(
  source: MqttSource,
  discovery: Discovery,
  forMs: number,
  io: DiscoverIo,
): Promise<number> {
  const { clock, stderr, signal } = io;
  let startMs: number | undefined;
  let progress: Progress | undefined;
  let cancel = () => {};
  const stopTicking = clock.every(tickMs, () => discovery.tick(clock.nowMs()));
  try {
    await new Promise<void>((resolve, reject) => {
      const changed = (status: SourceStatus) => {
        if (status.state === 'waiting') reject(new Error(status.problem ?? 'the broker is away'));
        if (status.state !== 'ready') return;
        // Who may not listen to everything may perhaps listen to what the families need.
        if (status.refused.includes('#')) source.subscribe(discovery.filters);
        if (startMs !== undefined) return;
        startMs = clock.nowMs();
        cancel = clock.after(forMs, resolve);
        if (stderr.isTTY)
          progress = new Progress(stderr, clock, (passedMs) => countdown(forMs - passedMs, discovery));
      };
      signal?.addEventListener('abort', () => resolve(), { once: true });
      source.start({ message: (message) => discovery.accept(message), changed }).catch(reject);
    });
  } finally {
    cancel();
    stopTicking();
    progress?.stop();
  }
  return clock.nowMs() - (startMs ?? clock.nowMs());
}

function countdown(leftMs: number, discovery: Discovery): string {
  const seconds = Math.max(0, Math.ceil(leftMs / 1_000));
  return `listening, ${seconds} s left: ${discovery.messages} messages, ${discovery.outletCount} outlets`;
}
