import { describe, expect, it } from 'vitest';
import type { IdleVerdict } from '../../src/model/idle.ts';
import { Format } from '../../src/web/format.ts';
import { idleTotals, missingText } from '../../src/web/idle-words.ts';

const format = new Format('en-GB', 'UTC');
const verdict = (fields: Partial<IdleVerdict>): IdleVerdict => ({
  scope: 'server:a',
  basis: 'measured',
  confidence: 0.9,
  hoursObserved: 100,
  idleShare: 0.8,
  sinceMs: 1,
  verdict: 'ok',
  ...fields,
});

describe('what idling costs a room', () => {
  it('is the sum of what is known; what nobody knows stays unknown, never 0', () => {
    const rows = [
      verdict({ verdict: 'high', yearWattHours: 5_000 }),
      verdict({ yearWattHours: 1_000, yearCost: 12 }),
      verdict({ verdict: 'learning' }),
    ];
    expect(idleTotals(rows)).toEqual({
      judged: 2,
      learning: 1,
      high: 1,
      wattHours: 6_000,
      highWattHours: 5_000,
      cost: 12,
    });
    expect(idleTotals([verdict({ verdict: 'learning' })])).toEqual({ judged: 0, learning: 1, high: 0 });
  });
});

describe('what a baseline still lacks', () => {
  const said = (fields: Partial<IdleVerdict>) =>
    missingText(verdict({ verdict: 'learning', ...fields }), format).replaceAll('\u00a0', ' ');

  it('is said in words', () => {
    expect(said({ hoursObserved: 0, basis: 'unknown' })).toBe('no time on observed yet');
    expect(said({ hoursObserved: 0.7, idleWatts: 88 })).toBe(
      'on for 42 min so far; judged from about 2 h on, with some time at rest',
    );
    expect(said({ basis: 'estimated', idleWatts: 300, idleShare: 0.06 })).toBe(
      'never at rest in 4.2 d; it idles at 300 W or below, seen for 6.0% of the time',
    );
    expect(said({ idleWatts: 88, hoursObserved: 3, idleShare: 0.05 })).toContain('needs more time at rest');
  });
});
