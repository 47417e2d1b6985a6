import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PowerTree } from '../../src/model/power-tree.ts';
import { emptyReading, type Reading } from '../../src/model/reading.ts';
import type { RollUp, RollUpTier } from '../../src/model/roll-up.ts';
import { Room } from '../../src/model/room.ts';
import { message } from '../devices/made-message.ts';

const noon = Date.UTC(2026, 5, 15, 12, 0, 0);
const second = 1000;
const minute = 60 * second;

const tree: PowerTree = {
  name: 'Test room',
  timezone: 'Europe/London',
  feeds: [
    { name: 'A', volts: 230, breakers: [{ name: 'A1', amps: 16 }] },
    { name: 'B', volts: 230, breakers: [{ name: 'B1', amps: 16 }] },
  ],
  racks: [{ name: 'r1' }],
  servers: [
    {
      name: 'hv-01',
      rack: 'r1',
      inputs: [
        { outlet: 'pdu-a/1', breaker: 'A1' },
        { outlet: 'pdu-b/1', breaker: 'B1' },
      ],
    },
    { name: 'db-01', rack: 'r1', inputs: [{ outlet: 'pdu-a/2', breaker: 'A1' }] },
  ],
};
const emptyTree: PowerTree = { name: 'Bare', timezone: 'UTC', feeds: [], racks: [], servers: [] };

function makeRoom(of: PowerTree = tree) {
  const rows: (RollUp & { tier: RollUpTier })[] = [];
  const room = new Room({ tree: of, rollUp: (tier, row) => rows.push({ tier, ...row }), outletsMax: 500 });
  room.tick(noon);
  const tell = (outlet: string, atMs: number, what: Partial<Reading>) => {
    const device = outlet.slice(0, outlet.lastIndexOf('/'));
    const told = message('', '', { receivedAtMs: atMs, retained: what.retained ?? false });
    room.apply(Object.assign(emptyReading(device, outlet, told), what), 10 * second);
  };
  const figure = (scope: string) => room.figureAt(room.indexOf(scope));
  return { room, rows, tell, figure };
}

