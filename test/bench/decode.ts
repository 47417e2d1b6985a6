import type { IntakeSink } from '../../src/devices/delivery.ts';
import type { Family } from '../../src/devices/family.ts';
import { Intake } from '../../src/devices/intake.ts';
import { loadFamilies } from '../../src/families.ts';
import type { RawMessage } from '../../src/model/reading.ts';
import { announced, benchMapping } from './decode-announced.ts';
import { gateways } from './decode-gateways.ts';
import { plugsAndPdus } from './decode-plugs-and-pdus.ts';

/** CPU for one message from the broker's bytes to readings, beside the same bytes merely parsed. */
export type DecodeRow = {
  readonly family: string;
  readonly messages: number;
  readonly payloadBytes: number;
  readonly cpuMicrosPerMessage: number;
  /** `JSON.parse(buffer.toString())` of the same payloads (or the same figures as JSON), in turn with the above. */
  readonly bareMicrosPerMessage: number;
  readonly ratio: number;
};

export interface DecodeOptions {
  readonly devices?: number;
  readonly rounds?: number;
}

/** As many as a busy client takes from its socket in one go or two, so that they are as fresh in the cache. */
const messagesPerRound = 1_000;
/** Rounds for the compiler to settle, not counted. */
const warmUpRounds = 40;

export async function decodeBench(options: DecodeOptions = {}): Promise<DecodeRow[]> {
  const { devices = 200, rounds = 400 } = options;
  const families = await loadFamilies();
  return [
    measure('tasmota', families, devices, rounds, tasmotaMessage),
    measure('shelly-gen2', families, devices, rounds, shellyMessage),
    ...[...plugsAndPdus, ...gateways].map(([family, make]) =>
      measure(family, families, devices, rounds, make),
    ),
    ...announced.map(({ family, announce, message }) => {
      const before = Array.from({ length: devices }, (_, device) => announce(device)).flat();
      return measure(family, [benchMapping, ...families], devices, rounds, message, before);
    }),
  ];
}

type MakeMessage = (
  device: number,
  step: number,
) => { topic: string; payload: string | Uint8Array; bare?: string };

/** `bare`: what is merely parsed beside it. */
type MadeMessage = RawMessage & { readonly bare: Buffer };

/** Short rounds of both in turn, so that whatever else the machine does hits both alike. */
function measure(
  family: string,
  families: Family[],
  devices: number,
  rounds: number,
  make: MakeMessage,
  before: readonly { topic: string; payload: string }[] = [],
): DecodeRow {
  const intake = new Intake(families);
  let readings = 0;
  let checksum = 0;
  const sink: IntakeSink = {
    reading(reading) {
      readings += 1;
      checksum += reading.watts ?? 0;
    },
    availability() {},
    describe() {},
    subscribe() {},
  };
  const parse = ({ bare }: MadeMessage) => {
    checksum += Object.keys(JSON.parse(bare.toString())).length;
  };
  const decode = (message: MadeMessage) => intake.accept(message, sink);
  for (const { topic, payload } of before)
    intake.accept(
      { topic, payload: Buffer.from(payload), receivedAtMs: 0, retained: true, qos: 0, sequence: 0 },
      sink,
    );
  let cpu = 0;
  let bare = 0;
  let payloadBytes = 0;
  for (let round = 0; round < warmUpRounds + rounds; round++) {
    const messages = makeMessages(make, devices, round);
    const bareMicros = cpuMicros(messages, parse);
    const micros = cpuMicros(messages, decode);
    if (round < warmUpRounds) continue;
    bare += bareMicros;
    cpu += micros;
    payloadBytes += messages.reduce((bytes, { payload }) => bytes + payload.length, 0);
  }
  const messages = rounds * messagesPerRound;
  const expected = messages + warmUpRounds * messagesPerRound;
  if (readings < expected || !Number.isFinite(checksum))
    throw new Error(`${family}: ${readings} readings of ${expected}`);
  return {
    family,
    messages,
    payloadBytes: Math.round(payloadBytes / messages),
    cpuMicrosPerMessage: round3(cpu / messages),
    bareMicrosPerMessage: round3(bare / messages),
    ratio: round3(cpu / bare),
  };
}

/** As a client hands them over: topic and payload new for each message. */
function makeMessages(make: MakeMessage, devices: number, round: number): MadeMessage[] {
  return Array.from({ length: messagesPerRound }, (_, index) => {
    const sequence = round * messagesPerRound + index;
    const { topic, payload, bare } = make(sequence % devices, sequence);
    const bytes = Buffer.from(payload as string);
    return {
      topic: Buffer.from(topic).toString(),
      payload: bytes,
      bare: bare === undefined ? bytes : Buffer.from(bare),
      receivedAtMs: Date.UTC(2025, 2, 4) + sequence,
      retained: false,
      qos: 0,
      sequence,
    };
  });
}

function cpuMicros(messages: readonly MadeMessage[], work: (message: MadeMessage) => void): number {
  const before = process.cpuUsage();
  for (const message of messages) work(message);
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

function round3(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** About 240 bytes, one meter, as a plug with energy metering says it every few seconds. */
function tasmotaMessage(device: number, step: number): { topic: string; payload: string } {
  const watts = 80 + ((step * 7) % 350);
  const payload =
    `{"Time":"2025-03-04T10:20:30","ENERGY":{"TotalStartTime":"2024-11-02T08:00:00","Total":${(300 + step / 1e4).toFixed(3)},` +
    `"Yesterday":2.871,"Today":1.204,"Period":4,"Power":${watts},"ApparentPower":${watts + 9},"ReactivePower":37,` +
    `"Factor":0.94,"Voltage":${228 + (step % 5)},"Current":${(watts / 229).toFixed(3)}}}`;
  return { topic: `tele/plug-${device}/SENSOR`, payload };
}

/** What a metered switch notifies when its load changes. */
function shellyMessage(device: number, step: number): { topic: string; payload: string } {
  const id = `shellyplus1pm-${(0xa8032ab00000 + device).toString(16)}`;
  const watts = 60 + ((step * 11) % 4000) / 10;
  const ts = (Date.UTC(2025, 2, 4) + step) / 1000;
  const payload =
    `{"src":"${id}","dst":"${id}/events","method":"NotifyStatus","params":{"ts":${ts.toFixed(2)},` +
    `"switch:0":{"id":0,"apower":${watts.toFixed(1)},"current":${(watts / 231).toFixed(3)},"voltage":231.4,` +
    `"aenergy":{"by_minute":[1203.114,1198.402,1201.733],"minute_ts":1741046400,"total":${(5e5 + step / 10).toFixed(3)}}}}}`;
  return { topic: `${id}/events/rpc`, payload };
}
