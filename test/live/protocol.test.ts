import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { madeAlert } from '../alerts/notify/made-alerts.ts';
import { until } from '../base/until.ts';
import { LiveService } from './live-service.ts';
import { drawing } from './made-room.ts';

let service: LiveService;

beforeEach(async () => {
  service = await new LiveService().start();
  service.room.set('room', drawing(300));
  service.room.set('server:hv-01', drawing(100));
  service.room.set('server:hv-02', drawing(200));
  service.room.set('outlet:pdu-a/7', drawing(100));
});

afterEach(() => service.stop());

describe('subscribing', () => {
  it('is answered at once with everything that was asked for, seq 0', async () => {
    const reader = await service.connect();
    const snapshot = await reader.subscribe({ scopes: ['room', 'server:*'], intervalMs: 1000 });
    expect(snapshot).toEqual({
      type: 'snapshot',
      seq: 0,
      atMs: service.clock.nowMs(),
      figures: service.room.figures((scope) => scope === 'room' || scope.startsWith('server:')),
    });
  });

  it('takes * for every scope, outlets too', async () => {
    const reader = await service.subscribed({ scopes: ['*'] });
    expect(reader.figures).toEqual(service.room.figures());
  });

  it('again is answered by a new snapshot with the next seq, and frames are then about the new scopes', async () => {
    const reader = await service.subscribed({ scopes: ['server:hv-01'], intervalMs: 100 });
    const snapshot = await reader.subscribe({ scopes: ['server:hv-02'], intervalMs: 100 });
    expect(snapshot).toMatchObject({ type: 'snapshot', seq: 1 });
    expect(Object.keys(reader.figures)).toEqual(['server:hv-02']);
    service.room.set('server:hv-01', drawing(1));
    service.room.set('server:hv-02', drawing(2));
    service.clock.advance(100);
    expect(await reader.next()).toMatchObject({ seq: 2, figures: { 'server:hv-02': { watts: 2 } } });
    expect(service.hub.status().channels).toBe(1);
  });

  it('to a scope that is not there yet brings it in a frame once it appears', async () => {
    const reader = await service.subscribed({ scopes: ['server:new', 'rack:*'] });
    expect(reader.figures).toEqual({});
    service.room.set('server:new', drawing(7));
    service.room.set('rack:r1', { watts: 8 });
    service.room.set('server:other', drawing(9));
    service.clock.advance(1000);
    await reader.next();
    expect(reader.figures).toEqual(service.room.figures((s) => s === 'server:new' || s === 'rack:r1'));
  });

  it('to nothing is a way to be left in peace: empty frames only', async () => {
    const reader = await service.subscribed({ scopes: [] });
    service.room.set('room', drawing(1));
    service.clock.advance(5000);
    expect(await reader.next()).toMatchObject({ type: 'frame', seq: 1, figures: {} });
  });

  it('in other words for the same is the same channel', async () => {
    await service.subscribed({ scopes: ['server:*', 'room'], intervalMs: 1000 });
    await service.subscribed({ scopes: ['room', 'server:hv-01', 'server:*', 'room'] });
    expect(service.hub.status()).toMatchObject({ clients: 2, channels: 1 });
  });

  it('leaves nothing behind when the last client of a channel goes', async () => {
    const reader = await service.subscribed({});
    reader.socket.close();
    await until(() => service.hub.status().clients === 0, 'the client to be gone');
    expect(service.hub.status()).toMatchObject({ channels: 0, closed: { left: 1 } });
    expect(service.clock.pending).toBe(0);
  });
});

