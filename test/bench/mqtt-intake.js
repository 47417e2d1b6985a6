import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect } from 'mqtt';
import { systemClock } from '../../src/base/clock.js';
import { makeLog } from '../../src/base/log.js';
import { BuiltInBroker } from '../../src/sources/built-in-broker.js';
import { MqttSource } from '../../src/sources/mqtt-source.js';
import { startMosquitto } from '../servers/mosquitto.js';
import { startPublisher } from './publisher.js';
/** Publisher, mosquitto and one consumer after the other, each in a process of its own. */
export async function benchMqttIntake(options = {}) {
    const figures = [];
    for (const qos of options.qos ?? [0, 1]) {
        for (const consumer of options.consumers ?? consumers) {
            figures.push(await run(consumer, qos, options.messages ?? 400_000, options.window ?? 4_000));
        }
    }
    return figures;
}
const consumers = ['reference', 'mqtt.js', 'source', 'built-in broker'];
const marker = 'RACKWATT_BENCH_INTAKE';
async function run(consumer, qos, total, window) {
    const mosquitto = consumer === 'built-in broker' ? undefined : await startMosquitto();
    const task = { consumer, qos, total, port: mosquitto?.port };
    const child = fork(import.meta.filename, [JSON.stringify(task)], {
        env: { ...process.env, [marker]: '1' },
    });
    let publisher;
    try {
        return await new Promise((resolve, reject) => {
            let brokerBefore = 0;
            child.once('exit', (code) => reject(new Error(`the consumer ended with code ${code}`)));
            child.on('message', (report) => {
                if (report.received !== undefined)
                    publisher?.received(report.received);
                if (report.port !== undefined) {
                    publisher = startPublisher({ port: report.port, qos, total, window });
                    publisher.ready.then(() => {
                        brokerBefore = cpuMicrosOf(mosquitto);
                        publisher?.go();
                    }, reject);
                }
                if (report.done === undefined)
                    return;
                const { seconds, cpuMicros, residentMb } = report.done;
                resolve({
                    consumer,
                    qos,
                    messagesPerSecond: Math.round(total / seconds),
                    cpuMicrosPerMessage: round(cpuMicros / total),
                    brokerCpuMicrosPerMessage: round((cpuMicrosOf(mosquitto) - brokerBefore) / total),
                    residentMb,
                });
            });
        });
    }
    finally {
        child.removeAllListeners('exit');
        child.kill('SIGKILL');
        await publisher?.stop();
        await mosquitto?.stop();
    }
}
function cpuMicrosOf(mosquitto) {
    if (mosquitto === undefined)
        return 0;
    // proc(5): after the name in brackets, utime and stime are the 12th and 13th field, in hundredths of a second.
    const fields = readFileSync(`/proc/${mosquitto.pid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10_000;
}
function round(value) {
    return Math.round(value * 100) / 100;
}
if (process.env[marker] === '1')
    await consume(JSON.parse(process.argv[2] ?? '{}'));
async function consume(task) {
    let received = 0;
    let startMs = 0;
    let cpuBefore;
    const report = (what) => process.send?.(what);
    process.on('disconnect', () => process.exit());
    await subscribe(task, (port) => report({ port }), () => {
        if (received === 0) {
            startMs = performance.now();
            cpuBefore = process.cpuUsage();
        }
        received += 1;
        if (received % 250 === 0)
            report({ received });
        if (received !== task.total)
            return;
        const cpu = process.cpuUsage(cpuBefore);
        const residentMb = Math.round(process.memoryUsage.rss() / 2 ** 20);
        report({
            done: { seconds: (performance.now() - startMs) / 1000, cpuMicros: cpu.user + cpu.system, residentMb },
        });
    });
}
async function subscribe(task, ready, count) {
    const { consumer, qos, port } = task;
    if (consumer === 'reference' || consumer === 'mqtt.js') {
        const client = connect(`mqtt://127.0.0.1:${port}`, { protocolVersion: 4 });
        const parse = consumer === 'reference';
        client.on('message', (_topic, payload) => {
            if (parse)
                JSON.parse(payload.toString());
            count();
        });
        client.on('connect', () => client.subscribe('tele/#', { qos }, () => ready(port ?? 0)));
        return;
    }
    const shared = { filters: ['tele/#'], clock: systemClock, log: makeLog('warn') };
    const source = consumer === 'source'
        ? new MqttSource({ ...shared, url: `mqtt://127.0.0.1:${port}`, clientId: 'bench', qos })
        : new BuiltInBroker({ ...shared, host: '127.0.0.1', port: 0 });
    let sequence = 0;
    const handlers = {
        message(message) {
            sequence = message.sequence;
            count();
        },
        changed() { },
    };
    await source.start(handlers);
    // As if a store had made all of it durable a moment ago.
    setInterval(() => source.acknowledge(sequence), 5);
    while (!source.status().ready)
        await new Promise((resolve) => setTimeout(resolve, 5));
    ready(source instanceof BuiltInBroker ? source.address().port : (port ?? 0));
}