describe('a room', () => {
  it('adds a server up from its inputs and counts it once in rack, feed and room', () => {
    const { tell, figure } = makeRoom();
    tell('pdu-a/1', noon, { watts: 100.5, amps: 0.5 });
    tell('pdu-b/1', noon, { watts: 120.25, amps: 0.6 });
    tell('pdu-a/2', noon, { watts: 50 });
    expect(figure('server:hv-01')).toMatchObject({
      watts: 220.75,
      amps: 1.1,
      basis: 'measured',
      stale: false,
      atMs: noon,
    });
    expect(figure('rack:r1').watts).toBe(270.75);
    expect(figure('feed:A').watts).toBe(150.5);
    expect(figure('breaker:B1').watts).toBe(120.25);
    expect(figure('room').watts).toBe(270.75);
    expect(figure('device:pdu-a').watts).toBe(150.5);
    expect(figure('outlet:pdu-a/2').watts).toBe(50);
  });

  it('says partial while an input is missing, and unknown before any reading', () => {
    const { tell, figure } = makeRoom();
    expect(figure('server:hv-01')).toEqual({ state: 'unknown', stale: true, basis: 'unknown' });
    tell('pdu-a/1', noon, { watts: 100 });
    expect(figure('server:hv-01')).toMatchObject({ watts: 100, basis: 'partial' });
    expect(figure('room')).toMatchObject({ watts: 100, basis: 'partial' });
  });

  it('makes an unclaimed outlet its own server, from its first watts on', () => {
    const { room, tell, figure } = makeRoom();
    tell('plug/0', noon, { on: true });
    expect(room.indexOf('server:plug/0')).toBe(-1);
    tell('plug/0', noon + second, { watts: 12 });
    expect(figure('server:plug/0')).toMatchObject({ watts: 12, basis: 'measured' });
    expect(room.unclaimedOutlets()).toEqual(['plug/0']);
    expect(figure('room').watts).toBe(12);
  });

  it('merges partial readings, each quantity with its own time', () => {
    const { tell, figure } = makeRoom();
    tell('pdu-a/2', noon, { watts: 50, volts: 230 });
    tell('pdu-a/2', noon + second, { amps: 0.25 });
    tell('pdu-a/2', noon - second, { volts: 999 });
    expect(figure('server:db-01')).toMatchObject({ watts: 50, volts: 230, amps: 0.25, atMs: noon + second });
  });

  it('lets a device total stand for its device, and counts it in the room only when no outlet of it is metered', () => {
    const { tell, figure } = makeRoom(emptyTree);
    tell('meter/total', noon, { watts: 900 });
    expect(figure('room').watts).toBe(900);
    tell('meter/1', noon + second, { watts: 400 });
    tell('meter/2', noon + second, { watts: 450 });
    expect(figure('room')).toMatchObject({ watts: 850, basis: 'measured' });
    expect(figure('device:meter').watts).toBe(900);
    expect(figure('server:meter/1').watts).toBe(400);
    tell('meter/total', noon + 2 * second, { watts: 910 });
    expect(figure('room').watts).toBe(850);
    expect(figure('device:meter').watts).toBe(910);
  });

  it('lets a total that came first go out of the servers once its outlets are metered', () => {
    const { room, tell, figure } = makeRoom(emptyTree);
    tell('em/total', noon, { watts: 600 });
    expect(room.unclaimedOutlets()).toEqual(['em/total']);
    tell('em/a', noon, { watts: 200 });
    expect(room.unclaimedOutlets()).toEqual(['em/a']);
    expect(figure('server:em/total')).toEqual({ state: 'unknown', stale: true, basis: 'unknown' });
  });

  it('follows a server that claims a device as a whole, and takes the outlets for its parts', () => {
    const { tell, figure, room } = makeRoom({
      ...tree,
      servers: [{ name: 'big', rack: 'r1', inputs: [{ outlet: 'em/total', breaker: 'B1' }] }],
    });
    tell('em/total', noon, { watts: 600 });
    tell('em/a', noon, { watts: 200 });
    tell('em/b', noon, { watts: 400 });
    for (const scope of ['server:big', 'breaker:B1', 'rack:r1', 'device:em', 'room']) {
      expect(figure(scope)).toMatchObject({ watts: 600, basis: 'measured' });
    }
    expect(room.unclaimedOutlets()).toEqual([]);
  });

  it('takes a reading that was measured long ago for history, not for the present', () => {
    const { room, rows, tell, figure } = makeRoom(emptyTree);
    tell('late/0', noon, { watts: 333, atMs: noon - 20 * 3600 * second });
    room.tick(noon + 70 * second);
    expect(figure('outlet:late/0')).toMatchObject({ watts: 333, stale: true, basis: 'unknown' });
    expect(figure('room').watts).toBeUndefined();
    expect(room.lateReadings).toBe(1);
    expect(rows).toEqual([]);
    tell('late/0', noon + 71 * second, { watts: 300 });
    expect(figure('room')).toMatchObject({ watts: 300, basis: 'measured' });
  });

  it('shows a retained reading as stale, counts it nowhere, and lets news replace it', () => {
    const { tell, figure } = makeRoom();
    tell('pdu-a/2', noon, { watts: 77, retained: true });
    expect(figure('server:db-01')).toMatchObject({
      watts: 77,
      stale: true,
      state: 'unknown',
      basis: 'unknown',
    });
    expect(figure('server:db-01').atMs).toBeUndefined();
    expect(figure('room').watts).toBeUndefined();
    tell('pdu-a/2', noon + second, { watts: 55 });
    tell('pdu-a/2', noon + second, { watts: 77, retained: true });
    expect(figure('server:db-01')).toMatchObject({ watts: 55, stale: false });
    expect(figure('room').watts).toBe(55);
  });

  it('counts an outlet met first as retained, then without watts, then with them', () => {
    const { tell, figure } = makeRoom(emptyTree);
    tell('plug/0', noon, { watts: 5, retained: true });
    tell('plug/0', noon + second, { on: true });
    tell('plug/0', noon + 2 * second, { watts: 7 });
    expect(figure('room')).toMatchObject({ watts: 7, basis: 'measured' });
  });

  it('takes a figure out of every sum after three expected intervals, and back in with the next reading', () => {
    const { room, tell, figure } = makeRoom();
    for (let i = 0; i < 200; i += 1) {
      tell('pdu-a/1', noon + i * second, { watts: 100 });
      tell('pdu-b/1', noon + i * second, { watts: 100 });
    }
    const last = noon + 199 * second;
    for (let i = 1; i <= 12; i += 1) {
      tell('pdu-a/1', last + i * second, { watts: 100 });
      room.tick(last + i * second);
    }
    expect(figure('server:hv-01')).toMatchObject({ watts: 100, basis: 'partial', stale: false });
    expect(figure('outlet:pdu-b/1')).toMatchObject({ watts: 100, stale: true, state: 'unknown', atMs: last });
    expect(figure('feed:B').watts).toBeUndefined();
    expect(room.isSilent('pdu-b')).toBe(true);
    expect(room.isSilent('pdu-a')).toBe(false);
    tell('pdu-b/1', last + 13 * second, { watts: 90 });
    expect(figure('server:hv-01')).toMatchObject({ watts: 190, basis: 'measured' });
  });

  it('knows an announced silence at once', () => {
    const { room, tell, figure } = makeRoom();
    tell('pdu-a/2', noon, { watts: 50 });
    room.setOnline('pdu-a', false, noon + second);
    expect(figure('server:db-01')).toMatchObject({ stale: true, watts: 50 });
    expect(figure('room').watts).toBeUndefined();
  });

  it('reads 0 W from a relay that only says it opened', () => {
    const { tell, figure } = makeRoom();
    tell('pdu-a/2', noon, { watts: 50, amps: 0.3, volts: 230 });
    tell('pdu-a/2', noon + second, { on: false });
    expect(figure('server:db-01')).toMatchObject({ watts: 0, amps: 0, volts: 230, state: 'off' });
  });

  it('keeps negative watts', () => {
    const { tell, figure } = makeRoom();
    tell('pdu-a/2', noon, { watts: -40 });
    expect(figure('room').watts).toBe(-40);
  });

  it('refuses and counts outlets beyond its limit', () => {
    const { room, tell } = makeRoom(emptyTree);
    for (let i = 0; i < 600; i += 1) tell(`flood-${i}/0`, noon, { watts: 1 });
    expect(room.refusedOutlets).toBe(100);
    expect(room.figureAt(room.indexOf('room')).watts).toBe(500);
  });

  it('raises the version of the touched scopes only', () => {
    const { room, tell } = makeRoom();
    tell('pdu-a/1', noon, { watts: 1 });
    tell('pdu-a/2', noon, { watts: 1 });
    const before = room.version;
    tell('pdu-a/2', noon + second, { watts: 2 });
    const changed = Array.from({ length: room.scopeCount }, (_, i) => i).filter(
      (i) => room.versionAt(i) > before,
    );
    expect(changed.map((i) => room.scopeAt(i)).sort()).toEqual(
      ['breaker:A1', 'device:pdu-a', 'feed:A', 'outlet:pdu-a/2', 'rack:r1', 'room', 'server:db-01'].sort(),
    );
  });

  it('sums exactly what its fresh outlets say, whatever happened before', () => {
    const outlets = ['pdu-a/1', 'pdu-a/2', 'pdu-b/1', 'x/0', 'x/1', 'x/total', 'y/total'];
    const step = fc.record({
      outlet: fc.constantFrom(...outlets),
      watts: fc.option(fc.float({ min: -100, max: 20_000, noNaN: true }), { nil: undefined }),
      pauseMs: fc.integer({ min: 0, max: 40_000 }),
      retained: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const { room, tell, figure } = makeRoom();
        let atMs = noon;
        for (const { outlet, watts, pauseMs, retained } of steps) {
          atMs += pauseMs;
          tell(outlet, atMs, { watts, retained });
          room.tick(atMs);
        }
        const fresh = (outlet: string) => {
          const index = room.indexOf(`outlet:${outlet}`);
          const of = index < 0 ? undefined : room.figureAt(index);
          return of === undefined || of.stale ? undefined : of.watts;
        };
        const ofX = ['x/0', 'x/1'].some((outlet) => room.indexOf(`server:${outlet}`) >= 0)
          ? ['x/0', 'x/1']
          : ['x/total'];
        const parts = ['pdu-a/1', 'pdu-a/2', 'pdu-b/1', 'y/total', ...ofX]
          .map(fresh)
          .filter((watts) => watts !== undefined);
        const total = figure('room').watts;
        if (parts.length === 0) expect(total).toBeUndefined();
        else
          expect(total).toBeCloseTo(
            parts.reduce((sum, watts) => sum + watts, 0),
            1,
          );
      }),
      { numRuns: 200 },
    );
  });
});

