import { expect, it } from 'vitest';
import type { PowerTree } from '../../src/model/power-tree.ts';
import { emptyReading } from '../../src/model/reading.ts';
import { Room } from '../../src/model/room.ts';
import { PastRooms } from '../../src/past-rooms.ts';
import { noTree } from '../detect/waves.ts';
import { message } from '../devices/made-message.ts';

const startedMs = Date.UTC(2026, 2, 28, 20);
const hourMs = 3_600_000;
const tree: PowerTree = {
  ...noTree,
  servers: [
    { name: 'db-01', inputs: [{ outlet: 'plug-a/0', to: '2026-03-28T18:00Z' }] },
    { name: 'db-02', inputs: [{ outlet: 'plug-a/0', from: '2026-03-28T18:00Z' }] },
  ],
};
const beforeCabling = startedMs - 3 * hourMs;
const afterCabling = startedMs - hourMs;

function hear(room: Room, device: string, what: { watts?: number; atMs?: number }): void {
  const receivedAtMs = startedMs + 60_000;
  const told = message('', '', { receivedAtMs });
  room.apply({ ...emptyReading(device, `${device}/0`, told), atMs: receivedAtMs, ...what }, 10_000);
}

/** Scopes in whose sums the outlet counted then. */
function counted(rooms: PastRooms, atMs: number, outlet: string): string[] {
  const room = rooms.at(atMs, startedMs + 2 * 60_000);
  const number = room.outletNumber(outlet);
  return number < 0 ? [] : room.scopesOf(number).map((scope) => room.scopeAt(scope));
}

const own = ['outlet:plug-c/0', 'device:plug-c', 'server:plug-c/0', 'room'];

it.each([
  ['before a change of cabling', beforeCabling],
  ['since', afterCabling],
])(
  'who told watts in the run before counts in its quarters %s, also while it is not heard yet',
  (_, atMs) => {
    const room = new Room({ tree, rollUp: () => {} });
    const rooms = new PastRooms(tree, () => room, startedMs);
    rooms.knewBefore('plug-c/0');
    hear(room, 'plug-a', { watts: 50 });
    expect(counted(rooms, atMs, 'plug-c/0')).toEqual(own);
    // What is brought late makes it known, but says nothing of the present.
    hear(room, 'plug-c', { watts: 30, atMs: startedMs - 1_500_000 });
    expect(counted(rooms, atMs, 'plug-c/0')).toEqual(own);
    hear(room, 'plug-c', { watts: 30 });
    expect(counted(rooms, atMs, 'plug-c/0')).toEqual(own);
  },
);

it('an outlet whose first watts come after it was met counts in the past from then on', () => {
  const room = new Room({ tree, rollUp: () => {} });
  const rooms = new PastRooms(tree, () => room, startedMs);
  hear(room, 'plug-c', {});
  expect(counted(rooms, beforeCabling, 'plug-c/0')).not.toContain('room');
  hear(room, 'plug-c', { watts: 30 });
  expect(counted(rooms, beforeCabling, 'plug-c/0')).toEqual(own);
});

it('quarters of this run are of the live room, whoever is not heard yet', () => {
  const room = new Room({ tree, rollUp: () => {} });
  const rooms = new PastRooms(tree, () => room, startedMs);
  rooms.knewBefore('plug-c/0');
  expect(rooms.at(startedMs, startedMs + hourMs)).toBe(room);
  expect(rooms.at(afterCabling, startedMs + hourMs)).not.toBe(room);
  hear(room, 'plug-c', { watts: 30 });
  expect(rooms.at(afterCabling, startedMs + hourMs)).toBe(room);
});
