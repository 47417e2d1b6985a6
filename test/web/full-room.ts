import { makeRoom, serverName } from './made-room.ts';
import { makeIdle, makeStart } from './made-starts.ts';
import type { RoomScript } from './room-server.ts';

const hourMs = 3_600_000;

/** Scope of server `number` of the made room. */
export const scopeOf = (number: number) => `server:${serverName(number)}`;

/** The made room with starts of some days, idle baselines of all kinds, and devices in every state. */
export function makeFullRoom(serverCount = 12, nowMs = Date.now()): RoomScript {
  const script = makeRoom(serverCount, nowMs);
  const started = [3, 4, 5, 3, 3, 7, 5, 3, 2];
  script.starts = started.map((number, i) =>
    makeStart(scopeOf(number), nowMs - (0.2 + 5.3 * i) * hourMs, {
      settledWatts: 90 + 25 * number + 7 * i,
      sampleMs: i === 5 ? 10_000 : 1_000,
      concurrent: i === 2 ? [scopeOf(4), scopeOf(6), scopeOf(1)] : [],
    }),
  );
  script.idle = { rows: makeIdle(script.tree.servers.map(({ name }) => name)) };
  const plug = { family: 'tasmota', silent: false, messages: 17, rejects: {} };
  script.devices.rows = [
    {
      ...plug,
      device: 'pdu-a',
      name: 'Rack PDU A',
      model: 'Metering strip',
      firmware: '14.4.1',
      outlets: Array.from({ length: serverCount }, (_, i) => `pdu-a/${i}`),
      lastAtMs: nowMs - 800,
      online: true,
      messages: 123_456,
    },
    {
      ...plug,
      device: 'pdu-b',
      outlets: ['pdu-b/0', 'pdu-b/1', 'pdu-b/2'],
      lastAtMs: nowMs - 1_800,
      rejects: { 'watts-out-of-range': 3, 'not-json': 2, duplicate: 300 },
    },
    {
      ...plug,
      device: 'plug-lab',
      outlets: ['plug-lab/0'],
      lastAtMs: nowMs - 400_000,
      online: false,
      silent: true,
    },
    { ...plug, device: 'plug-mute', outlets: ['plug-mute/0'], lastAtMs: nowMs - 200_000, silent: true },
    { ...plug, device: 'kettle', outlets: [] },
    { ...plug, device: '?', family: '?', outlets: [], messages: 1_234, rejects: { 'unknown-topic': 1_234 } },
  ];
  return script;
}

/** A start that was just announced. */
export const makeNewStart = (number: number, nowMs = Date.now()) =>
  makeStart(scopeOf(number), nowMs - 3_000, { settledWatts: 150, complete: false });
