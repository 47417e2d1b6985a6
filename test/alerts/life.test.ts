import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DueTimes } from '../../src/alerts/due-times.ts';
import { Incident } from '../../src/alerts/incident.ts';
import type { Finding } from '../../src/alerts/rule.ts';
import { ScopePatterns } from '../../src/alerts/scope-pattern.ts';
import { roomOf, server, startMs, Timeline } from './timeline.ts';

const load = (percentOfUsable: number) => ({
  'pdu-A1/s1': { watts: 1, volts: 230, amps: 0.128 * percentOfUsable },
});
const quiet = 'failoverOverload: { enabled: false }, meterImplausible: { enabled: false }';
const busy = (yaml = '') =>
  new Timeline(roomOf([server('s1', ['A1'])]), `{ ${quiet} ${yaml} }`).at('0s', load(85));
const breaker = 'breaker:A1';

describe('a silence', () => {
  it('says nothing of what it matches until it ends, then what still fires is told', () => {
    const t = busy();
    t.at('1m', () => {
      const wish = {
        scopes: ['feed:A'],
        rules: ['circuit-load'],
        fromMs: t.nowMs,
        toMs: t.nowMs + 600_000,
        by: 'Ada',
      } as const;
      expect(t.alerts.silence(wish, t.nowMs)?.id).toBeTypeOf('string');
    }).run('20m');
    const { alert } = t.expectBetween('11m', '11m2s', 'firing', 'circuit-load', breaker);
    expect(alert).not.toHaveProperty('suppressedBy');
    expect(t.shown[0]!.alert).toMatchObject({ suppressedBy: 'silenced', state: 'firing' });
    expect(t.told).toHaveLength(1);
  });

  it('of another rule or scope holds nothing back, and one that is ended neither', () => {
    const t = busy();
    t.at('1s', () => {
      const until = { fromMs: t.nowMs, toMs: t.nowMs + 3_600_000, by: 'Ada' };
      t.alerts.silence({ ...until, rules: ['server-off'] }, t.nowMs);
      t.alerts.silence({ ...until, scopes: ['rack:r2', 'breaker:B*'] }, t.nowMs);
      const { id } = t.alerts.silence({ ...until, scopes: ['*'] }, t.nowMs)!;
      expect(t.alerts.endSilence(id)).toBe(true);
      expect(t.alerts.endSilence(id)).toBe(false);
    }).run('5m');
    t.expectBetween('2m', '2m5s', 'firing', 'circuit-load', breaker);
  });

  it('of what was told before: the end is told all the same', () => {
    const t = busy();
    t.at(
      '5m',
      () => void t.alerts.silence({ fromMs: t.nowMs, toMs: t.nowMs + 3_600_000, by: 'Ada' }, t.nowMs),
    )
      .at('10m', load(10))
      .run('20m');
    t.expectTold('firing circuit-load breaker:A1', 'resolved circuit-load breaker:A1');
  });
});

describe('maintenance', () => {
  it('mutes within its window of the local clock, and what outlives it is told', () => {
    // 8:00 UTC is 9:00 in London's summer.
    const t = busy(
      ", maintenance: [ { name: patching, days: [ mon ], from: '09:00', to: '09:30', scopes: [ feed:A ] } ]",
    ).run('40m');
    t.expectBetween('30m', '30m5s', 'firing', 'circuit-load', breaker);
    expect(t.shown[0]!.alert).toMatchObject({ suppressedBy: 'muted', suppressedById: 'patching' });
  });

  it('over midnight, on the day it begins', () => {
    const t = busy(", maintenance: [ { name: night, days: [ sun ], from: '22:00', to: '09:10' } ]").run(
      '20m',
    );
    t.expectBetween('10m', '10m5s', 'firing', 'circuit-load', breaker);
    busy(", maintenance: [ { name: once, from: '2026-06-01T08:30', to: '2026-06-01T10:00' } ]")
      .run('20m')
      .expectTold();
  });
});

