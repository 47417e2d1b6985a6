import { useEffect } from 'preact/hooks';
import type { IdleVerdict } from '../model/idle.ts';
import { Facts } from './facts.tsx';
import { counted, countText, type Format } from './format.ts';
import { IdleBar } from './idle-bar.tsx';
import { confidenceWord, idleTotals, missingText } from './idle-words.ts';
import { Key } from './key.tsx';
import { MoreRows, useShownRows } from './more-rows.tsx';
import { Panel } from './panel.tsx';
import type { PresentProps } from './present.ts';
import { Quantity, Unknown } from './quantity.tsx';
import type { Query } from './routes.ts';
import { ServerLink } from './server-link.tsx';
import { num, TableHead } from './table-head.tsx';
import { hasWords, TextFilter } from './text-filter.tsx';
import { VerdictTag } from './verdict-tag.tsx';

/** Who burns most doing nothing, and what it comes to in a year. */
export function IdleView({ present, route }: PresentProps & { readonly route: { readonly query: Query } }) {
  useIdle(present);
  const { value, problem } = present.idle.answer.value;
  const rows = value?.rows ?? [];
  const judged = rows.filter(({ verdict }) => verdict !== 'learning');
  const learning = rows.filter(({ verdict }) => verdict === 'learning');
  return (
    <>
      {problem !== undefined && present.link.value.phase === 'live' && (
        <p class="notice notice-bad" role="alert">
          What servers draw doing nothing could not be read: {problem}. Asking again.
        </p>
      )}
      {!value && problem === undefined && <p class="panel empty">Reading the idle baselines …</p>}
      {value && rows.length === 0 && (
        <p class="panel empty">No server has been heard yet: nothing to learn from.</p>
      )}
      {rows.length > 0 && <Totals present={present} rows={rows} currency={value?.currency} />}
      {judged.length > 0 && (
        <Ranked present={present} rows={judged} currency={value?.currency} words={route.query.q ?? ''} />
      )}
      {learning.length > 0 && <Learning present={present} rows={learning} />}
    </>
  );
}

/** Asks for the baselines while they are looked at, and at once when one is told to have moved. */
export function useIdle(present: PresentProps['present']): void {
  const returns = present.returns.value;
  useEffect(() => {
    const stopAsking = present.idle.follow();
    const stopListening = present.onEvent(({ kind }) => {
      if (kind === 'idle') void present.idle.ask();
    });
    return () => {
      stopAsking();
      stopListening();
    };
  }, [present, returns]);
}

interface RowsProps extends PresentProps {
  readonly rows: readonly IdleVerdict[];
}

interface PricedRowsProps extends RowsProps {
  readonly currency: string | undefined;
}

function Totals({ present, rows, currency }: PricedRowsProps) {
  const format = present.format.value;
  const totals = idleTotals(rows);
  return (
    <Panel name="idle" look="idle-totals" title="Idling costs this room a year">
      <Facts
        big
        rows={[
          ['Energy', <Quantity key="energy" shown={format.energy(totals.wattHours)} />],
          ['Cost', <Quantity key="cost" shown={format.money(totals.cost, currency)} />],
          ['CO₂', <Quantity key="carbon" shown={format.mass(totals.grams)} />],
          [
            'Above their limit',
            totals.judged === 0 ? <Unknown key="high" /> : counted(totals.high, 'server'),
          ],
        ]}
      />
      <p class="hint">
        {totalsSentence(totals, format)}
        {present.asOf(present.idle.answer.value)}
      </p>
    </Panel>
  );
}

function totalsSentence(totals: ReturnType<typeof idleTotals>, format: Format): string {
  const sentences = [
    totals.judged > 0 &&
      `Estimated, of ${counted(totals.judged, 'server')}: each one's idle level for the share of a year it was seen to idle.`,
    totals.judged === 0 && 'No server can be judged yet: that takes some hours of watching.',
    totals.judged > 0 &&
      totals.learning > 0 &&
      `${counted(totals.learning, 'server')} not judged yet ${totals.learning === 1 ? 'is' : 'are'} not in it.`,
    totals.highWattHours !== undefined &&
      totals.wattHours &&
      `Those above their limit make up ${format.percent(totals.highWattHours / totals.wattHours)} of it.`,
    totals.judged > 0 &&
      totals.cost === undefined &&
      'The cost is not known without a tariff in the settings.',
    totals.judged > 0 &&
      totals.grams === undefined &&
      'CO₂ is not known without the carbon intensity of the supply.',
  ];
  return sentences.filter(Boolean).join(' ');
}

