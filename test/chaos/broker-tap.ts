import { type CuttableProxy, startProxy } from '../servers/cuttable-proxy.ts';
import { packetReader } from './mqtt-packets.ts';

/** What went over the wire between broker and service for one message of a meter. */
export interface Passage {
  /** Deliveries that the broker did not mark as repeated: what is more than one, the broker has doubled. */
  deliveries: number;
  /** Every delivery, in words: for whoever looks for what went wrong. */
  readonly story: string[];
  /** The service has acknowledged it. */
  acknowledged: boolean;
}

/** A proxy between broker and service that knows what was delivered, and what the service has acknowledged. */
export interface BrokerTap extends CuttableProxy {
  readonly passages: ReadonlyMap<string, Passage>;
}

export function messageKey(topic: string, payload: Buffer | string): string {
  return `${topic} ${payload.toString()}`;
}

export async function startBrokerTap(brokerPort: number): Promise<BrokerTap> {
  const passages = new Map<string, Passage>();
  const passageOf = (key: string): Passage => {
    const passage = passages.get(key) ?? { deliveries: 0, story: [], acknowledged: false };
    passages.set(key, passage);
    return passage;
  };
  const proxy = await startProxy(brokerPort, () => {
    const inFlight = new Map<number, Passage>();
    return {
      down: packetReader({
        publish(topic, payload, messageId, repeated) {
          // At QoS 0 nothing is promised.
          if (messageId === 0) return;
          const passage = passageOf(messageKey(topic, payload));
          if (!repeated) passage.deliveries += 1;
          passage.story.push(`${clock()} delivered as ${messageId}${repeated ? ' again' : ''}`);
          inFlight.set(messageId, passage);
        },
      }),
      up: packetReader({
        puback(messageId) {
          const passage = inFlight.get(messageId);
          if (passage === undefined) return;
          passage.acknowledged = true;
          passage.story.push(`${clock()} acknowledged`);
        },
      }),
    };
  });
  return Object.assign(proxy, { passages });
}

function clock(): string {
  return new Date().toISOString().slice(11, 23);
}
