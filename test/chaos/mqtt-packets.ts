/** What one direction of a MQTT 3.1.1 connection carries, as far as a listener needs it. */
export interface PacketSink {
  /** `messageId` 0: QoS 0. */
  publish?(topic: string, payload: Buffer, messageId: number, repeated: boolean): void;
  puback?(messageId: number): void;
}

/** Cuts a stream of bytes into packets (MQTT 3.1.1 §2.2). */
export function packetReader(sink: PacketSink): (bytes: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (bytes) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    for (let packet = firstPacket(rest); packet !== undefined; packet = firstPacket(rest)) {
      tell(sink, rest[0]!, rest.subarray(packet.from, packet.to));
      rest = rest.subarray(packet.to);
    }
  };
}

/** Where the body of the first packet lies; undefined while it is not whole. */
function firstPacket(bytes: Buffer): { from: number; to: number } | undefined {
  let length = 0;
  for (let i = 1; i < Math.min(5, bytes.length); i += 1) {
    length += (bytes[i]! & 0x7f) * 128 ** (i - 1);
    if ((bytes[i]! & 0x80) !== 0) continue;
    const to = i + 1 + length;
    return to <= bytes.length ? { from: i + 1, to } : undefined;
  }
  return undefined;
}

function tell(sink: PacketSink, head: number, body: Buffer): void {
  const type = head >> 4;
  if (type === 4) sink.puback?.(body.readUInt16BE(0));
  if (type !== 3) return;
  const topicEnd = 2 + body.readUInt16BE(0);
  const qos = (head >> 1) & 3;
  const payloadAt = qos === 0 ? topicEnd : topicEnd + 2;
  sink.publish?.(
    body.toString('utf8', 2, topicEnd),
    body.subarray(payloadAt),
    qos === 0 ? 0 : body.readUInt16BE(topicEnd),
    (head & 8) !== 0,
  );
}
