import { useComputed } from '@preact/signals';
import type { EnergyAnswer } from '../api/shapes.ts';
import { type EnergyProps, energyAsked, energyPaths } from './energy-asked.ts';
import { makeBars, partsMax, rankParts } from './energy-bars.ts';
import { EnergyChart } from './energy-chart.tsx';
import { EnergyFacts, EnergyMethod } from './energy-facts.tsx';
import { barEdges, periodBeside } from './energy-period.ts';
import { BarsTable, RankingTable } from './energy-tables.tsx';
import { EnergyTools } from './energy-tools.tsx';
import { usePolled } from './polled-path.ts';
import type { PresentProps } from './present.ts';
import { hashOf, type Query } from './routes.ts';

/** What is under way is asked again so often; what is past may still be corrected. */
const everyMsUnderWay = 60_000;
const everyMsPast = 600_000;

/** What was drawn over a day, a week, a month or years, by whom, what it cost and emitted, against the time before. */
export function EnergyView({ present, route }: PresentProps & { readonly route: { readonly query: Query } }) {
  const tree = present.tree.answer.value.value;
  // To the minute: what is drawn from it changes so often, not with each frame.
  const nowMs = useComputed(() => Math.floor(present.nowMs() / 60_000) * 60_000).value;
  // Days are those of the room: without its zone there is nothing to ask for.
  if (!tree) return <p class="panel empty">Waiting for the room …</p>;
  const usualBy = tree.racks.length > 1 ? 'rack' : 'server';
  return <Energy present={present} asked={energyAsked(route.query, nowMs, tree.timezone, usualBy)} />;
}

function Energy({ present, asked }: EnergyProps) {
  const everyMs = asked.isUnderWay ? everyMsUnderWay : everyMsPast;
  const paths = energyPaths(asked);
  const past = periodBeside(asked.period, asked, -1, asked.timezone);
  const whole = usePolled<EnergyAnswer>(paths.whole, everyMs);
  const ranking = usePolled<EnergyAnswer>(paths.ranking, everyMs);
  const before = usePolled<EnergyAnswer>(past && paths.before(past), everyMsPast);
  const total = whole.value?.totals?.[0];
  const ranked = rankParts(ranking.value?.totals ?? [], total, asked.measure);
  const shown = ranked.filter(({ value }) => value !== undefined).slice(0, partsMax);
  const scopes = shown.map(({ row }) => row.scope);
  const parts = usePolled<EnergyAnswer>(scopes.length > 0 ? paths.parts(scopes) : undefined, everyMs);
  const bars =
    whole.value &&
    makeBars({
      edges: barEdges(asked.step, asked, asked.timezone),
      whole: whole.value,
      parts: parts.value,
      scopes: parts.value ? scopes : [],
      // What is not compared is not drawn side by side either.
      before: total && total.before.differencePercent !== null ? before.value : undefined,
      measure: asked.measure,
      nowMs: asked.nowMs,
    });
  // Cost and CO₂ may be unknown while energy is not: then there is something to show, and why they are not.
  const isAnyKnown = whole.value?.rows.some(({ wattHours }) => wattHours !== null);
  const problems = new Set([whole, ranking, parts, before].map(({ problem }) => problem));
  return (
    <div class="energy">
      <EnergyTools present={present} asked={asked} csv={paths.csv} />
      {[...problems].map(
        (problem) =>
          problem !== undefined && (
            <p class="notice notice-bad" role="alert" key={problem}>
              Energy could not be read: {problem}. Asking again{whole.value && '; what is shown may be older'}
              .
            </p>
          ),
      )}
      {[whole, ranking, parts, before].some(({ value }) => value?.remaking) && (
        <p class="notice notice-warn" role="status">
          Sums of this time are being made again, since the settings now say otherwise who was plugged in
          where: some figures are still those of before.
        </p>
      )}
      {!whole.value && !whole.problem && <p class="panel empty">Adding up energy …</p>}
      {whole.value && !isAnyKnown && (
        <p class="panel empty">
          No energy is known of this time: nothing was measured. Choose another time above, or look under{' '}
          <a href={hashOf({ view: 'devices' })}>Devices</a> whether any meter is heard; the first minutes show
          here a minute or two after it is.
        </p>
      )}
      {isAnyKnown && whole.value && total && bars && (
        <>
          <EnergyFacts
            present={present}
            asked={asked}
            answer={whole.value}
            total={total}
            asOf={present.asOf(whole)}
          />
          <EnergyChart
            present={present}
            asked={asked}
            answer={whole.value}
            bars={bars}
            scopes={parts.value ? scopes : []}
            restCount={ranked.length - shown.length}
          />
          <div class="energy-side">
            {ranked.length > 0 && (
              <RankingTable
                present={present}
                asked={asked}
                ranked={ranked}
                coloured={scopes.length}
                currency={whole.value.currency}
              />
            )}
            <EnergyMethod present={present} asked={asked} answer={whole.value} total={total} />
          </div>
          <BarsTable present={present} asked={asked} answer={whole.value} total={total} />
        </>
      )}
    </div>
  );
}
