import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
export function startPublisher(options) {
    const child = fork(import.meta.filename, [JSON.stringify(options)], {
        env: { ...process.env, [marker]: '1' },
    });
    let sent = 0;
    let told = 0;
    // Telling of every message would cost more than the message.
    const step = Math.max(1, Math.floor(options.window / 8));
    child.on('message', (message) => {
        sent = message.sent ?? sent;
    });
    return {
        ready: becomesReady(child),
        go: () => void child.send({ go: true }),
        received(count) {
            if (count - told < step && count < options.total)
                return;
            told = count;
            if (child.connected)
                child.send({ received: count });
        },
        get sent() {
            return sent;
        },
        async stop() {
            if (child.exitCode !== null || child.signalCode !== null)
                return;
            const gone = once(child, 'exit');
            child.kill('SIGKILL');
            await gone;
        },
    };
}
/** A message of 241 bytes with watts, volts, amps, power factor and total, as a Tasmota plug sends it. */
export function tasmotaSensor(variant) {
    const watts = String(100 + (variant % 800)).padStart(3, '0');
    const amps = (Number(watts) / 230).toFixed(3);
    const total = (1_000 + variant / 1_000).toFixed(3);
    const energy = `{"TotalStartTime":"2025-01-01T00:00:00","Total":${total},"Yesterday":3.100,"Today":1.402,"Period": 4,` +
        `"Power":${watts},"ApparentPower":${watts},"ReactivePower": 57,"Factor":0.98,"Voltage":230,"Current":${amps}}`;
    return `{"Time":"2026-01-15T12:00:00","ENERGY":${energy}}`.padEnd(241, ' ');
}
async function becomesReady(child) {
    await new Promise((resolve, reject) => {
        child.on('message', (message) => {
            if (message.ready)
                resolve();
        });
        child.once('exit', (code) => reject(new Error(`the publisher ended with code ${code}`)));
    });
}
const marker = 'RACKWATT_BENCH_PUBLISHER';
const devicesDefault = 200;
const variants = 16;
const messagesPerWrite = 64;
if (process.env[marker] === '1')
    await publish(JSON.parse(process.argv[2] ?? '{}'));
async function publish(options) {
    const packets = encode(options.devices ?? devicesDefault, options.qos);
    const socket = await connectTo(options.port);
    let received = 0;
    let sent = 0;
    const fill = () => {
        while (sent < options.total && sent - received < options.window && !socket.writableNeedDrain) {
            const count = Math.min(messagesPerWrite, options.total - sent, options.window - (sent - received));
            socket.write(join(packets, sent, count, options.qos));
            sent += count;
        }
        if (sent === options.total)
            process.send?.({ sent });
    };
    socket.on('drain', fill);
    process.on('message', (message) => {
        received = message.received ?? received;
        fill();
    });
    process.on('disconnect', () => process.exit());
    process.send?.({ ready: true });
}
/** One packet for each device and variant; at QoS 1 with room for the message id, whose place is noted. */
function encode(devices, qos) {
    return Array.from({ length: devices * variants }, (_, i) => {
        const topic = Buffer.from(`tele/plug_${i % devices}/SENSOR`);
        const payload = Buffer.from(tasmotaSensor(i));
        const body = Buffer.concat([Buffer.from([0, topic.length]), topic, Buffer.alloc(qos * 2), payload]);
        const header = Buffer.from([
            0x30 | (qos << 1),
            (body.length % 128) | 0x80,
            Math.floor(body.length / 128),
        ]);
        return { bytes: Buffer.concat([header, body]), idAt: header.length + 2 + topic.length };
    });
}
function join(packets, from, count, qos) {
    const parts = [];
    for (let i = from; i < from + count; i += 1) {
        const { bytes, idAt } = packets[i % packets.length];
        if (qos === 1)
            bytes.writeUInt16BE((i % 65_535) + 1, idAt);
        parts.push(bytes);
    }
    // Copies, so that the same packet may be written to again.
    return Buffer.concat(parts);
}
async function connectTo(port) {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    socket.write(Buffer.from('\x10\x15\x00\x04MQTT\x04\x02\x00\x00\x00\x09publisher', 'latin1'));
    await once(socket, 'data');
    // The broker's acknowledgements are of no interest: the consumer tells what has arrived.
    socket.resume();
    return socket;
}
