import { describe, expect, it } from 'vitest';
import { Format } from '../../src/web/format.ts';
import { spanOf, startColumns } from '../../src/web/start-chart.ts';
import { mergeStarts, startsHeldMax } from '../../src/web/start-log.ts';
import { earlierMax } from '../../src/web/start-traces.ts';
import {
  concurrentText,
  isWithin,
  peakBasis,
  peakRatio,
  sagShare,
  startPhase,
} from '../../src/web/start-words.ts';
import { makeStart } from './made-starts.ts';

const atMs = 1_700_000_000_000;
const minuteMs = 60_000;
const format = new Format('en-GB', 'UTC');
const complete = makeStart('server:a', atMs, { settledWatts: 100 });
const underWay = makeStart('server:a', atMs, { settledWatts: 100, complete: false });

describe('what is said of a start', () => {
  it('it is starting when it was just told or while its server is, then settling, and after long its end was not seen', () => {
    expect(startPhase(underWay, atMs + 5_000, 'standby')).toBe('starting');
    expect(startPhase(underWay, atMs + 2 * minuteMs, 'starting')).toBe('starting');
    expect(startPhase(underWay, atMs + 2 * minuteMs, 'active')).toBe('settling');
    expect(startPhase(underWay, atMs + 60 * minuteMs, 'active')).toBe('unfinished');
    expect(startPhase(complete, atMs + 60 * minuteMs, 'starting')).toBe('complete');
  });

  it('ratio and sag are unknown where a part is missing, never 0 or infinite', () => {
    expect(peakRatio(complete)).toBeCloseTo(2.6);
    expect(peakRatio(underWay)).toBeUndefined();
    expect(peakRatio({ ...complete, settledWatts: 0 })).toBeUndefined();
    expect(sagShare({ ...complete, voltsBefore: 230, voltsMin: 225.4 })).toBeCloseTo(0.02);
    const { voltsMin: _, ...without } = complete;
    expect(sagShare(without)).toBeUndefined();
    expect(sagShare({ ...complete, voltsBefore: 230, voltsMin: 231 })).toBe(0);
  });

  it('how the peak is known, and who started with it', () => {
    const plain = (text: string) => text.replaceAll('\u00a0', ' ');
    expect(plain(peakBasis({ ...complete, sampleMs: 1985 }, format))).toBe('lower bound, read every 2 s');
    expect(peakBasis({ ...complete, peakIs: 'measured' }, format)).toBe('measured');
    const nameOf = (scope: string) => scope.slice(7);
    expect(concurrentText({ ...complete, concurrent: ['server:b', 'server:c'] }, nameOf)).toBe('b and c');
    const many = { ...complete, concurrent: ['server:b', 'server:c', 'server:d'] };
    expect(plain(concurrentText(many, nameOf))).toBe('3 others');
  });
});

describe('a part of the room', () => {
  const server = {
    scope: 'server:hv-01',
    name: 'hv-01',
    rack: 'r1',
    haystack: '',
    inputs: [{ outlet: 'rack/pdu-a/7', breaker: 'A1', feed: 'A' }, { outlet: 'pdu-b/7' }],
  };
  it.each([
    [undefined, true],
    ['room', true],
    ['server:*', true],
    ['server:hv-01', true],
    ['server:hv-02', false],
    ['rack:r1', true],
    ['rack:r2', false],
    ['feed:A', true],
    ['feed:B', false],
    ['breaker:A1', true],
    ['outlet:pdu-b/7', true],
    ['device:rack/pdu-a', true],
    ['device:rack', false],
    ['nonsense', false],
  ])('%s holds the server: %s', (scope, expected) => {
    expect(isWithin(scope, server)).toBe(expected);
  });
});

describe('starts told and answered', () => {
  it('are one list, newest first, in which the one that knows more counts', () => {
    const later = makeStart('server:b', atMs + minuteMs);
    expect(mergeStarts([underWay], [later]).map(({ scope }) => scope)).toEqual(['server:b', 'server:a']);
    expect(mergeStarts([underWay], [complete])[0]!.complete).toBe(true);
    // The end was missed while the link was lost, and answered since.
    expect(mergeStarts([complete], [underWay])[0]!.complete).toBe(true);
    const further = { ...underWay, peakWatts: 999 };
    expect(mergeStarts([underWay], [further])[0]!.peakWatts).toBe(999);
  });

  it('are bounded', () => {
    const many = Array.from({ length: startsHeldMax + 50 }, (_, i) => makeStart(`server:${i}`, atMs + i));
    expect(mergeStarts([], many)).toHaveLength(startsHeldMax);
    expect(mergeStarts([], many)[0]!.scope).toBe(`server:${startsHeldMax + 49}`);
  });
});

describe('the columns of a trace', () => {
  it('lie on one axis of seconds since each onset, earlier starts beside this one, oldest first', () => {
    const earlier = [1, 2].map((days) =>
      makeStart('server:a', atMs - days * 86_400_000, { settledWatts: 50 * days }),
    );
    const columns = startColumns(complete, earlier, [-5, 30]);
    expect(columns).toHaveLength(earlierMax + 3);
    const [atS] = columns as number[][];
    expect(atS).toEqual([...atS!].sort((a, b) => a - b));
    const onset = atS!.indexOf(0);
    const valuesAtPeak = columns.map((column) => column[onset + 2]);
    expect(valuesAtPeak.slice(1, earlierMax + 2)).toEqual([260, 130, undefined, undefined, undefined, 260]);
    // Volts were told with every second reading only.
    expect(columns[earlierMax + 2]!.some((volts) => typeof volts === 'number')).toBe(true);
    expect(columns[earlierMax + 2]!.includes(0)).toBe(false);
  });

  it('hold what is shown and one reading more on either side', () => {
    const [atS] = startColumns(complete, [], [0, 10]) as number[][];
    expect([atS![0], atS!.at(-1)]).toEqual([-1, 11]);
  });

  it('are empty without a trace', () => {
    const { trace: _, ...bare } = complete;
    expect(startColumns(bare, [], [0, 10])[0]).toEqual([]);
  });

  it('show the surge alone or until it has settled, the onset always in sight', () => {
    const [surgeFromS, surgeToS] = spanOf(complete, 'surge');
    const [wholeFromS, wholeToS] = spanOf(complete, 'whole');
    expect(surgeFromS).toBeLessThan(0);
    expect(wholeFromS).toBeLessThan(0);
    expect(surgeToS).toBe(15);
    expect(wholeToS).toBeGreaterThan(complete.settleMs! / 1000);
  });
});