describe('frames', () => {
  it('hold only the fields that changed, and null for what is no longer known', async () => {
    const reader = await service.subscribed({});
    service.room.set('server:hv-01', { ...drawing(101), volts: 231 });
    service.room.set('server:hv-02', {
      state: 'unknown',
      stale: true,
      basis: 'unknown',
      atMs: drawing(0).atMs!,
    });
    service.clock.advance(1000);
    expect(await reader.next()).toEqual({
      type: 'frame',
      seq: 1,
      atMs: service.clock.nowMs(),
      figures: {
        'server:hv-01': { watts: 101, volts: 231 },
        'server:hv-02': { watts: null, volts: null, state: 'unknown', stale: true, basis: 'unknown' },
      },
    });
  });

  it('do not tell what came back to its old value, nor the noise of floating point', async () => {
    const reader = await service.subscribed({});
    service.room.set('server:hv-01', drawing(5));
    service.room.set('server:hv-01', drawing(100));
    service.room.set('server:hv-02', drawing(200.00000000000003));
    service.room.set('room', drawing(0.1 + 0.2));
    service.clock.advance(1000);
    await reader.next();
    expect(reader.texts.at(-1)).toContain('"figures":{"room":{"watts":0.3}}');
  });

  it('keep hundredths of a watt', async () => {
    service.room.set('room', drawing(1234.56));
    const reader = await service.subscribed({ scopes: ['room'] });
    expect(reader.figures.room).toMatchObject({ watts: 1234.56 });
  });

  it('never carry what JSON has no word for', async () => {
    const odd = {
      watts: Number.NaN,
      amps: Infinity,
      volts: -Infinity,
      hertz: 1e300,
      voltAmps: -0,
      todayWattHours: 1e21,
    };
    service.room.set('room', odd);
    const reader = await service.subscribed({ scopes: ['room'] });
    expect(reader.figures.room).toEqual({
      hertz: 1e300,
      voltAmps: 0,
      todayWattHours: 1e21,
      state: 'unknown',
      stale: true,
      basis: 'unknown',
    });
  });

  it('carry names with quotes, line ends and other scripts', async () => {
    const scope = 'server:a"b\\c\n电源 –\u2028';
    service.room.set(scope, drawing(3));
    const reader = await service.subscribed({ scopes: ['server:*'] });
    expect(reader.figures[scope]).toMatchObject({ watts: 3 });
  });

  it('fit a newcomer and the one that was there before, whatever changed between', async () => {
    const first = await service.subscribed({});
    service.room.set('server:hv-01', drawing(5));
    const second = await service.subscribed({});
    service.room.set('server:hv-01', drawing(100));
    service.clock.advance(1000);
    await first.next();
    await until(() => second.messages.length === 2, "the newcomer's frame");
    expect(first.figures).toEqual(service.room.figures());
    expect(second.figures).toEqual(service.room.figures());
    expect(service.hub.status()).toMatchObject({ channels: 1, frames: 1 });
  });

  it.each([100, 1000, 1700, 4999, 5000, 7000, 60_000])(
    'at an interval of %i ms leave no silence above 5 s, and bring changes in their own time',
    async (intervalMs) => {
      const reader = await service.subscribed({ intervalMs });
      const startMs = service.clock.nowMs();
      for (let second = 0; second < 130; second += 2) {
        service.room.set('room', drawing(second));
        service.clock.advance(2000);
        await reader.roundTrip();
      }
      const atMs = [startMs, ...reader.frames().map((frame) => frame.atMs)];
      const gaps = atMs.slice(1).map((at, i) => at - atMs[i]!);
      expect(Math.max(...gaps)).toBeLessThanOrEqual(5000);
      const withChanges = reader.frames().filter((frame) => Object.keys(frame.figures).length > 0);
      const changeGaps = withChanges.slice(1).map((frame, i) => frame.atMs - withChanges[i]!.atMs);
      expect(Math.min(...changeGaps)).toBeGreaterThanOrEqual(intervalMs - 1);
      expect(withChanges.length).toBe(Math.floor(130_000 / Math.max(intervalMs, 2000)));
    },
  );

  it('are numbered without a gap through snapshots, frames, events and the goodbye', async () => {
    const reader = await service.subscribed({});
    service.clock.advance(5000);
    service.hub.event({ kind: 'device', scope: 'device:pdu-a', atMs: 1, change: 'found' });
    await reader.subscribe({ scopes: ['room'] });
    void service.hub.stop();
    await reader.untilClosed();
    expect(reader.messages.map(({ type }) => type)).toEqual([
      'snapshot',
      'frame',
      'event',
      'snapshot',
      'goodbye',
    ]);
    expect(reader.messages.map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4]);
  });
});

describe('events', () => {
  it('reach at once everyone whose scopes include theirs, and nobody else', async () => {
    const all = await service.subscribed({ scopes: ['*'] });
    const devices = await service.subscribed({ scopes: ['device:*'] });
    const one = await service.subscribed({ scopes: ['device:pdu-a'] });
    const other = await service.subscribed({ scopes: ['device:pdu-b', 'server:*'] });
    const silent = await service.connect();
    const event = { kind: 'device', scope: 'device:pdu-a', atMs: 5, change: 'silent' } as const;
    service.hub.event(event);
    for (const reader of [all, devices, one, other, silent]) await reader.roundTrip();
    for (const reader of [all, devices, one]) expect(reader.last).toEqual({ type: 'event', seq: 1, event });
    expect(other.messages.length).toBe(1);
    expect(silent.messages.length).toBe(0);
  });

  it('of a server reach those who watch it, all servers or everything; a start comes without its trace', async () => {
    service.room.set('server:hv-01', drawing(100));
    const [all, servers, one, other] = await Promise.all(
      [['*'], ['server:*'], ['server:hv-01'], ['server:hv-02', 'outlet:*']].map((scopes) =>
        service.subscribed({ scopes }),
      ),
    );
    const start = {
      id: 'a',
      scope: 'server:hv-01',
      outlets: ['pdu-a/7'],
      atMs: 5,
      detectedAtMs: 7,
      fromWatts: 3,
      peakWatts: 300,
      peakAtMs: 6,
      peakIs: 'lower-bound',
      sampleMs: 1000,
      concurrent: [],
      complete: false,
    } as const;
    const trace = { atMs: [5, 6, 7], watts: [3, 300, 280] };
    const event = { kind: 'start', scope: 'server:hv-01', atMs: 5 } as const;
    service.hub.event({ ...event, start: { ...start, trace } });
    await Promise.all([all, servers, one, other].map((reader) => reader!.roundTrip()));
    for (const reader of [all, servers, one])
      expect(reader!.last).toEqual({ type: 'event', seq: 1, event: { ...event, start } });
    expect(other!.last.type).toBe('snapshot');
    expect(trace.watts).toHaveLength(3);
  });

  it('of an alert reach everyone who watches the room, whatever part of it the alert is about', async () => {
    const [all, room, device, servers] = await Promise.all(
      [['*'], ['room', 'server:*'], ['device:pdu-a'], ['server:*']].map((scopes) =>
        service.subscribed({ scopes }),
      ),
    );
    const alert = madeAlert({ rule: 'device-silent', scope: 'device:pdu-a' });
    const event = { kind: 'alert', scope: alert.scope, atMs: 5, alert } as const;
    service.hub.event(event);
    await Promise.all([all, room, device, servers].map((reader) => reader!.roundTrip()));
    for (const reader of [all, room, device])
      expect(reader!.messages.filter(({ type }) => type === 'event')).toEqual([
        { type: 'event', seq: 1, event },
      ]);
    expect(servers!.last.type).toBe('snapshot');
  });
});
