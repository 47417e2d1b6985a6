import { Alerts } from '../../src/alerts/alerts.ts';
import { alerts as alertSchema } from '../../src/config/alert-settings.ts';
import type { PowerTree } from '../../src/model/power-tree.ts';
import { emptyReading } from '../../src/model/reading.ts';
import { Room } from '../../src/model/room.ts';
import type { BenchRow } from './run.ts';

const servers = 10_000;
const perBreaker = 12;
const rounds = 15;
const secondMs = 1_000;

/**
 * All rules over a room of 10,000 servers with two supplies each, once a second, while every meter reports each
 * second, while one in ten does, and while none does; beside a bare pass over as many outlets that compares each with
 * a limit. What the room itself does with readings is not counted.
 */
export async function alertsBench(): Promise<BenchRow[]> {
  return [
    bareScan(),
    measure('every server changes', 1),
    measure('one in ten changes', 10),
    measure('nothing changes', 0),
  ];
}

function measure(what: string, everyNth: number): BenchRow {
  const tree = treeOf();
  const room = new Room({ tree, rollUp: () => {} });
  let told = 0;
  const alerts = new Alerts({
    room,
    tree,
    settings: alertSchema.parse({}),
    outside: {
      service: () => ({
        brokerReady: true,
        storeOk: true,
        backlogReadings: 0,
        backlogBytes: 0,
        backlogBytesMax: 1,
      }),
      idle: () => [],
      month: () => undefined,
      carriedBefore: () => false,
      isOnline: () => undefined,
    },
    teller: {
      tell() {
        told += 1;
      },
    },
    event() {},
  });
  let nowMs = Date.UTC(2026, 0, 15);
  const outlets = tree.servers.flatMap(({ inputs }) => inputs.map(({ outlet }) => outlet));
  const report = (round: number, nth: number) => {
    for (let i = 0; i < outlets.length; i += 1) {
      if (nth === 0 || (i >> 1) % nth !== round % nth) continue;
      const watts = 100 + ((i * 7 + round * 13) % 20);
      const outlet = outlets[i]!;
      const message = {
        topic: '',
        payload: new Uint8Array(),
        retained: false,
        qos: 0,
        sequence: 0,
        receivedAtMs: nowMs,
      } as const;
      const reading = emptyReading(outlet.slice(0, outlet.indexOf('/')), outlet, message);
      room.apply({ ...reading, watts, volts: 230, amps: watts / 230 }, 60_000);
    }
  };
  room.tick(nowMs);
  report(0, 1);
  alerts.tick(nowMs);
  let micros = 0;
  let longest = 0;
  const looksBefore = () => alerts.counts.looks;
  let looks = 0;
  for (let round = 1; round <= rounds * 2; round += 1) {
    nowMs += secondMs;
    report(round, everyNth);
    room.tick(nowMs);
    const before = looksBefore();
    // A bench measures the machine's clock.
    const fromMicros = process.cpuUsage();
    alerts.tick(nowMs);
    const { user, system } = process.cpuUsage(fromMicros);
    if (round <= rounds) continue;
    micros += user + system;
    longest = Math.max(longest, user + system);
    looks += alerts.counts.looks - before;
  }
  return {
    what,
    'looks a second': Math.round(looks / rounds),
    'CPU ms a second': rounded(micros / rounds / 1000),
    'percent of a core': rounded(micros / rounds / 10_000),
    'longest ms': rounded(longest / 1000),
    'told (wanted 0)': told,
  };
}

/** Twenty thousand numbers, each held against a limit: the least that looking at all of them could cost. */
function bareScan(): BenchRow {
  const watts = Float64Array.from({ length: servers * 2 }, (_, i) => 100 + (i % 20));
  let over = 0;
  const from = process.cpuUsage();
  const passes = 1000;
  for (let pass = 0; pass < passes; pass += 1)
    for (let i = 0; i < watts.length; i += 1) if (watts[i]! > 150 + pass) over += 1;
  const { user, system } = process.cpuUsage(from);
  return {
    what: 'bare: one pass over 20,000 outlets',
    'looks a second': watts.length,
    'CPU ms a second': rounded((user + system) / passes / 1000),
    'percent of a core': rounded((user + system) / passes / 10_000),
    'longest ms': 0,
    'told (wanted 0)': over,
  };
}

function treeOf(): PowerTree {
  const breakers = Math.ceil(servers / perBreaker);
  return {
    name: 'bench',
    timezone: 'UTC',
    feeds: ['A', 'B'].map((feed) => ({
      name: feed,
      volts: 230,
      breakers: Array.from({ length: breakers }, (_, i) => ({
        name: `${feed}${i}`,
        amps: 32,
        curve: 'C' as const,
      })),
    })),
    racks: Array.from({ length: Math.ceil(servers / 24) }, (_, i) => ({ name: `r${i}` })),
    servers: Array.from({ length: servers }, (_, i) => ({
      name: `s${i}`,
      rack: `r${Math.floor(i / 24)}`,
      inputs: ['A', 'B'].map((feed) => ({
        outlet: `pdu-${feed}-${Math.floor(i / perBreaker)}/${i % perBreaker}`,
        breaker: `${feed}${Math.floor(i / perBreaker)}`,
      })),
    })),
  };
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
