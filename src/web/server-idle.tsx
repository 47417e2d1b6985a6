import type { IdleVerdict } from '../model/idle.ts';
import { Facts } from './facts.tsx';
import { joined } from './format.ts';
import { IdleBar } from './idle-bar.tsx';
import { missingText, restsOn } from './idle-words.ts';
import { Panel } from './panel.tsx';
import type { PresentProps } from './present.ts';
import { Quantity } from './quantity.tsx';
import { VerdictTag } from './verdict-tag.tsx';

/** What a server burns doing nothing, the limit it is held against, and the rule behind that. */
export function ServerIdle({
  present,
  verdict,
}: PresentProps & { readonly verdict: IdleVerdict | undefined }) {
  const { value: answer, problem } = present.idle.answer.value;
  return (
    <Panel name="server-idle" look="server-idle" title="Idle" head={verdict && <VerdictTag row={verdict} />}>
      {verdict ? (
        <IdleFacts present={present} verdict={verdict} currency={answer?.currency} />
      ) : (
        <p class="hint">
          {problem === undefined
            ? 'Nothing is learnt of it yet.'
            : `What it draws doing nothing could not be read: ${problem}.`}
        </p>
      )}
    </Panel>
  );
}

interface IdleFactsProps extends PresentProps {
  readonly verdict: IdleVerdict;
  readonly currency: string | undefined;
}

function IdleFacts({ present, verdict, currency }: IdleFactsProps) {
  const format = present.format.value;
  const { idleWatts, limitWatts, limitRule, busyWatts } = verdict;
  const learning = verdict.verdict === 'learning';
  return (
    <>
      <p class="idle-level figure">
        <Quantity shown={format.watts(idleWatts)} />
        {limitWatts !== undefined && <span class="aside"> of {joined(format.watts(limitWatts))}</span>}
      </p>
      {idleWatts !== undefined && (
        <IdleBar row={verdict} mostWatts={1.15 * Math.max(idleWatts, limitWatts ?? 0, busyWatts ?? 0)} />
      )}
      <p class="hint">
        {learning && `Learning: ${missingText(verdict, format)}.`}
        {limitRule !== undefined && ` Limit: ${limitRule}.`}
      </p>
      {!learning && (
        <Facts
          rows={[
            ['Energy a year', <Quantity key="energy" shown={format.energy(verdict.yearWattHours)} />],
            ['Cost a year', <Quantity key="cost" shown={format.money(verdict.yearCost, currency)} />],
            ['CO₂ a year', <Quantity key="carbon" shown={format.mass(verdict.yearGrams)} />],
          ]}
        />
      )}
      {!learning && (
        <p class="hint">
          A year is estimated: it idles {format.percent(verdict.idleShare)} of its time on
          {verdict.sinceMs !== undefined && `, at this level since ${format.day(verdict.sinceMs)}`};{' '}
          {restsOn(verdict, format)}.{present.asOf(present.idle.answer.value)}
        </p>
      )}
    </>
  );
}
