import { useSignal } from '@preact/signals';
import type { EnergyRow } from '../api/shapes.ts';
import { type EnergyProps, energyQuery, periodOfStep } from './energy-asked.ts';
import { measured, type Ranked } from './energy-bars.ts';
import { colourOf } from './energy-chart.tsx';
import type { EnergyTotalProps } from './energy-facts.tsx';
import {
  beforeWords,
  daysText,
  differencePercent,
  differenceText,
  knownShares,
  measureShown,
  spanText,
} from './energy-words.ts';
import type { Format } from './format.ts';
import { Panel } from './panel.tsx';
import { Quantity, Unknown } from './quantity.tsx';
import { hashOf, serverHash } from './routes.ts';
import { num, TableHead } from './table-head.tsx';

interface RankingProps extends EnergyProps {
  readonly ranked: readonly Ranked[];
  /** So many of them have a colour in the chart. */
  readonly coloured: number;
  readonly currency: string | undefined;
}

const shownMax = 15;

/** Who drew it, the most first. */
export function RankingTable({ present, asked, ranked, coloured, currency }: RankingProps) {
  const format = present.format.value;
  const all = useSignal(false);
  const most = Math.max(1e-9, ...ranked.map(({ value = 0 }) => value));
  const rows = all.value ? ranked : ranked.slice(0, shownMax);
  return (
    <Panel
      name="ranking"
      look="table-panel"
      title={<>By {asked.by}</>}
      head={<span class="count">{ranked.length}</span>}
    >
      <table class="energy-table energy-ranking" aria-labelledby="ranking-title">
        <TableHead
          columns={[
            capitalized(asked.by),
            { name: 'Bar', unseen: true, class: 'energy-share' },
            num('Share'),
            num('Energy'),
            num('Cost'),
            num('CO₂e'),
            num('Change', `Against ${beforeWords(asked)}`),
            num('Known'),
          ]}
        />
        <tbody>
          {rows.map(({ row, value, share }, i) => (
            <tr key={row.scope}>
              <td>
                <span class={`swatch swatch-${colourOf(i, coloured)}`} />{' '}
                <a class="server-link" href={linkOf(row.scope, asked)}>
                  {present.nameOf(row.scope)}
                </a>
              </td>
              <td class="energy-share">
                <span class="bar" aria-hidden="true">
                  <span
                    class="bar-fill"
                    style={{ transform: `scaleX(${((value ?? 0) / most).toFixed(4)})` }}
                  />
                </span>
              </td>
              <td class="num">{share === undefined ? <Unknown /> : format.percent(share)}</td>
              <Figures present={present} asked={asked} currency={currency} row={row} />
              <td class="num">
                {differenceText(
                  row.before.differencePercent === null
                    ? undefined
                    : differencePercent(value, measured(row.before, asked.measure)),
                  format,
                ) ?? <Unknown />}
              </td>
              <Known row={row} format={format} />
            </tr>
          ))}
        </tbody>
      </table>
      {ranked.length > shownMax && (
        <button type="button" class="quiet" onClick={() => (all.value = !all.value)}>
          {all.value ? 'Fewer' : `All ${ranked.length}`}
        </button>
      )}
    </Panel>
  );
}

const capitalized = (word: string) => word[0]!.toUpperCase() + word.slice(1);

const linkOf = (scope: string, asked: EnergyProps['asked']) =>
  hashOf({ view: 'energy', query: { ...energyQuery(asked, {}), scope } });

interface FiguresProps extends EnergyProps {
  readonly currency: string | undefined;
  readonly row: EnergyRow;
}

function Figures({ present, currency, row }: FiguresProps) {
  const format = present.format.value;
  return (
    <>
      {(['energy', 'cost', 'carbon'] as const).map((measure) => (
        <td class="num figure" key={measure}>
          <Quantity shown={measureShown(measured(row, measure), measure, currency, format)} />
        </td>
      ))}
    </>
  );
}

/** For how much of the time, and by which way. */
function Known({ row, format }: { readonly row: EnergyRow; readonly format: Format }) {
  const ways = knownShares(row).map(({ label, share }) => `${format.percent(share)} ${label}`);
  return (
    <td class="num" title={ways.join(', ')}>
      {format.percent(row.coverage)}
    </td>
  );
}

/** Shorter where the title says the rest. */
function rowText(
  { fromMs, toMs }: EnergyRow,
  { step, period }: EnergyProps['asked'],
  format: Format,
): string {
  if (step === 'day') return format.day(fromMs);
  if (step === 'week') return daysText(fromMs, toMs, format);
  if (period === 'day') return `${format.timeOfDay(fromMs)}–${format.timeOfDay(toMs)}`;
  return spanText(step, fromMs, toMs, format);
}

/** Of the time before anything is known. */
function unknownText(
  fromMs: number,
  toMs: number,
  { step, period }: EnergyProps['asked'],
  format: Format,
): string {
  if (step === 'hour') return spanText('hour', fromMs, toMs, format);
  return period === 'years' ? spanText('week', fromMs, toMs, format) : daysText(fromMs, toMs, format);
}

/** The bars as figures: to be read out, and to be copied. */
export function BarsTable({ present, asked, answer, total }: EnergyTotalProps) {
  const format = present.format.value;
  const period = periodOfStep[asked.step];
  // What lies before the first reading is one line.
  const known = answer.rows.findIndex(({ wattHours }) => wattHours !== null);
  const unknown = known < 0 ? answer.rows.length : known;
  const opens = period !== undefined && period !== asked.period;
  return (
    <Panel
      name="bars"
      look="table-panel"
      title={<>Each {asked.step}</>}
      head={asked.scope?.startsWith('server:') && <a href={serverHash(asked.scope)}>Now and its starts</a>}
    >
      <table class="energy-table" aria-labelledby="bars-title">
        <TableHead columns={['Time', num('Energy'), num('Cost'), num('CO₂e'), num('Known')]} />
        <tbody>
          {unknown > 1 && (
            <tr>
              <td>{unknownText(answer.fromMs, answer.rows[unknown - 1]!.toMs, asked, format)}</td>
              <td class="num aside" colSpan={4}>
                nothing known
              </td>
            </tr>
          )}
          {answer.rows.slice(unknown > 1 ? unknown : 0).map((row) => {
            const text = rowText(row, asked, format);
            return (
              <tr key={row.fromMs}>
                <td>
                  {opens ? (
                    <a
                      href={hashOf({
                        view: 'energy',
                        query: energyQuery(asked, { period, atMs: row.fromMs }),
                      })}
                    >
                      {text}
                    </a>
                  ) : (
                    text
                  )}
                </td>
                <Figures present={present} asked={asked} currency={answer.currency} row={row} />
                <Known row={row} format={format} />
              </tr>
            );
          })}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">Together</th>
            <Figures present={present} asked={asked} currency={answer.currency} row={total} />
            <Known row={total} format={format} />
          </tr>
        </tfoot>
      </table>
    </Panel>
  );
}
