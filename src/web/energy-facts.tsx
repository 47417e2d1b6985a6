import type { EnergyAnswer, EnergyTotalRow } from '../api/shapes.ts';
import type { EnergyProps } from './energy-asked.ts';
import {
  beforeWords,
  carbonSentences,
  costSentences,
  differencePercent,
  differenceText,
  knownShares,
  measureShown,
  money,
  whyNoComparison,
} from './energy-words.ts';
import { joined } from './format.ts';
import { Panel } from './panel.tsx';
import { Quantity } from './quantity.tsx';

export interface EnergyTotalProps extends EnergyProps {
  readonly answer: EnergyAnswer;
  readonly total: EnergyTotalRow;
}

/** The period in five figures, each against the time before. */
export function EnergyFacts({
  present,
  asked,
  answer,
  total,
  asOf,
}: EnergyTotalProps & { readonly asOf: string }) {
  const format = present.format.value;
  const { before, peak15, loadFactor, coverage } = total;
  const isCompared = before.differencePercent !== null;
  const figures = [
    { label: 'Energy', measure: 'energy', value: total.wattHours, past: before.wattHours },
    { label: 'Cost', measure: 'cost', value: total.cost, past: before.cost },
    { label: 'CO₂e', measure: 'carbon', value: total.grams, past: before.grams },
  ] as const;
  return (
    <section class="panel energy-facts" aria-label="The whole">
      <dl class="big-facts">
        {figures.map(({ label, measure, value, past }) => {
          const percent = isCompared ? differencePercent(value, past) : undefined;
          return (
            <div key={measure}>
              <dt>{label}</dt>
              <dd class="figure">
                <Quantity shown={measureShown(value, measure, answer.currency, format)} />
                {percent !== undefined && (
                  <span class="difference" data-more={percent > 0.05}>
                    {differenceText(percent, format)}
                  </span>
                )}
              </dd>
            </div>
          );
        })}
        <div>
          <dt>Peak of 15 min</dt>
          <dd class="figure">
            <Quantity shown={format.power(peak15?.watts)} />
            {peak15 && (
              <span class="difference">
                {format.day(peak15.fromMs)}, {format.timeOfDay(peak15.fromMs)}
              </span>
            )}
          </dd>
        </div>
        <div>
          <dt title="Mean draw as a share of the peak of 15 minutes">Load factor</dt>
          <dd class="figure">{format.percent(loadFactor ?? undefined)}</dd>
        </div>
        <div>
          <dt title="The share of the time passed for which the energy is known">Known</dt>
          <dd class="figure">{format.percent(coverage)}</dd>
        </div>
      </dl>
      <p class="hint">
        {isCompared
          ? `Compared with ${beforeWords(asked)}: ${joined(format.energy(before.wattHours ?? undefined))}${before.cost === null ? '' : `, ${money(before.cost, answer.currency, format)}`}.`
          : whyNoComparison(total, asked, format)}
        {coverage < 0.995 && ' What was drawn while nothing was known is in no sum.'}
        {asOf}
      </p>
    </section>
  );
}

/** How all of it is known and how it was worked out. */
export function EnergyMethod({ present, answer, total }: EnergyTotalProps) {
  const format = present.format.value;
  const { charges, peak30, unpricedWattHours, uncountedWattHours } = total;
  const { currency } = answer;
  const shares = knownShares(total);
  const amounts =
    charges &&
    ([
      ['fixed', charges.fixed],
      ['capacity', charges.capacity],
      ['demand', charges.demand],
      ['tax on them', charges.tax],
    ] as const);
  const owed = amounts?.filter(([, amount]) => amount !== null && amount !== 0);
  return (
    <Panel name="energy-method" look="energy-method" title="How this is known">
      {shares.length > 0 && (
        <ul>
          {shares.map(({ part, share, label, meaning }) => (
            <li key={part}>
              <strong class="figure">{format.percent(share)}</strong> {label}: {meaning}
            </li>
          ))}
        </ul>
      )}
      <ul>
        {costSentences(answer, format).map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
        {owed && owed.length > 0 && (
          <li>
            Standing charges besides:{' '}
            {owed.map(([name, amount]) => `${name} ${money(amount!, currency, format)}`).join(', ')}.
            {charges?.demand === null && ' The demand charge is told of whole months.'}
          </li>
        )}
        {unpricedWattHours !== undefined && (
          <li>{joined(format.energy(unpricedWattHours))} were drawn while no price held: not in the cost.</li>
        )}
        {carbonSentences(answer.carbon, format).map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
        {uncountedWattHours !== undefined && (
          <li>
            {joined(format.energy(uncountedWattHours))} were drawn while no factor held: not in the CO₂e.
          </li>
        )}
        {peak30 && (
          <li>
            Peak of 30 minutes: {joined(format.power(peak30.watts))}, {format.day(peak30.fromMs)},{' '}
            {format.timeOfDay(peak30.fromMs)}.
          </li>
        )}
        <li>Days, hours and prices follow the clock of {answer.timezone.replaceAll('_', ' ')}.</li>
      </ul>
    </Panel>
  );
}
