import type { AlertRuleScope } from '../../src/api/shapes.ts';
import { makeAlert } from './alert-desk.ts';
import { makeRoom } from './made-room.ts';
import type { RoomScript } from './room-server.ts';

const minuteMs = 60_000;

/** A lost feed, a hot breaker, a server that may fire soon, one that did; a silence and notifiers well and ill. */
export function troubledRoom(script = makeRoom(12)): RoomScript {
  const desk = script.alerts;
  const nowMs = Date.now();
  desk.alerts = [
    makeAlert('hot'),
    makeAlert('feed', {
      rule: 'feed-lost',
      scope: 'feed:A',
      severity: 'critical',
      text: 'Feed A is lost: 12 servers run on feed B alone',
      touched: script.tree.servers.map(({ scope }) => scope),
      touchedCount: 12,
    }),
    makeAlert('idle', {
      rule: 'high-idle',
      scope: 'server:srv-003',
      state: 'pending',
      text: 'srv-003 idles at 206 W',
      value: 206,
      limit: 190,
      unit: 'W',
    }),
    makeAlert('quiet', {
      severity: 'info',
      suppressedBy: 'silenced',
      suppressedById: 's1',
      text: 'srv-004 moved',
    }),
    makeAlert('gone', {
      state: 'resolved',
      sinceMs: nowMs - 60 * minuteMs,
      resolvedAtMs: nowMs - 30 * minuteMs,
      text: 'Plug plug-7 was silent',
    }),
  ];
  desk.silences = [
    { id: 's1', scopes: ['rack:r1'], fromMs: nowMs, toMs: nowMs + 60 * minuteMs, by: 'Ada', note: 'moving' },
  ];
  const notifier = { kind: 'webhook', waiting: 0, failed: 0, dropped: 0 };
  desk.notifiers = [
    {
      ...notifier,
      name: 'chat',
      target: 'https://chat.example/…',
      state: 'ok',
      sent: 4,
      lastSentAtMs: nowMs,
    },
    {
      ...notifier,
      name: 'mail',
      kind: 'email',
      target: 'ops@example.org',
      state: 'failing',
      sent: 0,
      waiting: 2,
      failed: 3,
      lastProblem: 'connection refused',
    },
  ];
  const scopes: AlertRuleScope[] = [
    {
      scope: 'breaker:A1',
      state: 'firing',
      value: 13.24,
      raiseLimit: 12.8,
      clearLimit: 12,
      unit: 'A',
      why: 'It is above its limit.',
    },
    {
      scope: 'breaker:A2',
      state: 'pending',
      value: 12.9,
      raiseLimit: 12.8,
      unit: 'A',
      dwellLeftMs: 42_000,
      why: 'Above its limit for 18 s of 60 s.',
    },
    { scope: 'breaker:B1', state: 'unknown', why: 'It has no rating.' },
  ];
  desk.rules = {
    rows: [
      {
        rule: 'circuit-load',
        meaning: 'A breaker carries much of what it may.',
        enabled: true,
        severity: 'warning',
        scopes,
        scopesLeftOut: 2,
      },
      { rule: 'start-sag', meaning: '', enabled: false, severity: 'info', scopes: [], scopesLeftOut: 0 },
      { rule: 'high-idle', meaning: '', enabled: true, severity: 'info', scopes: [], scopesLeftOut: 9 },
    ],
  };
  return script;
}
