import type { MqttClient } from 'mqtt';

/** MQTT §2.3.1: a packet identifier has 16 bits and is not used twice at a time. */
const heldMax = 65_535;

/**
 * QoS 1 messages we have taken but not yet acknowledged, in the order they came (MQTT 3.1.1 §4.6 wants the
 * acknowledgements in that order). Lives as long as one connection: what was not acknowledged on it is
 * delivered again by the broker on the next.
 */
export class HeldAcks {
  readonly #messageIds = new Uint16Array(heldMax);
  readonly #sequences = new Float64Array(heldMax);
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** False when a broker that breaks the protocol has more than 65,535 messages in flight. */
  hold(messageId: number, sequence: number): boolean {
    if (this.#length === heldMax) return false;
    const at = (this.#head + this.#length) % heldMax;
    this.#messageIds[at] = messageId;
    this.#sequences[at] = sequence;
    this.#length += 1;
    return true;
  }

  /**
   * The PUBACK packets of all held messages up to `sequence`, in one piece; undefined when none is due. The four
   * bytes mean the same in MQTT 3.1.1 and in 5, where a missing reason code is "success" (§3.4.2.1).
   */
  release(sequence: number): Buffer | undefined {
    const due = this.#countUpTo(sequence);
    if (due === 0) return undefined;
    const packets = Buffer.allocUnsafe(due * 4);
    for (let i = 0, byte = 0; i < due; i += 1) {
      const messageId = this.#messageIds[this.#head] as number;
      packets[byte++] = 0x40;
      packets[byte++] = 0x02;
      packets[byte++] = messageId >> 8;
      packets[byte++] = messageId & 0xff;
      this.#head = this.#head + 1 === heldMax ? 0 : this.#head + 1;
    }
    this.#length -= due;
    return packets;
  }

  #countUpTo(sequence: number): number {
    let due = 0;
    let at = this.#head;
    while (due < this.#length && (this.#sequences[at] as number) <= sequence) {
      due += 1;
      at = at + 1 === heldMax ? 0 : at + 1;
    }
    return due;
  }
}

/**
 * Makes a client hold back its PUBACKs. mqtt.js acknowledges as soon as its `handleMessage` calls back, and reads
 * nothing more until then, so there is no public way to acknowledge later without stalling the socket. All it
 * sends goes through `_sendPacket`: there the PUBACK is noted instead of sent, and the client goes on reading.
 * Checked against mqtt 5.16; `held-acks.test.ts` fails when a later version sends them another way.
 *
 * @param sequenceNow the sequence number of the message being handled
 */
export function withholdAcks(client: MqttClient, held: HeldAcks, sequenceNow: () => number): void {
  const inside = client as unknown as { _sendPacket?: SendPacket };
  const send = inside._sendPacket?.bind(client);
  if (send === undefined)
    throw new Error('this version of mqtt.js has no _sendPacket: see src/sources/held-acks.ts');
  inside._sendPacket = (packet, done, ...rest) => {
    if (packet.cmd !== 'puback') {
      send(packet, done, ...rest);
      return;
    }
    if (!held.hold(packet.messageId ?? 0, sequenceNow())) {
      const error = new Error('the broker has more than 65,535 unacknowledged messages in flight');
      // mqtt.js passes on only errors that have a code.
      client.stream.destroy(Object.assign(error, { code: 'ETOOMANY' }));
    }
    done?.();
  };
}

type SendPacket = (
  packet: { cmd: string; messageId?: number },
  done?: () => void,
  ...rest: unknown[]
) => void;