describe('the roll-ups of a room', () => {
  it('weigh by time, take the peak of a server from the sum of its inputs, and make Wh', () => {
    const { room, rows, tell } = makeRoom();
    tell('pdu-a/1', noon, { watts: 100 });
    tell('pdu-b/1', noon, { watts: 100 });
    tell('pdu-a/1', noon + 20 * second, { watts: 100 });
    tell('pdu-b/1', noon + 20 * second, { watts: 100 });
    tell('pdu-a/1', noon + 30 * second, { watts: 300 });
    tell('pdu-b/1', noon + 40 * second, { watts: 50 });
    for (let i = 41; i <= 66; i += 5) {
      tell('pdu-a/1', noon + i * second, { watts: 300 });
      tell('pdu-b/1', noon + i * second, { watts: 50 });
    }
    room.tick(noon + 66 * second);
    const row = rows.find((r) => r.tier === 'minute' && r.scope === 'server:hv-01')!;
    expect(row.fromMs).toBe(noon);
    expect(row.wattsMean).toBeCloseTo((200 * 30 + 400 * 10 + 350 * 20) / 60, 9);
    expect(row.wattsMin).toBe(200);
    expect(row.wattsMax).toBe(400);
    expect(row.observedMs).toBe(minute);
    expect(row.wattHours).toBeCloseTo(row.wattsMean / 60, 9);
  });

  it('wait after a start until every input has been heard, so that no half sum is booked as a dip', () => {
    const { room, rows, tell } = makeRoom();
    for (let i = 0; i <= 130; i += 1) {
      tell('pdu-a/1', noon + i * second, { watts: 100 });
      if (i >= 20) tell('pdu-b/1', noon + i * second, { watts: 100 });
      room.tick(noon + i * second);
    }
    const of = (scope: string) => rows.filter((r) => r.tier === 'minute' && r.scope === scope);
    expect(of('server:hv-01').map((r) => [r.wattsMin, r.observedMs])).toEqual([
      [200, 40_000],
      [200, 60_000],
    ]);
    expect(of('room')).toEqual([]);
    expect(of('outlet:pdu-a/1').map((r) => r.observedMs)).toEqual([60_000, 60_000]);
  });

  it('go on without an input that is not heard within five minutes', () => {
    const { room, rows, tell } = makeRoom();
    for (let i = 0; i <= 500; i += 1) {
      tell('pdu-a/1', noon + i * second, { watts: 100 });
      room.tick(noon + i * second);
    }
    const ofRoom = rows.filter((r) => r.tier === 'minute' && r.scope === 'room');
    expect(ofRoom[0]!.fromMs).toBe(noon + 5 * minute);
    expect(ofRoom.every((r) => r.wattsMean === 100)).toBe(true);
  });

  it('count a minute in which one of two inputs was silent as half observed, and book what the other drew', () => {
    const { room, rows, tell } = makeRoom();
    for (let i = 0; i <= 240; i += 1) {
      tell('pdu-a/1', noon + i * second, { watts: 120 });
      if (i <= 60) tell('pdu-b/1', noon + i * second, { watts: 60 });
      tell('pdu-a/2', noon + i * second, { watts: 30 });
      room.tick(noon + i * second);
    }
    const minutes = (scope: string) => rows.filter((r) => r.tier === 'minute' && r.scope === scope);
    const third = minutes('server:hv-01')[2]!;
    expect(third).toMatchObject({ wattsMean: 120, wattHours: 2, observedMs: 30_000 });
    expect(minutes('rack:r1')[2]).toMatchObject({ wattsMean: 150, observedMs: 40_000 });
    expect(minutes('server:db-01')[2]).toMatchObject({ wattsMean: 30, observedMs: 60_000 });
    // The minute in which it fell silent: its last value held for a while.
    const silenced = minutes('server:hv-01')[1]!;
    expect(silenced.observedMs).toBeGreaterThan(30_000);
    expect(silenced.observedMs).toBeLessThan(60_000);
    expect(silenced.wattHours).toBeCloseTo(silenced.wattsMean / 60, 9);
  });

  it('hold a value no longer than the outlet may be silent, and leave the rest unobserved', () => {
    const { room, rows, tell } = makeRoom(emptyTree);
    for (let i = 0; i <= 100; i += 1) tell('plug/0', noon + i * second, { watts: 60 });
    for (let i = 101; i < 400; i += 1) room.tick(noon + i * second);
    const minutes = rows.filter((r) => r.tier === 'minute' && r.scope === 'room');
    expect(minutes.map((r) => r.observedMs)).toEqual([60_000, 45_000]);
  });

  /** A room with one plug, and when its readings were measured that came for a minute that is written already. */
  function makeLateRoom(intervalMs: number) {
    const late: [number, number][] = [];
    const energy = {
      read: () => {},
      quarter: () => {},
      late: (outlet: number, atMs: number) => void late.push([outlet, atMs]),
    };
    const room = new Room({ tree: emptyTree, rollUp: () => {}, energy });
    room.tick(noon);
    const tell = (atMs: number, receivedAtMs: number) => {
      const reading = emptyReading('plug', 'plug/0', message('', '', { receivedAtMs }));
      room.apply(Object.assign(reading, { watts: 60, atMs }), intervalMs);
    };
    return { late, room, tell };
  }

  it('are to be made again where readings of a short outage come when their minute is closed', () => {
    const { late, room, tell } = makeLateRoom(10 * second);
    for (let i = 0; i < 45; i += 1) tell(noon + i * second, noon + i * second);
    for (let i = 45; i < 85; i += 1) room.tick(noon + i * second);
    for (let i = 45; i < 85; i += 1) tell(noon + i * second, noon + 85 * second);
    expect(late.every(([outlet]) => room.outletAt(outlet) === 'plug/0')).toBe(true);
    // Those of the second minute find it open.
    expect(late.map(([, atMs]) => (atMs - noon) / second)).toEqual(
      Array.from({ length: 15 }, (_, i) => 45 + i),
    );
  });

  it('are to be made again where an outlet that had gone stale comes back with readings of the end of a closed minute', () => {
    const { late, room, tell } = makeLateRoom(second);
    for (let i = 0; i < 20; i += 1) tell(noon + i * second, noon + i * second);
    for (let i = 20; i < 68; i += 1) room.tick(noon + i * second);
    for (let i = 57; i < 68; i += 1) tell(noon + i * second, noon + 68 * second);
    // The minute is made again as a whole: one of them is enough to say so.
    expect(late).toEqual([[0, noon + 57 * second]]);
    // By a gateway that is always some seconds behind nothing was missed.
    for (let i = 68; i < 300; i += 1) tell(noon + i * second, noon + (i + 8) * second);
    expect(late).toHaveLength(1);
  });

  it('do not book a machine that was suspended as drawing on', () => {
    const { room, rows, tell } = makeRoom(emptyTree);
    for (let i = 0; i <= 100; i += 1) tell('plug/0', noon + i * second, { watts: 60 });
    tell('plug/0', noon + 3600 * second, { watts: 60 });
    room.tick(noon + 3601 * second);
    const wattHours = rows
      .filter((r) => r.tier === 'minute' && r.scope === 'room')
      .reduce((sum, r) => sum + r.wattHours, 0);
    expect(wattHours).toBeCloseTo((60 * 105) / 3600, 6);
  });

  it('make quarters that agree with their minutes', () => {
    const { room, rows, tell } = makeRoom(emptyTree);
    for (let i = 0; i <= 1000; i += 1) {
      tell('plug/0', noon + i * second, { watts: i % 97 });
      room.tick(noon + i * second);
    }
    const quarter = rows.find((r) => r.tier === 'quarter' && r.scope === 'room')!;
    const minutes = rows.filter(
      (r) => r.tier === 'minute' && r.scope === 'room' && r.fromMs < noon + 15 * minute,
    );
    expect(minutes).toHaveLength(15);
    expect(quarter.wattHours).toBeCloseTo(
      minutes.reduce((sum, r) => sum + r.wattHours, 0),
      9,
    );
    expect(quarter.wattsMax).toBe(Math.max(...minutes.map((r) => r.wattsMax)));
    expect(quarter.wattsMin).toBe(Math.min(...minutes.map((r) => r.wattsMin)));
  });

  it('tell those who watch how today has grown, also when nothing is reported', () => {
    const { room, tell } = makeRoom(emptyTree);
    tell('plug/0', noon, { watts: 360 });
    room.tick(noon + second);
    const before = room.version;
    room.tick(noon + 20 * second);
    expect(room.versionAt(room.indexOf('room'))).toBeGreaterThan(before);
  });

  it('add up to today, together with what the store knew before the start, and begin anew at local midnight', () => {
    const { room, tell, figure } = makeRoom();
    for (const device of ['pdu-a', 'pdu-b']) room.setOnline(device, false, noon);
    room.seedToday(new Map([['room', 1000]]));
    for (let i = 0; i <= 3600; i += 10) {
      tell('pdu-a/2', noon + i * second, { watts: 360 });
      room.tick(noon + i * second);
    }
    expect(figure('room').todayWattHours).toBeCloseTo(1360, 1);
    expect(figure('server:db-01').todayWattHours).toBeCloseTo(360, 1);
    const midnight = Date.UTC(2026, 5, 15, 23, 0, 0);
    for (let at = midnight - minute; at <= midnight + 6 * minute; at += 10 * second) {
      tell('pdu-a/2', at, { watts: 360 });
      room.tick(at);
    }
    expect(figure('server:db-01').todayWattHours).toBeCloseTo(36, 1);
  });
});