describe('an acknowledgement', () => {
  it('is told, carries name and note, and ends the reminders', () => {
    const t = busy(', remindAfter: 10m');
    t.at('25m', () => {
      const { id } = t.alerts.list()[0]!;
      expect(t.alerts.ack('nobody', 'Ada', undefined, t.nowMs)).toBeUndefined();
      expect(t.alerts.ack(id, 'Ada', 'on it', t.nowMs)).toMatchObject({ ackedBy: 'Ada', ackNote: 'on it' });
    }).run('60m');
    expect(t.told.map(({ kind, atMs }) => [kind, Math.round((atMs - startMs) / 60_000)])).toEqual([
      ['firing', 2],
      ['reminder', 12],
      ['reminder', 22],
      ['changed', 25],
    ]);
  });
});

describe('over a restart', () => {
  it.each([
    ['stopped', {}],
    ['killed', { killed: true }],
  ])('%s: nothing is told again, and the end is told', (_, options) => {
    busy()
      .restart('5m', options)
      .at('10m', load(10))
      .run('20m')
      .expectTold('firing circuit-load breaker:A1', 'resolved circuit-load breaker:A1');
  });

  it('silences and acknowledgements stay, ids too', () => {
    const t = busy(', remindAfter: 10m');
    let id = '';
    t.at('3m', () => {
      id = t.alerts.list()[0]!.id;
      t.alerts.ack(id, 'Ada', undefined, t.nowMs);
      t.alerts.silence(
        { scopes: ['rack:r9*'], fromMs: t.nowMs, toMs: t.nowMs + 3_600_000, by: 'Ada' },
        t.nowMs,
      );
    })
      .restart('5m')
      .run('40m');
    expect(t.alerts.list()).toMatchObject([{ id, ackedBy: 'Ada', state: 'firing' }]);
    expect(t.alerts.silences(t.nowMs)).toMatchObject([{ scopes: ['rack:r9*'], by: 'Ada' }]);
    expect(t.told.map(({ kind }) => kind)).toEqual(['firing', 'changed']);
  });

  it('in the midst of a dwell: it goes on where it was, but only if it is still so', () => {
    const t = busy().restart('90s').run('5m');
    t.expectBetween('2m', '2m10s', 'firing', 'circuit-load', breaker);
    busy().restart('90s').at('90s', load(10)).run('10m').expectTold();
  });

  it('a rule that was switched off meanwhile ends its alert', () => {
    const t = busy().run('5m');
    const saved = JSON.parse(JSON.stringify(t.alerts.save(t.nowMs)));
    const off = new Timeline(t.tree, `{ ${quiet}, circuitLoad: { enabled: false } }`);
    off.alerts.load(saved, t.nowMs);
    off.nowMs = t.nowMs;
    off.run('6m').expectTold('resolved circuit-load breaker:A1');
  });

  it('what is no saved state is refused', () => {
    const t = busy();
    for (const wrong of [
      { version: 2 },
      { version: 1, incidents: [{ alert: {} }], silences: [], rules: {} },
      7,
    ])
      expect(() => t.alerts.load(wrong, t.nowMs)).toThrow();
  });
});

