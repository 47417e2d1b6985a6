// Cheap clients for the bench `live`: bare sockets that subscribe and count messages without reading them.
// Arguments: port, path, clients, `deflate` or `plain`. Prints `ready` when all have their first message;
// then answers each line on stdin with one JSON line {messages, bytes}.
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
const [port, path, count, compression] = process.argv.slice(2);
const offer = compression === 'deflate' ? 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n' : '';
const handshake = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
    `Sec-WebSocket-Key: ${Buffer.alloc(16, 1).toString('base64')}\r\n${offer}\r\n`;
const text = Buffer.from('{"type":"subscribe","scopes":["server:*"],"intervalMs":1000}');
const subscribe = Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]);
let messages = 0;
let bytes = 0;
let started = 0;
function open() {
    const socket = connect({ port: Number(port), host: '127.0.0.1' });
    /** Bytes of the present frame still to come. */
    let missing = 0;
    let upgraded = false;
    let first = true;
    let rest = Buffer.alloc(0);
    socket.on('connect', () => socket.write(handshake));
    socket.on('data', (data) => {
        bytes += data.length;
        let chunk = rest.length > 0 ? Buffer.concat([rest, data]) : data;
        rest = Buffer.alloc(0);
        if (!upgraded) {
            const end = chunk.indexOf('\r\n\r\n');
            if (end < 0) {
                rest = chunk;
                return;
            }
            upgraded = true;
            socket.write(subscribe);
            chunk = chunk.subarray(end + 4);
        }
        while (chunk.length > 0) {
            if (missing === 0) {
                const head = headBytes(chunk);
                if (chunk.length < head) {
                    rest = chunk;
                    return;
                }
                missing = head + payloadBytes(chunk, head);
            }
            const taken = Math.min(missing, chunk.length);
            missing -= taken;
            chunk = chunk.subarray(taken);
            if (missing > 0)
                continue;
            messages += 1;
            if (first)
                started += 1;
            first = false;
            if (started === Number(count)) {
                started = 0;
                console.log('ready');
            }
        }
    });
    socket.on('error', (error) => {
        console.error(error.message);
        process.exit(1);
    });
}
function headBytes(chunk) {
    if (chunk.length < 2)
        return 2;
    const short = chunk[1] & 0x7f;
    return short < 126 ? 2 : short === 126 ? 4 : 10;
}
function payloadBytes(chunk, head) {
    if (head === 2)
        return chunk[1] & 0x7f;
    return head === 4 ? chunk.readUInt16BE(2) : Number(chunk.readBigUInt64BE(2));
}
// A few at a time, so that the queue of connections being accepted never overflows.
let opened = 0;
const opening = setInterval(() => {
    for (let i = 0; i < 20 && opened < Number(count); i++, opened++)
        open();
    if (opened === Number(count))
        clearInterval(opening);
}, 5);
createInterface({ input: process.stdin }).on('line', () => console.log(JSON.stringify({ messages, bytes })));
process.stdin.on('end', () => process.exit(0));