function Ranked({ present, rows: all, currency, words }: PricedRowsProps & { readonly words: string }) {
  const shown = useShownRows();
  const rows = all.filter(({ scope }) => hasWords(present.nameOf(scope), words));
  // A little more, so that a limit at the very end is still seen as a mark.
  const mostWatts = 1.02 * Math.max(...all.map((row) => Math.max(row.idleWatts ?? 0, row.limitWatts ?? 0)));
  const withCost = all.some(({ yearCost }) => yearCost !== undefined);
  const withCarbon = all.some(({ yearGrams }) => yearGrams !== undefined);
  return (
    <Panel
      name="ranked"
      look="table-panel"
      title="Who burns most doing nothing"
      head={
        <>
          <span class="count" role="status">
            {countText(rows.length, all.length)}
          </span>
          <span class="hint idle-legend">
            <Key swatch="bar">idle</Key>
            <Key swatch="over">above its limit</Key>
            <Key swatch="mark">limit</Key>
          </span>
          <TextFilter text={words} label="Filter servers by name" />
        </>
      }
    >
      <table class="idle" aria-labelledby="ranked-title" data-cost={withCost} data-carbon={withCarbon}>
        <TableHead
          grid="idle-grid"
          columns={[
            'Server',
            num('Idle'),
            { name: 'Against its limit', unseen: true },
            'Limit',
            'Verdict',
            num('Idles', 'Of its time on'),
            { name: 'Watched', title: 'Time on that the baseline rests on' },
            num('kWh a year'),
            withCost && num('Cost a year'),
            withCarbon && num('CO₂ a year'),
          ]}
        />
        <tbody>
          {rows.slice(0, shown.value).map((row) => (
            <RankedRow
              key={row.scope}
              present={present}
              row={row}
              mostWatts={mostWatts}
              withCost={withCost}
              withCarbon={withCarbon}
              currency={currency}
            />
          ))}
        </tbody>
      </table>
      {rows.length === 0 && <p class="empty">No server matches.</p>}
      <MoreRows shown={shown} total={rows.length} />
    </Panel>
  );
}

interface RankedRowProps extends PresentProps {
  readonly row: IdleVerdict;
  readonly mostWatts: number;
  readonly withCost: boolean;
  readonly withCarbon: boolean;
  readonly currency: string | undefined;
}

function RankedRow({ present, row, mostWatts, withCost, withCarbon, currency }: RankedRowProps) {
  const format = present.format.value;
  return (
    <tr class="idle-grid" data-verdict={row.verdict}>
      <td class="idle-server">
        <ServerLink present={present} scope={row.scope} />
      </td>
      <td class="num idle-watts figure">
        <strong>
          <Quantity shown={format.watts(row.idleWatts)} />
        </strong>
      </td>
      <td class="idle-bar-cell">
        <IdleBar row={row} mostWatts={mostWatts} />
      </td>
      <td class="idle-limit" data-label="Limit">
        <Limit present={present} row={row} />
      </td>
      <td class="idle-verdict">
        <VerdictTag row={row} />
      </td>
      <td class="num" data-label="Idles">
        {format.percent(row.idleShare)}
      </td>
      <td class="idle-watched" data-label="Watched" title={`Confidence ${format.percent(row.confidence)}`}>
        {format.hours(row.hoursObserved)} <span class="aside">{confidenceWord(row.confidence)}</span>
        {row.basis !== 'measured' && <span class="word">{row.basis}</span>}
      </td>
      <td class="num figure" data-label="kWh a year">
        {row.yearWattHours === undefined ? <Unknown /> : format.kilowattHours(row.yearWattHours)}
      </td>
      {withCost && (
        <td class="num figure" data-label="Cost a year">
          <Quantity shown={format.money(row.yearCost, currency)} />
        </td>
      )}
      {withCarbon && (
        <td class="num figure" data-label="CO₂ a year">
          <Quantity shown={format.mass(row.yearGrams)} />
        </td>
      )}
    </tr>
  );
}

function Limit({ present, row }: PresentProps & { readonly row: IdleVerdict }) {
  if (row.limitWatts === undefined) return <span class="aside">no rule applies</span>;
  return (
    <>
      <Quantity shown={present.format.value.watts(row.limitWatts)} />
      {row.limitRule !== undefined && (
        <span class="rule" title={row.limitRule}>
          {row.limitRule}
        </span>
      )}
    </>
  );
}

function Learning({ present, rows }: RowsProps) {
  const shown = useShownRows();
  const format = present.format.value;
  return (
    <Panel
      name="learning"
      look="table-panel"
      title="Still learning"
      head={<span class="count">{countText(rows.length)}</span>}
    >
      <table class="idle-learning" aria-labelledby="learning-title">
        <TableHead columns={['Server', num('Lowest draw so far'), 'Missing']} />
        <tbody>
          {rows.slice(0, shown.value).map((row) => (
            <tr key={row.scope}>
              <td>
                <ServerLink present={present} scope={row.scope} />
              </td>
              <td class="num figure">
                <Quantity shown={format.watts(row.idleWatts)} />
              </td>
              <td class="missing">{missingText(row, format)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <MoreRows shown={shown} total={rows.length} />
    </Panel>
  );
}
