import { describe, expect, it } from 'vitest';
import { StepSeries } from '../../src/web/series.ts';
import { type HistoryColumns, joinTimeline, settledOnly } from '../../src/web/timeline.ts';

const minuteMs = 60_000;
const startMs = 1_000 * minuteMs;
const gapMs = 7_000;

/** Minutes from `startMs`. */
function minutes(mean: (number | null)[]): HistoryColumns {
  return {
    stepMs: minuteMs,
    atMs: mean.map((_, i) => startMs + i * minuteMs),
    mean,
    min: mean.map((value) => value && value - 10),
    max: mean.map((value) => value && value + 10),
  };
}

function seconds(fromMs: number, values: (number | undefined)[]): StepSeries {
  const series = new StepSeries(1_000, 1_000);
  values.forEach((value, i) => {
    series.add(fromMs + i * 1_000, value);
  });
  return series;
}

const nothingLive = seconds(0, []);

describe('history and live as one line', () => {
  it('runs from history into live without a hole', () => {
    const live = seconds(startMs + 3 * minuteMs + 20_000, [130, 131, 132]);
    const endMs = startMs + 3 * minuteMs + 23_000;
    const line = joinTimeline(live, minutes([100, 110, 120, 125]), startMs, endMs, gapMs);
    expect(line.mean).toEqual([100, 110, 120, 125, 130, 131, 132]);
    // What is left of the minute that live broke into: 20 s, so its middle is at 10 s.
    expect(line.atS[3]).toBe((startMs + 3 * minuteMs + 10_000) / 1_000);
    expect(line.min.slice(0, 2)).toEqual([90, 100]);
    expect(line.max.at(-1)).toBe(132);
  });

  it('bridges the minutes the store has not closed yet, but no more', () => {
    const history = minutes([100, 110]);
    const soon = joinTimeline(
      seconds(startMs + 3 * minuteMs, [130]),
      history,
      startMs,
      startMs + 3 * minuteMs,
      gapMs,
    );
    expect(soon.mean).toEqual([100, 110, 130]);
    const late = joinTimeline(
      seconds(startMs + 6 * minuteMs, [130]),
      history,
      startMs,
      startMs + 6 * minuteMs,
      gapMs,
    );
    expect(late.mean).toEqual([100, 110, null, 130]);
  });

  it('leaves a gap where history knows nothing', () => {
    const line = joinTimeline(nothingLive, minutes([100, null, 120]), startMs, startMs + 3 * minuteMs, gapMs);
    expect(line.mean).toEqual([100, null, 120]);
    expect([line.min[1], line.max[1]]).toEqual([null, null]);
  });

  it('leaves a gap where the store left out rows', () => {
    const history = minutes([100, 110, 120, 130]);
    const holed: HistoryColumns = {
      stepMs: minuteMs,
      atMs: [history.atMs[0]!, history.atMs[3]!],
      mean: [100, 130],
      min: [90, 120],
      max: [110, 140],
    };
    expect(joinTimeline(nothingLive, holed, startMs, startMs + 4 * minuteMs, gapMs).mean).toEqual([
      100,
      null,
      130,
    ]);
  });

  it('leaves a gap where a figure was unknown while the link was up', () => {
    const live = seconds(startMs, [100, undefined, 102]);
    expect(joinTimeline(live, undefined, startMs, startMs + 3_000, gapMs).mean).toEqual([100, null, 102]);
  });

  it('does not take the pause between frames for a gap', () => {
    const live = seconds(startMs, [100]);
    live.add(startMs + 5_000, 101);
    expect(joinTimeline(live, undefined, startMs, startMs + 6_000, gapMs).mean).toEqual([100, 101]);
  });

  it('breaks where the link was lost, until history fills it', () => {
    const live = seconds(startMs, [100, 101]);
    live.add(startMs + 4 * minuteMs, 140);
    const endMs = startMs + 4 * minuteMs + 1_000;
    expect(joinTimeline(live, undefined, startMs, endMs, gapMs).mean).toEqual([100, 101, null, 140]);
    const filled = joinTimeline(live, minutes([100, 110, 120, 130]), startMs, endMs, gapMs);
    expect(filled.mean).toEqual([100, 101, 100, 110, 120, 130, 140]);
    expect([...filled.atS]).toEqual([...filled.atS].sort((a, b) => a - b));
  });

  it('keeps to the span that is looked at', () => {
    const line = joinTimeline(
      nothingLive,
      minutes([1, 2, 3, 4]),
      startMs + 2 * minuteMs,
      startMs + 3 * minuteMs,
      gapMs,
    );
    expect(line.mean).toEqual([3]);
  });

  it('is a gap when nothing at all is known', () => {
    expect(joinTimeline(nothingLive, undefined, startMs, startMs + minuteMs, gapMs).mean).toEqual([null]);
  });
});

describe('buckets that were not closed yet', () => {
  it('are left out at the end, but an older gap stays', () => {
    const columns = minutes([100, null, 120, null, null]);
    const askedAtMs = startMs + 4.5 * minuteMs;
    expect(settledOnly(columns, askedAtMs).mean).toEqual([100, null, 120]);
    expect(settledOnly(columns, askedAtMs + 60 * minuteMs).mean).toEqual([100, null, 120, null, null]);
  });
});