describe('why it does not fire', () => {
  it('is said scope by scope: value, levels, dwell left, in words', () => {
    const t = busy().run('60s');
    const [row] = t.alerts.ruleRows(t.nowMs, { rule: 'circuit-load' });
    expect(row).toMatchObject({ rule: 'circuit-load', enabled: true, severity: 'info', scopesLeftOut: 0 });
    expect(row!.scopes[0]).toMatchObject({
      scope: breaker,
      state: 'pending',
      value: 85,
      raiseLimit: 80,
      clearLimit: 66.5,
      unit: '%',
    });
    expect(row!.scopes[0]!.dwellLeftMs).toBeGreaterThan(55_000);
    expect(row!.scopes[0]!.why).toMatch(
      /^Beyond the level; it fires in \d+ s if that lasts\. 10\.9 A of 12\.8 A usable/,
    );
    expect(row!.scopes.find(({ scope }) => scope === 'breaker:B1')).toMatchObject({ state: 'unknown' });
    expect(t.alerts.ruleRows(t.nowMs)).toHaveLength(18);
  });

  it('switched off for a scope says so', () => {
    const t = busy(', overrides: [ { scopes: [ feed:A ], circuitLoad: { enabled: false } } ]').run('5m');
    t.expectTold();
    const [row] = t.alerts.ruleRows(t.nowMs, { rule: 'circuit-load', scope: breaker });
    expect(row!.scopes).toMatchObject([{ scope: breaker, state: 'off' }]);
  });
});

it('an override changes levels for what is in its scopes, and nothing else', () => {
  const t = busy(
    ', overrides: [ { scopes: [ rack:*, feed:A ], circuitLoad: { infoPercent: 90, warningPercent: 95 } } ]',
  ).run('10m');
  t.expectTold();
});

describe('properties', () => {
  const levels: Finding['level'][] = ['raised', 'held', 'clear', 'unknown'];

  it('no sequence of findings makes an alert change faster than its dwells', () => {
    const step = fc.record({
      afterMs: fc.integer({ min: 1, max: 90_000 }),
      level: fc.constantFrom(...levels),
    });
    const dwell = fc.integer({ min: 1000, max: 300_000 });
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 200 }),
        dwell,
        dwell,
        (steps, raiseAfter, clearAfter) => {
          const dwells = { severity: 'warning', raiseAfter, clearAfter } as const;
          let incident: Incident | undefined;
          let nowMs = 0;
          let resolvedMs = Number.NEGATIVE_INFINITY;
          for (const { afterMs, level } of steps) {
            const untilMs = nowMs + afterMs;
            // Time alone may change it, at its own moment.
            if (incident !== undefined && incident.dueMs <= untilMs) {
              nowMs = incident.dueMs;
              const turn = incident.due(nowMs);
              check(turn, nowMs);
            }
            nowMs = untilMs;
            if (incident === undefined) {
              if (level === 'raised') incident = new Incident('circuit-load', 's', { level }, dwells, nowMs);
            } else check(incident.observe({ level }, dwells, nowMs), nowMs);
          }
          function check(turn: string, atMs: number) {
            if (turn === 'fired') {
              expect(atMs - incident!.sinceMs).toBeGreaterThanOrEqual(raiseAfter);
              expect(atMs - resolvedMs).toBeGreaterThanOrEqual(raiseAfter);
            }
            if (turn === 'resolved') {
              expect(atMs - incident!.firedAtMs!).toBeGreaterThanOrEqual(clearAfter);
              resolvedMs = atMs;
            }
            if (turn === 'resolved' || turn === 'dropped') incident = undefined;
          }
        },
      ),
    );
  });

  it('what is due comes in its order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1000 })), (times) => {
        const due = new DueTimes<number>();
        for (const atMs of times) due.add(atMs, atMs);
        const taken = Array.from(times, () => due.take());
        expect(taken).toEqual([...times].sort((a, b) => a - b));
        expect(due.nextMs).toBe(Number.POSITIVE_INFINITY);
      }),
    );
  });

  it('a pattern matches as a regular expression would, however many stars it has', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', ':', '.'), maxLength: 12 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '.'), maxLength: 8 });
    fc.assert(
      fc.property(pattern, text, (made, scope) => {
        const regExp = new RegExp(`^${made.replaceAll('.', '\\.').replaceAll('*', '.*')}$`, 's');
        expect(new ScopePatterns([made]).fitsAny([scope])).toBe(regExp.test(scope));
      }),
    );
    const slow = new ScopePatterns([`${'*a'.repeat(100)}b`]);
    expect(slow.fitsAny(['a'.repeat(300)])).toBe(false);
  });
});
