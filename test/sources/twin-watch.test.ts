import { expect, it } from 'vitest';
import { type Ending, TwinWatch } from '../../src/sources/twin-watch.ts';

/** Connections one after the other, as [how long it lasted in s, how it ended]: whether to give way after each. */
function afterEach(connections: readonly (readonly [number, Ending | 'failed'])[]): boolean[] {
  const watch = new TwinWatch();
  let nowMs = 1_000_000;
  return connections.map(([seconds, ending]) => {
    nowMs += 2_000;
    if (ending === 'failed') {
      watch.failed();
      return false;
    }
    watch.opened(nowMs);
    nowMs += seconds * 1000;
    return watch.closed(nowMs, ending);
  });
}

it('gives way after the second takeover that the broker has named', () => {
  expect(
    afterEach([
      [1, 'taken-over'],
      [1, 'taken-over'],
      [1, 'taken-over'],
    ]),
  ).toEqual([false, true, true]);
});

it('gives way after the third short connection when the broker gives no reason', () => {
  const short = [1, 'closed-by-broker'] as const;
  expect(afterEach([short, short, short, short, short])).toEqual([false, false, true, true, true]);
});

it('holds out when its first connection lasted, be it only for seconds: the newcomer is the other', () => {
  const short = [1, 'closed-by-broker'] as const;
  expect(afterEach([[8, 'closed-by-broker'], short, short, short])).not.toContain(true);
});

it('does not take a broker that restarts for a twin', () => {
  const short = [1, 'closed-by-broker'] as const;
  expect(afterEach([short, [0, 'failed'], short, [0, 'failed'], short, [0, 'failed'], short])).not.toContain(
    true,
  );
  const long = [600, 'closed-by-broker'] as const;
  expect(afterEach([long, long, long, long])).not.toContain(true);
  const broken = [1, 'other'] as const;
  expect(afterEach([broken, broken, broken, broken])).not.toContain(true);
});

it('holds out much longer when it was there first', () => {
  const verdicts = afterEach([
    [120, 'taken-over'],
    ...Array.from({ length: 12 }, () => [1, 'taken-over'] as const),
  ]);
  expect(verdicts.indexOf(true)).toBe(9);
});

it('gives way at once when the twin is still there after the long wait', () => {
  const one = [1, 'taken-over'] as const;
  expect(afterEach([one, one, [10, 'taken-over'], [90, 'taken-over'], one])).toEqual([
    false,
    true,
    true,
    false,
    false,
  ]);
});

it('remembers a twin for ten minutes', () => {
  const watch = new TwinWatch();
  expect(watch.suspects(0)).toBe(false);
  watch.opened(0);
  watch.closed(1_000, 'taken-over');
  expect(watch.suspects(600_000)).toBe(true);
  expect(watch.suspects(602_000)).toBe(false);
});
