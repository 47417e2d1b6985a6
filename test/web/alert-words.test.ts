import { describe, expect, it } from 'vitest';
import type { Alert } from '../../src/model/alert.ts';
import { AlertLog, mergeAlerts } from '../../src/web/alert-log.ts';
import {
  againstLimit,
  byUrgency,
  concerns,
  quantityText,
  scopeHash,
  scopeWord,
  silenceText,
  suppressionText,
  titlePrefix,
} from '../../src/web/alert-words.ts';
import { Format } from '../../src/web/format.ts';
import { makeAlert } from './alert-desk.ts';

const format = new Format('en-GB', 'UTC');
const plain = (text: string | undefined) => text?.replaceAll('\u00a0', ' ');
const ids = (alerts: readonly Alert[]) => alerts.map(({ id }) => id);
const nameOf = (scope: string) => scope.slice(scope.indexOf(':') + 1);

describe('alerts in order', () => {
  it('have what fires first, what nobody took on before what somebody did, the gravest and newest on top', () => {
    const alerts = [
      makeAlert('pending', { state: 'pending', severity: 'critical' }),
      makeAlert('acked', { severity: 'critical', ackedBy: 'Ada' }),
      makeAlert('silenced', { suppressedBy: 'silenced', severity: 'critical', sinceMs: 1 }),
      makeAlert('info', { severity: 'info' }),
      makeAlert('old', { sinceMs: 1 }),
      makeAlert('new', { sinceMs: 2 }),
      makeAlert('grave', { severity: 'critical', sinceMs: 0 }),
    ];
    expect(ids([...alerts].sort(byUrgency))).toEqual([
      'grave',
      'new',
      'old',
      'info',
      'acked',
      'silenced',
      'pending',
    ]);
  });

  it('are overtaken by what is told: changed, new, over', () => {
    const rows = [makeAlert('a'), makeAlert('b')];
    const told = [makeAlert('a', { ackedBy: 'Ada' }), makeAlert('b', { state: 'resolved' }), makeAlert('c')];
    const merged = mergeAlerts(rows, new Map(told.map((alert) => [alert.id, alert])));
    expect(ids(merged)).toEqual(['c', 'a']);
    expect(merged[1]!.ackedBy).toBe('Ada');
  });

  it('are known from what is told, before anything was answered; open is what nobody knows of', () => {
    const log = new AlertLog();
    expect(log.answer.value.value).toBeUndefined();
    log.take(makeAlert('a'));
    log.take(makeAlert('b', { suppressedBy: 'muted' }));
    log.take(makeAlert('c', { ackedBy: 'Ada' }));
    log.take(makeAlert('d', { state: 'pending' }));
    expect(ids(log.answer.value.value!)).toHaveLength(4);
    expect(ids(log.open.value)).toEqual(['a']);
    log.take(makeAlert('a', { state: 'resolved' }));
    expect([log.open.value, log.ends.value]).toEqual([[], 1]);
  });
});

describe('words for alerts', () => {
  it.each([
    [1_013, 'W', '1,013 W'],
    [13.24, 'A', '13.2 A'],
    [0.456, 'kWh', '0.46 kWh'],
    [80, '%', '80 %'],
    [123.456, 'W', '123 W'],
    [5, undefined, '5'],
  ])('%s %s reads %s', (value, unit, text) => {
    expect(plain(quantityText(value, unit, format))).toBe(text);
  });

  it('hold the value against the limit, and invent neither', () => {
    expect(plain(againstLimit(makeAlert('a'), format))).toBe('13.2 A, limit 12.8 A');
    const { limit: _, ...unlimited } = makeAlert('a');
    expect(plain(againstLimit(unlimited, format))).toBe('13.2 A');
    const { value: __, ...unknown } = makeAlert('a');
    expect(againstLimit(unknown, format)).toBeUndefined();
  });

  it('say why nobody is told, and by what', () => {
    expect(suppressionText(makeAlert('a'))).toBeUndefined();
    expect(suppressionText(makeAlert('a', { suppressedBy: 'silenced', suppressedById: 's1' }))).toBe(
      'Told to nobody: silenced (s1)',
    );
    expect(suppressionText(makeAlert('a', { suppressedBy: 'inhibited' }))).toContain(
      'explained by another alert',
    );
  });

  it('lead to where more is to be seen', () => {
    expect(scopeHash('server:hv-01')).toBe('#/server/hv-01');
    expect(scopeHash('device:plug/1')).toBe('#/devices');
    expect(scopeHash('breaker:A1')).toBe('#/energy?scope=breaker%3AA1');
    expect(scopeHash('room')).toBe('#/');
    expect([scopeWord('room', nameOf), scopeWord('feed:A', nameOf)]).toEqual(['Room', 'Feed A']);
  });

  it('say what a silence is about', () => {
    const silence = { id: 's', fromMs: 0, toMs: 1, by: 'Ada' };
    expect(silenceText(silence, nameOf)).toBe('All rules · everywhere');
    expect(silenceText({ ...silence, scopes: ['rack:r1'], rules: ['high-idle', 'start-sag'] }, nameOf)).toBe(
      'High idle, Start sag · Rack r1',
    );
  });

  it('find the alerts of a server among those that touch it', () => {
    const feed = makeAlert('a', { scope: 'feed:A', touched: ['server:x'] });
    expect([concerns(feed, 'server:x'), concerns(feed, 'server:y'), concerns(feed, undefined)]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('count critical ones in the title of the window', () => {
    const alerts = [makeAlert('a', { severity: 'critical' }), makeAlert('b')];
    expect([titlePrefix(alerts), titlePrefix(alerts.slice(1))]).toEqual(['(1) ', '']);
  });
});
