import { useMemo } from 'preact/hooks';
import type { EnergyAnswer } from '../api/shapes.ts';
import type { Figure } from '../model/figure.ts';
import { periodAt } from './energy-period.ts';
import { usePolled } from './polled-path.ts';
import type { Present } from './present.ts';

const everyMs = 60_000;
/** The newest minutes are added up late: only what is missing beyond them is missing. */
const lateMs = 5 * 60_000;

/** How the energy of today is known. */
export interface TodayKnown {
  /** Some of the day was not heard: the truth is more. */
  readonly atLeast: boolean;
  /** A sentence; empty while it is not known. */
  readonly text: string;
}

/** Of how much of today the energy of a scope is known. */
export function useToday(present: Present, scope: string, figure: Figure | undefined): TodayKnown {
  const timezone = present.tree.answer.value.value?.timezone;
  const minute = Math.floor(present.nowMs() / 60_000);
  const today = useMemo(
    () => (timezone === undefined ? undefined : periodAt('day', minute * 60_000, timezone)),
    [timezone, minute],
  );
  const query =
    today &&
    new URLSearchParams({ scope, by: 'day', from: `${today.fromMs}`, to: `${today.toMs}`, totals: 'false' });
  const row = usePolled<EnergyAnswer>(query && `energy?${query}`, everyMs).value?.rows[0];
  if (!today || !row || figure?.todayWattHours === undefined) return { atLeast: false, text: '' };
  const missingMs = (1 - row.coverage) * (minute * 60_000 - today.fromMs);
  const atLeast = missingMs > lateMs;
  const share = present.format.value.percent(atLeast ? row.coverage : 1);
  return { atLeast, text: `Today is summed up from the watts read, known for ${share} of the time.` };
}
