import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { IdleVerdict } from '../../src/model/idle.ts';
import type { StartRecord } from '../../src/model/start.ts';
import type { Store } from '../../src/store/store.ts';
import { alertEvent, firingAlert } from './made-alerts.ts';
import { announcedStart, completeStart, idleEvent, idleVerdict, startEvent } from './made-events.ts';

const secondMs = 1000;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

let made = 0;

/** What every store must do with events; part of the store contract. */
export function eventContract(opened: () => Store): void {
  const todayMs = Math.floor(Date.now() / dayMs) * dayMs;
  /** Each test has a past of its own, where no other test writes. Events are kept for ever. */
  const freshMs = () => {
    made += 1;
    return todayMs - (1000 + 10 * made) * dayMs;
  };
  const freshServer = () => {
    made += 1;
    return `server:hv-${made}`;
  };
  const range = (fromMs: number) => ({ fromMs, toMs: fromMs + 5 * dayMs, limit: 100 });

  it('keep a start that was announced and then completed as one record', async () => {
    const store = opened();
    const atMs = freshMs();
    const announced = announcedStart(freshServer(), atMs);
    const write = store.encodeEvents([startEvent(announced)]);
    expect(write).toMatchObject({ tier: 'events', count: 1 });
    expect((await store.write(write)).refused).toEqual({});
    expect(await store.starts(range(atMs))).toEqual([withoutTrace(announced)]);
    expect(await store.start(announced.id)).toEqual(announced);

    const complete = completeStart(announced, { peakWatts: 500.1, peakAtMs: atMs + 4000 });
    await store.write(store.encodeEvents([startEvent(complete)]));
    expect(await store.starts(range(atMs))).toEqual([withoutTrace(asKept(complete))]);
    expect(await store.start(complete.id)).toEqual(asKept(complete));
  });

  it('keep both writes of a start that come together, the later wins', async () => {
    const store = opened();
    const atMs = freshMs();
    const announced = announcedStart(freshServer(), atMs);
    const complete = completeStart(announced);
    await store.write(store.encodeEvents([startEvent(announced), startEvent(complete)]));
    expect(await store.start(complete.id)).toEqual(asKept(complete));
    expect(await store.starts(range(atMs))).toHaveLength(1);
  });

  it('are not changed by the same write again', async () => {
    const store = opened();
    const atMs = freshMs();
    const start = completeStart(announcedStart(freshServer(), atMs));
    const write = store.encodeEvents([startEvent(start), idleEvent(start.scope, atMs)]);
    await store.write(write);
    await store.write({ ...write, bytes: Uint8Array.from(write.bytes) });
    expect(await store.starts(range(atMs))).toEqual([withoutTrace(asKept(start))]);
    expect(await store.idleEvents(range(atMs))).toHaveLength(1);
  });

  it('leave out what devices do, and take an empty write', async () => {
    const store = opened();
    const write = store.encodeEvents([{ kind: 'device', scope: 'device:a', atMs: 0, change: 'found' }]);
    expect(write.count).toBe(0);
    expect((await store.write(write)).refused).toEqual({});
    expect((await store.write(store.encodeIdle([], todayMs))).refused).toEqual({});
  });

  it('answer starts newest first, of one moment by scope, and no more than asked for', async () => {
    const store = opened();
    const fromMs = freshMs();
    const [b, a] = [`${freshServer()}-b`, `${freshServer()}-a`].sort().reverse() as [string, string];
    const at = (i: number) => fromMs + i * secondMs;
    const starts = [
      announcedStart(a, at(0)),
      announcedStart(b, at(1)),
      announcedStart(a, at(1)),
      announcedStart(a, at(2.5)),
      announcedStart(b, at(9)),
    ];
    await store.write(store.encodeEvents(starts.map(startEvent)));
    const listed = async (query: Partial<Parameters<Store['starts']>[0]>) =>
      (await store.starts({ ...range(fromMs), ...query })).map((one) => [one.scope, one.atMs]);
    expect(await listed({})).toEqual([
      [b, at(9)],
      [a, at(2.5)],
      [a, at(1)],
      [b, at(1)],
      [a, at(0)],
    ]);
    expect(await listed({ limit: 2 })).toEqual([
      [b, at(9)],
      [a, at(2.5)],
    ]);
    expect(await listed({ fromMs: at(1), toMs: at(9), scopes: [b] })).toEqual([[b, at(1)]]);
    expect(await listed({ limit: 0 })).toEqual([]);
    expect(await listed({ toMs: fromMs })).toEqual([]);
    expect(await listed({ toMs: fromMs - dayMs })).toEqual([]);
  });

  it('can be asked for by scopes and by patterns', async () => {
    const store = opened();
    const atMs = freshMs();
    const scopes = [
      'server:one',
      'server:two',
      'serverless:x',
      'outlet:pdu/1',
      'room',
      'rack:a.b',
      'rack:aXb',
    ];
    await store.write(store.encodeEvents(scopes.map((scope) => startEvent(announcedStart(scope, atMs)))));
    const found = async (asked: string[] | undefined) =>
      (await store.starts({ ...range(atMs), scopes: asked })).map((one) => one.scope);
    expect(await found(undefined)).toEqual([...scopes].sort());
    expect(await found(['*'])).toEqual([...scopes].sort());
    expect(await found(['server:*'])).toEqual(['server:one', 'server:two']);
    expect(await found(['server:two', 'room'])).toEqual(['room', 'server:two']);
    expect(await found(['outlet:*', 'server:one'])).toEqual(['outlet:pdu/1', 'server:one']);
    expect(await found(['rack:a.b'])).toEqual(['rack:a.b']);
    expect(await found(['rack:a.b', 'rack:none'])).toEqual(['rack:a.b']);
    expect(await found(['server:%', 'server:_ne:*'])).toEqual([]);
    expect(await found([])).toEqual([]);
    const many = Array.from({ length: 2000 }, (_, i) => `server:of-many-${i}`);
    expect(await found([...many, 'server:one'])).toEqual(['server:one']);
  });

  it('keep the scope whatever it is called', async () => {
    const store = opened();
    const atMs = freshMs();
    const scopes = awkwardNames.map((name) => `server:${name}`).sort();
    const starts = scopes.map((scope) => announcedStart(scope, atMs, { outlets: [scope] }));
    await store.write(store.encodeEvents(starts.map(startEvent)));
    expect(
      (await store.starts({ ...range(atMs), scopes: ['server:*'] })).map((one) => one.scope).sort(),
    ).toEqual(scopes);
    for (const start of starts) {
      expect(await store.starts({ ...range(atMs), scopes: [start.scope] })).toEqual([withoutTrace(start)]);
      expect(await store.start(start.id)).toEqual(start);
    }
  });

  it('know no start of another id', async () => {
    const store = opened();
    expect(await store.start('no-such-id')).toBeUndefined();
    expect(await store.start("' OR 1=1 --")).toBeUndefined();
    for (const odd of ['\\', '', "'", '\0', 'ü', 'x'.repeat(3000)])
      expect(await store.start(odd), odd).toBeUndefined();
  });

  it('tell the last start of each scope', async () => {
    const store = opened();
    const fromMs = freshMs();
    const [one, two] = [freshServer(), freshServer()];
    const starts = [0, 1, 2].flatMap((i) => [
      announcedStart(one, fromMs + i * hourMs),
      announcedStart(two, fromMs + i * hourMs + 1000),
    ]);
    await store.write(store.encodeEvents(starts.map(startEvent)));
    const last = await store.lastStarts(fromMs, fromMs + dayMs);
    expect([...last.keys()].sort()).toEqual([one, two].sort());
    expect(last.get(one)).toEqual(withoutTrace(starts[4]!));
    expect(last.get(two)).toEqual(withoutTrace(starts[5]!));
    expect((await store.lastStarts(fromMs, fromMs + hourMs)).get(two)?.atMs).toBe(fromMs + 1000);
    expect(await store.lastStarts(fromMs + dayMs, fromMs)).toEqual(new Map());
  });

  it('keep starts of 5 ms apart and to the microsecond', async () => {
    const store = opened();
    const atMs = freshMs();
    const scope = freshServer();
    const moments = [atMs, (atMs * 1000 + 1) / 1000, atMs + 5];
    await store.write(store.encodeEvents(moments.map((at) => startEvent(announcedStart(scope, at)))));
    expect((await store.starts(range(atMs))).map((one) => one.atMs)).toEqual([...moments].reverse());
  });

  it('thin a trace that is too long, and its peak stays', async () => {
    const store = opened();
    const atMs = freshMs();
    const watts = Array.from({ length: 50_000 }, (_, i) => (i === 31_234 ? 9876.5 : 100 + (i % 977) / 7));
    const trace = { atMs: watts.map((_, i) => atMs + i * 100), watts };
    const start = announcedStart(freshServer(), atMs, { trace, concurrent: manyNames(5000) });
    expect((await store.write(store.encodeEvents([startEvent(start)]))).refused).toEqual({});
    const got = (await store.start(start.id))!;
    expect(got.trace!.watts.length).toBeGreaterThan(500);
    expect(Math.max(...got.trace!.watts)).toBe(9876.5);
    expect(got.trace!.atMs[got.trace!.watts.indexOf(9876.5)]).toBe(atMs + 3_123_400);
    expect(got.concurrent.length).toBeGreaterThan(500);
    expect(got.concurrent).toEqual(start.concurrent.slice(0, got.concurrent.length));
  });

  it('keep changes of a baseline, and how it stood, apart even at the same moment', async () => {
    const store = opened();
    const atMs = freshMs();
    const scope = freshServer();
    const moved = idleEvent(scope, atMs, { change: 'moved', idleWatts: 112.25, fromWatts: 87.5 });
    const learnt = idleEvent(scope, atMs - hourMs, {});
    const row = idleVerdict(scope, { idleWatts: 111 });
    await store.write(store.encodeEvents([moved, learnt]));
    await store.write(store.encodeIdle([row], atMs));
    expect(await store.idleEvents({ ...range(atMs - hourMs), scopes: [scope] })).toEqual([moved, learnt]);
    expect(await store.idleRows({ ...range(atMs - hourMs), scopes: [scope] })).toEqual([{ atMs, row }]);
  });

  it('keep how baselines stood: all of it, or only what is known', async () => {
    const store = opened();
    const atMs = freshMs();
    const known = idleVerdict(`${freshServer()}-a`);
    const learning: IdleVerdict = {
      scope: `${freshServer()}-b`,
      basis: 'unknown',
      confidence: 0,
      hoursObserved: 0.5,
      idleShare: 0,
      sinceMs: atMs - hourMs,
      verdict: 'learning',
    };
    const write = store.encodeIdle([known, learning], atMs);
    expect(write).toMatchObject({ tier: 'events', count: 2 });
    await store.write(write);
    await store.write(store.encodeIdle([idleVerdict(known.scope, { verdict: 'ok' })], atMs + dayMs));
    expect(await store.idleRows(range(atMs))).toEqual([
      { atMs: atMs + dayMs, row: idleVerdict(known.scope, { verdict: 'ok' }) },
      ...[known, learning].sort((a, b) => (a.scope < b.scope ? -1 : 1)).map((row) => ({ atMs, row })),
    ]);
    expect(await store.idleEvents(range(atMs))).toEqual([]);
  });

  it('keep an alert as it was written last: acknowledged, held back and told after all, over', async () => {
    const store = opened();
    const sinceMs = freshMs();
    const firing = firingAlert(freshServer(), sinceMs);
    const kept = async () => (await store.alerts({ ...range(sinceMs), scopes: [firing.scope] }))[0];
    await store.write(store.encodeEvents([alertEvent(firing)]));
    expect(await kept()).toEqual(firing);
    const silenced = {
      ...firing,
      suppressedBy: 'silenced',
      suppressedById: 's-1',
      ackedBy: 'Ada "the admin"',
      ackedAtMs: sinceMs + 70_000,
      ackNote: 'a \\ note, with =',
    } as const;
    await store.write(store.encodeEvents([alertEvent(silenced)]));
    expect(await kept()).toEqual(silenced);
    const over = { ...firing, state: 'resolved', resolvedAtMs: sinceMs + 90_000, value: 60 } as const;
    await store.write(store.encodeEvents([alertEvent(over)]));
    expect(await kept()).toEqual(over);
  });

  it('keep alerts of several rules that crossed at one moment in one scope apart', async () => {
    const store = opened();
    const sinceMs = freshMs();
    const scope = freshServer();
    const rules = ['high-idle', 'server-off', 'backlog-growing'] as const;
    const alerts = rules.map((rule) =>
      firingAlert(scope, sinceMs, { rule, id: `${rule}.x`, severity: 'info' }),
    );
    await store.write(store.encodeEvents(alerts.map((alert) => alertEvent(alert))));
    const { value: _, limit: __, unit: ___, touched: ____, touchedCount: _____, ...bare } = alerts[0]!;
    await store.write(store.encodeEvents([alertEvent({ ...bare, scope: `${scope}-b` })]));
    const got = await store.alerts(range(sinceMs));
    expect(new Set(got.map(({ id }) => id))).toEqual(new Set(alerts.map(({ id }) => id)));
    expect(got.find((one) => one.scope === `${scope}-b`)).toEqual({ ...bare, scope: `${scope}-b` });
    expect(got).toHaveLength(4);
    expect(await store.alerts({ ...range(sinceMs), scopes: ['rack:*'] })).toEqual([]);
    expect(await store.alerts({ ...range(sinceMs), limit: 1 })).toHaveLength(1);
  });

  it('leave out moments no store can keep', async () => {
    const store = opened();
    const scope = freshServer();
    const events = [Number.NaN, -1, 1e300].map((atMs) => idleEvent(scope, atMs));
    const write = store.encodeEvents(events);
    expect(write.count).toBe(0);
    expect((await store.write(write)).refused).toEqual({});
  });

  it('read back the merged truth of random writes', async () => {
    const figure = fc.option(
      fc.integer({ min: -1e6, max: 1e9 }).map((n) => n / 1000 + 0),
      { nil: undefined },
    );
    const write = fc.record({
      second: fc.integer({ min: 0, max: 5 }),
      idleWatts: figure,
      limitWatts: figure,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(write, { minLength: 1, maxLength: 12 }), async (writes) => {
        const store = opened();
        const fromMs = freshMs();
        const scope = freshServer();
        const truth = new Map<number, IdleVerdict>();
        for (const { second, ...figures } of writes) {
          const brought = Object.fromEntries(
            Object.entries(figures).filter(([, value]) => value !== undefined),
          );
          const atMs = fromMs + second * secondMs;
          const row: IdleVerdict = {
            scope,
            basis: 'measured',
            confidence: 1,
            hoursObserved: 1,
            idleShare: 1,
            sinceMs: fromMs,
            verdict: 'ok',
            ...brought,
          };
          truth.set(atMs, { ...truth.get(atMs), ...row });
          await store.write(store.encodeIdle([row], atMs));
        }
        expect(await store.idleRows({ ...range(fromMs), scopes: [scope] })).toEqual(
          [...truth].sort(([a], [b]) => b - a).map(([atMs, row]) => ({ atMs, row })),
        );
      }),
      { numRuns: 20 },
    );
  });
}

const awkwardNames = [
  'a name with spaces ',
  'commas,and=equals',
  'single \' and double " quotes',
  'back\\slash\\',
  'line\nfeed',
  'Ünïcödé ☃ 🔌',
  "'; DROP TABLE start; --",
  '%_*.$[]{}()|^/',
];

function withoutTrace(start: StartRecord): StartRecord {
  const { trace: _, ...rest } = start;
  return rest;
}

/** A rule in words is kept as one line. */
function asKept(start: StartRecord): StartRecord {
  const { inrushEstimate } = start;
  if (inrushEstimate === undefined) return start;
  return { ...start, inrushEstimate: { ...inrushEstimate, rule: inrushEstimate.rule.replace('\n', ' ') } };
}

function manyNames(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `server:a-rather-long-name-${i}`);
}
