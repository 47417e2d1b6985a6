import { describe, expect, it } from 'vitest';
import { Watch } from '../../src/detect/watch.ts';
import type { PowerEvent } from '../../src/model/event.ts';
import { boot, chance, hour, lastTold, minute, noTree, observe, type Part, wave } from './waves.ts';

/** A server of two inputs whose meters report every second, the second one `lagMs` after the first. */
function onTwoInputs(lagMs: number, parts: readonly Part[], holeAfterSeconds = Number.POSITIVE_INFINITY) {
  const events: PowerEvent[] = [];
  const watch = new Watch({ tree: noTree, event: (event) => events.push(event) });
  watch.opened(0, 'server:a', ['pdu-a/1', 'pdu-b/1']);
  const tremble = chance(3);
  const beginMs = wave(parts)[0]!.atMs;
  for (const { atMs: onTimeMs, watts } of wave(parts)) {
    const atMs = onTimeMs + (onTimeMs - beginMs >= holeAfterSeconds * 1000 ? 2 * hour * 1000 : 0);
    watch.tick(atMs);
    observe(watch, 0, atMs, watts, Number.NaN, Number.NaN);
    observe(watch, 0, atMs + lagMs, watts + tremble(), Number.NaN, Number.NaN);
  }
  return lastTold(events);
}

describe('a server of two inputs', () => {
  it.each([0, 5, 50, 200, 300, 500])('whose meters report %i ms apart: each start once', (lagMs) => {
    const starts = onTwoInputs(lagMs, [[20 * minute, 2, 1], ...boot(150), [20 * minute, 150, 2]]);
    expect(starts).toMatchObject([{ sampleMs: 1000, complete: true }]);
  });

  it.each([0, 5, 50, 200, 300, 500])(
    '… and no start that nobody saw, after a hole of two hours, with %i ms between them',
    (lagMs) => {
      const parts: Part[] = [
        [20 * minute, 2, 1],
        [10 * minute, 150, 2],
      ];
      expect(onTwoInputs(lagMs, parts, 20 * minute)).toEqual([]);
    },
  );
});
