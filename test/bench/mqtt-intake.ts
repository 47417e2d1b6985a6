import { fork } from 'node:child_process';
import { connect } from 'mqtt';
import { systemClock } from '../../src/base/clock.ts';
import { makeLog } from '../../src/base/log.ts';
import { BuiltInBroker } from '../../src/sources/built-in-broker.ts';
import { MqttSource } from '../../src/sources/mqtt-source.ts';
import type { SourceHandlers } from '../../src/sources/source.ts';
import { type Mosquitto, startMosquitto } from '../servers/mosquitto.ts';
import { cpuMicrosOf } from './process-cpu.ts';
import { startPublisher } from './publisher.ts';

/** `reference` is mqtt.js with `JSON.parse` and nothing else; the others hand over messages and do no more. */
export type IntakeConsumer = 'reference' | 'mqtt.js' | 'source' | 'built-in broker';

export interface IntakeFigures {
  readonly consumer: IntakeConsumer;
  readonly qos: 0 | 1;
  readonly messagesPerSecond: number;
  /** User and system time of the consumer's process. */
  readonly cpuMicrosPerMessage: number;
  /** Of mosquitto; 0 where there is none. */
  readonly brokerCpuMicrosPerMessage: number;
  readonly residentMb: number;
}

export interface IntakeBenchOptions {
  readonly messages?: number | undefined;
  readonly window?: number | undefined;
  readonly consumers?: readonly IntakeConsumer[] | undefined;
  readonly qos?: readonly (0 | 1)[] | undefined;
}

/** Publisher, mosquitto and one consumer after the other, each in a process of its own. */
export async function benchMqttIntake(options: IntakeBenchOptions = {}): Promise<IntakeFigures[]> {
  const figures: IntakeFigures[] = [];
  for (const qos of options.qos ?? [0, 1]) {
    for (const consumer of options.consumers ?? consumers) {
      figures.push(await run(consumer, qos, options.messages ?? 400_000, options.window ?? 4_000));
    }
  }
  return figures;
}

const consumers: readonly IntakeConsumer[] = ['reference', 'mqtt.js', 'source', 'built-in broker'];
const marker = 'RACKWATT_BENCH_INTAKE';

interface ConsumerTask {
  readonly consumer: IntakeConsumer;
  readonly qos: 0 | 1;
  readonly port: number | undefined;
  readonly total: number;
}

interface ConsumerReport {
  readonly port?: number;
  readonly received?: number;
  readonly done?: { readonly seconds: number; readonly cpuMicros: number; readonly residentMb: number };
}

async function run(
  consumer: IntakeConsumer,
  qos: 0 | 1,
  total: number,
  window: number,
): Promise<IntakeFigures> {
  const mosquitto = consumer === 'built-in broker' ? undefined : await startMosquitto();
  const task: ConsumerTask = { consumer, qos, total, port: mosquitto?.port };
  const child = fork(import.meta.filename, [JSON.stringify(task)], {
    env: { ...process.env, [marker]: '1' },
  });
  let publisher: ReturnType<typeof startPublisher> | undefined;
  try {
    return await new Promise<IntakeFigures>((resolve, reject) => {
      let brokerBefore = 0;
      child.once('exit', (code) => reject(new Error(`the consumer ended with code ${code}`)));
      child.on('message', (report: ConsumerReport) => {
        if (report.received !== undefined) publisher?.received(report.received);
        if (report.port !== undefined) {
          publisher = startPublisher({ port: report.port, qos, total, window });
          publisher.ready.then(() => {
            brokerBefore = brokerCpuMicros(mosquitto);
            publisher?.go();
          }, reject);
        }
        if (report.done === undefined) return;
        const { seconds, cpuMicros, residentMb } = report.done;
        resolve({
          consumer,
          qos,
          messagesPerSecond: Math.round(total / seconds),
          cpuMicrosPerMessage: round(cpuMicros / total),
          brokerCpuMicrosPerMessage: round((brokerCpuMicros(mosquitto) - brokerBefore) / total),
          residentMb,
        });
      });
    });
  } finally {
    child.removeAllListeners('exit');
    child.kill('SIGKILL');
    await publisher?.stop();
    await mosquitto?.stop();
  }
}

function brokerCpuMicros(mosquitto: Mosquitto | undefined): number {
  return mosquitto === undefined ? 0 : cpuMicrosOf(mosquitto.pid);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

if (process.env[marker] === '1') await consume(JSON.parse(process.argv[2] ?? '{}') as ConsumerTask);

async function consume(task: ConsumerTask): Promise<void> {
  let received = 0;
  let startMs = 0;
  let cpuBefore: NodeJS.CpuUsage | undefined;
  const report = (what: ConsumerReport) => process.send?.(what);
  process.on('disconnect', () => process.exit());
  await subscribe(
    task,
    (port) => report({ port }),
    () => {
      if (received === 0) {
        startMs = performance.now();
        cpuBefore = process.cpuUsage();
      }
      received += 1;
      if (received % 250 === 0) report({ received });
      if (received !== task.total) return;
      const cpu = process.cpuUsage(cpuBefore);
      const residentMb = Math.round(process.memoryUsage.rss() / 2 ** 20);
      report({
        done: { seconds: (performance.now() - startMs) / 1000, cpuMicros: cpu.user + cpu.system, residentMb },
      });
    },
  );
}

async function subscribe(
  task: ConsumerTask,
  ready: (port: number) => void,
  count: () => void,
): Promise<void> {
  const { consumer, qos, port } = task;
  if (consumer === 'reference' || consumer === 'mqtt.js') {
    const client = connect(`mqtt://127.0.0.1:${port}`, { protocolVersion: 4 });
    const parse = consumer === 'reference';
    client.on('message', (_topic, payload) => {
      if (parse) JSON.parse(payload.toString());
      count();
    });
    client.on('connect', () => client.subscribe('tele/#', { qos }, () => ready(port ?? 0)));
    return;
  }
  const shared = { filters: ['tele/#'], clock: systemClock, log: makeLog('warn') };
  const source =
    consumer === 'source'
      ? new MqttSource({ ...shared, url: `mqtt://127.0.0.1:${port}`, clientId: 'bench', qos })
      : new BuiltInBroker({ ...shared, host: '127.0.0.1', port: 0 });
  let sequence = 0;
  const handlers: SourceHandlers = {
    message(message) {
      sequence = message.sequence;
      count();
    },
    changed() {},
  };
  await source.start(handlers);
  // As if a store had made all of it durable a moment ago.
  setInterval(() => source.acknowledge(sequence), 5);
  while (!source.status().ready) await new Promise((resolve) => setTimeout(resolve, 5));
  ready(source instanceof BuiltInBroker ? source.address().port : (port ?? 0));
}
