import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import { connect } from 'mqtt';
import { expect, it } from 'vitest';
import { HeldAcks, withholdAcks } from '../../src/sources/held-acks.ts';
import { until } from '../base/until.ts';

it('releases what is due in the order it came, four bytes each', () => {
  const held = new HeldAcks();
  held.hold(1, 10);
  held.hold(0xabcd, 11);
  held.hold(2, 15);
  expect(held.release(9)).toBeUndefined();
  expect(held.release(12)?.toString('hex')).toBe('40020001' + '4002abcd');
  expect(held.release(12)).toBeUndefined();
  expect(held.length).toBe(1);
  expect(held.release(1_000)?.toString('hex')).toBe('40020002');
});

it('holds at most what the protocol allows in flight', () => {
  const held = new HeldAcks();
  for (let id = 1; id <= 65_535; id += 1) expect(held.hold(id, id)).toBe(true);
  expect(held.hold(1, 65_536)).toBe(false);
  expect(held.release(65_535)).toHaveLength(65_535 * 4);
});

it('acknowledges each message once and in order, whenever it is told how far', () => {
  const step = fc.oneof(fc.constant('message' as const), fc.nat(40));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const held = new HeldAcks();
      let sequence = 0;
      let released = 0;
      for (const one of steps) {
        if (one === 'message') {
          sequence += 1;
          held.hold(sequence, sequence);
          continue;
        }
        const upTo = Math.min(sequence, released + one);
        const packets = held.release(upTo);
        const ids = packets === undefined ? [] : idsIn(packets);
        expect(ids).toEqual(Array.from({ length: upTo - released }, (_, i) => released + i + 1));
        released = upTo;
      }
      expect(held.length).toBe(sequence - released);
    }),
  );
});

function idsIn(packets: Buffer): number[] {
  return Array.from({ length: packets.length / 4 }, (_, i) => packets.readUInt16BE(i * 4 + 2));
}

/**
 * What mqtt.js puts on the wire, seen by a broker of a few lines: no PUBACK before its time. Fails when a later
 * mqtt.js acknowledges by another way than the one that `withholdAcks` stands in.
 */
it.each([4, 5] as const)(
  'keeps mqtt.js from acknowledging by itself, in protocol version %i',
  async (protocolVersion) => {
    const fromClient: Buffer[] = [];
    const server = createServer((socket) => actAsBroker(socket, protocolVersion, fromClient)).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const client = connect({ host: '127.0.0.1', port, protocolVersion, reconnectPeriod: 0 });
    try {
      const held = new HeldAcks();
      let sequence = 0;
      withholdAcks(client, held, () => sequence);
      client.on('message', () => {
        sequence += 1;
      });
      await until(() => sequence === messagesSent, 'all messages read without acknowledging one');
      expect(held.length).toBe(messagesSent);
      client.sendPing();
      await until(() => typesIn(fromClient).includes(pingreq), 'the ping, sent after all else');
      expect(typesIn(fromClient)).toEqual([connectType, pingreq]);

      client.stream.write(held.release(messagesSent - 1) as Buffer);
      const acks = () => packetsIn(fromClient).filter((packet) => packet[0] === puback);
      await until(() => acks().length === messagesSent - 1, 'the acknowledgements');
      expect(idsIn(Buffer.concat(acks()))).toEqual(Array.from({ length: messagesSent - 1 }, (_, i) => i + 1));
    } finally {
      client.end(true);
      server.close();
    }
  },
);

const messagesSent = 1_000;
const [connectType, puback, pingreq] = [0x10, 0x40, 0xc0];

function actAsBroker(socket: Socket, protocolVersion: 4 | 5, fromClient: Buffer[]): void {
  const none = protocolVersion === 5 ? '\x00' : '';
  socket.once('data', () => {
    socket.write(`\x20${String.fromCharCode(2 + none.length)}\x01\x00${none}`, 'latin1');
    for (let messageId = 1; messageId <= messagesSent; messageId += 1) {
      const id = String.fromCharCode(messageId >> 8, messageId & 0xff);
      const body = `\x00\x06tele/a${id}${none}x`;
      socket.write(`\x32${String.fromCharCode(body.length)}${body}`, 'latin1');
    }
  });
  socket.on('data', (bytes) => fromClient.push(bytes));
  socket.on('error', () => {});
}

/** All the packets a client sent; each of them is shorter than 128 bytes. */
function packetsIn(chunks: readonly Buffer[]): Buffer[] {
  const bytes = Buffer.concat(chunks);
  const packets: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 2 + (bytes[at + 1] ?? 0)) {
    packets.push(bytes.subarray(at, at + 2 + (bytes[at + 1] ?? 0)));
  }
  return packets;
}

function typesIn(chunks: readonly Buffer[]): number[] {
  return packetsIn(chunks).map((packet) => packet[0] ?? 0);
}
