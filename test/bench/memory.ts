import mqtt from 'mqtt';
import type { BenchRow } from './run.ts';
import { type BenchService, startService } from './service.ts';

const outlets = 100_000;
const channels = 8;
/** Readings of each outlet: enough for everything that is learnt to be there. */
const rounds = 3;

/**
 * What an outlet costs in memory: 100,000 outlets on 8-channel strips publish through the built-in broker to the
 * whole service with the embedded store. Beside it the bare reference: the same figures in a Map of objects.
 */
export async function memoryBench(): Promise<BenchRow[]> {
  const bare = Math.round(bareMapBytes() / outlets);
  return [
    { what: 'bare: Map of objects, 5 figures each', heldBytesPerOutlet: bare, rssBytesPerOutlet: bare },
    { what: 'rackwatt', ...(await measure([])) },
    { what: `rackwatt, ${smallNursery}`, ...(await measure([smallNursery])) },
  ];
}

/** The memory that V8 keeps ready for young objects; less of it costs a tenth of the ingest rate. */
const smallNursery = '--max-semi-space-size=4';

async function measure(execArgv: string[]) {
  const service = await startService({}, ['--expose-gc', ...execArgv]);
  try {
    const before = await service.counts(true);
    const client = await mqtt.connectAsync(service.brokerUrl);
    for (let round = 0; round < rounds; round += 1) {
      for (let strip = 0; strip < outlets / channels; strip += 1) {
        await client.publishAsync(`tele/strip-${strip}/SENSOR`, payload(strip, round), { qos: 1 });
      }
    }
    await client.endAsync();
    const after = await settled(service, rounds * outlets);
    return {
      heldBytesPerOutlet: Math.round((after.heldBytes - before.heldBytes) / outlets),
      rssBytesPerOutlet: Math.round((after.rssBytes - before.rssBytes) / outlets),
    };
  } finally {
    await service.stop();
    service.remove();
  }
}

async function settled(service: BenchService, readings: number) {
  for (;;) {
    const counts = await service.counts(true);
    if (counts.readings >= readings && counts.queued === 0) return counts;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

function payload(strip: number, round: number): string {
  const each = (value: (channel: number) => number) => Array.from({ length: channels }, (_, c) => value(c));
  return JSON.stringify({
    Time: '2026-01-01T00:00:00',
    ENERGY: {
      Power: each((c) => 50 + ((strip + c + round) % 200)),
      Voltage: 230,
      Current: each((c) => 0.2 + ((strip + c) % 100) / 100),
      Factor: each(() => 0.95),
      Total: each((c) => 100 + strip / 10 + c),
    },
  });
}

function bareMapBytes(): number {
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const map = new Map<string, { watts: number; volts: number; amps: number; pf: number; wh: number }>();
  for (let i = 0; i < outlets; i += 1) {
    map.set(`strip-${i >> 3}/${(i & 7) + 1}`, {
      watts: i + 0.5,
      volts: 230.5,
      amps: 0.25,
      pf: 0.95,
      wh: i * 10.5,
    });
  }
  globalThis.gc?.();
  const bytes = process.memoryUsage().heapUsed - before;
  if (map.size !== outlets) throw new Error('the map is not whole');
  return bytes;
}
