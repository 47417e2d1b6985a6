var __rewriteRelativeImportExtension = (this && this.__rewriteRelativeImportExtension) || function (path, preserveJsx) {
    if (typeof path === "string" && /^\.\.?\//.test(path)) {
        return path.replace(/\.(tsx)$|((?:\.d)?)((?:\.[^./]+?)?)\.([cm]?)ts$/i, function (m, tsx, d, ext, cm) {
            return tsx ? preserveJsx ? ".jsx" : ".js" : d && (!ext || !cm) ? m : (d + ext + "." + cm.toLowerCase() + "js");
        });
    }
    return path;
};
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Intake } from '../../src/devices/intake.js';
const messagesPerRound = 50_000;
export async function decodeBench(options = {}) {
    const { devices = 1_000, rounds = 12 } = options;
    const families = await allFamilies();
    return [
        measure('tasmota', families, devices, rounds, tasmotaMessage),
        measure('shelly-gen2', families, devices, rounds, shellyMessage),
    ];
}
async function allFamilies() {
    const folder = join(import.meta.dirname, '../../src/devices/families');
    const files = (await readdir(folder)).filter((file) => file.endsWith('.ts'));
    return Promise.all(files.map(async (file) => (await import(__rewriteRelativeImportExtension(join(folder, file)))).family));
}
/** Rounds of both in turn, so that what else the machine does hits both; the median of each. */
function measure(family, families, devices, rounds, make) {
    const intake = new Intake(families);
    let readings = 0;
    let checksum = 0;
    const sink = {
        reading(reading) {
            readings += 1;
            checksum += reading.watts ?? 0;
        },
        availability() { },
        describe() { },
        subscribe() { },
    };
    const decoding = [];
    const parsing = [];
    let payloadBytes = 0;
    for (let round = 0; round < rounds; round++) {
        const messages = makeMessages(make, devices, round);
        payloadBytes = messages[0].payload.length;
        parsing.push(cpuMicros(messages, (message) => {
            checksum += Object.keys(JSON.parse(message.payload.toString())).length;
        }));
        decoding.push(cpuMicros(messages, (message) => intake.accept(message, sink)));
    }
    const messages = rounds * messagesPerRound;
    if (readings !== messages || !Number.isFinite(checksum))
        throw new Error(`${family}: ${readings} readings of ${messages}`);
    const cpu = median(decoding);
    const bare = median(parsing);
    return {
        family,
        messages,
        payloadBytes,
        cpuMicrosPerMessage: cpu,
        bareMicrosPerMessage: bare,
        ratio: cpu / bare,
    };
}
/** As a client hands them over: topic and payload new for each message. */
function makeMessages(make, devices, round) {
    return Array.from({ length: messagesPerRound }, (_, index) => {
        const sequence = round * messagesPerRound + index;
        const { topic, payload } = make(sequence % devices, sequence);
        return {
            topic: Buffer.from(topic).toString(),
            payload: Buffer.from(payload),
            receivedAtMs: Date.UTC(2025, 2, 4) + sequence,
            retained: false,
            qos: 0,
            sequence,
        };
    });
}
function cpuMicros(messages, work) {
    const before = process.cpuUsage();
    for (const message of messages)
        work(message);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / messages.length;
}
function median(values) {
    return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)];
}
/** About 240 bytes, one meter, as a plug with energy metering says it every few seconds. */
function tasmotaMessage(device, step) {
    const watts = 80 + ((step * 7) % 350);
    const payload = `{"Time":"2025-03-04T10:20:30","ENERGY":{"TotalStartTime":"2024-11-02T08:00:00","Total":${(300 + step / 1e4).toFixed(3)},` +
        `"Yesterday":2.871,"Today":1.204,"Period":4,"Power":${watts},"ApparentPower":${watts + 9},"ReactivePower":37,` +
        `"Factor":0.94,"Voltage":${228 + (step % 5)},"Current":${(watts / 229).toFixed(3)}}}`;
    return { topic: `tele/plug-${device}/SENSOR`, payload };
}
/** What a metered switch notifies when its load changes. */
function shellyMessage(device, step) {
    const id = `shellyplus1pm-${(0xa8032ab00000 + device).toString(16)}`;
    const watts = 60 + ((step * 11) % 4000) / 10;
    const ts = (Date.UTC(2025, 2, 4) + step) / 1000;
    const payload = `{"src":"${id}","dst":"${id}/events","method":"NotifyStatus","params":{"ts":${ts.toFixed(2)},` +
        `"switch:0":{"id":0,"apower":${watts.toFixed(1)},"current":${(watts / 231).toFixed(3)},"voltage":231.4,` +
        `"aenergy":{"by_minute":[1203.114,1198.402,1201.733],"minute_ts":1741046400,"total":${(5e5 + step / 10).toFixed(3)}}}}}`;
    return { topic: `${id}/events/rpc`, payload };
}
