import type { IdleVerdict } from '../model/idle.ts';
import { joined } from './format.ts';
import { IdleBar } from './idle-bar.tsx';
import { confidenceWord, missingText } from './idle-words.ts';
import type { PresentProps } from './present.ts';
import { Quantity } from './quantity.tsx';
import { VerdictTag } from './verdict-tag.tsx';

/** What a server burns doing nothing, the limit it is held against, and the rule behind that. */
export function ServerIdle({
  present,
  verdict,
}: PresentProps & { readonly verdict: IdleVerdict | undefined }) {
  const { problem } = present.idle.answer.value;
  return (
    <section class="panel server-idle" aria-labelledby="server-idle-title">
      <div class="panel-head">
        <h2 id="server-idle-title">Idle</h2>
        {verdict && <VerdictTag row={verdict} />}
      </div>
      {verdict ? (
        <IdleFacts present={present} verdict={verdict} />
      ) : (
        <p class="hint">
          {problem === undefined
            ? 'Nothing is learnt of it yet.'
            : `What it draws doing nothing could not be read: ${problem}.`}
        </p>
      )}
    </section>
  );
}

function IdleFacts({ present, verdict }: PresentProps & { readonly verdict: IdleVerdict }) {
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
        <dl class="facts">
          <div>
            <dt>Energy a year</dt>
            <dd class="figure">
              <Quantity shown={format.energy(verdict.yearWattHours)} />
            </dd>
          </div>
          <div>
            <dt>Cost a year</dt>
            <dd class="figure">
              <Quantity shown={format.money(verdict.yearCost)} />
            </dd>
          </div>
          <div>
            <dt>CO₂ a year</dt>
            <dd class="figure">
              <Quantity shown={format.mass(verdict.yearGrams)} />
            </dd>
          </div>
        </dl>
      )}
      {!learning && (
        <p class="hint">
          Idles {format.percent(verdict.idleShare)} of its time on; {confidenceWord(verdict.confidence)}, from{' '}
          {format.hours(verdict.hoursObserved)} watched
          {verdict.sinceMs !== undefined && `; at this level since ${format.day(verdict.sinceMs)}`}.
        </p>
      )}
    </>
  );
}
