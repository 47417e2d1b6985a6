import { useSignal } from '@preact/signals';
import type { AckRequest } from '../api/shapes.ts';
import type { Alert } from '../model/alert.ts';
import { againstLimit, ruleWord, scopeHash, scopeWord, suppressionText } from './alert-words.ts';
import { OperateForm } from './operate-form.tsx';
import type { PresentProps } from './present.ts';
import { replaceQuery } from './routes.ts';
import { send } from './sending.ts';
import { SilenceForm } from './silences.tsx';

const touchedShownMax = 8;

/** One alert: what, where, how much, since when, who knows, and what can be done. */
export function AlertRow({ present, alert }: PresentProps & { readonly alert: Alert }) {
  const format = present.format.value;
  const doing = useSignal<'ack' | 'silence' | undefined>(undefined);
  const nameOf = (scope: string) => present.nameOf(scope);
  const { severity, state, scope, rule, sinceMs, resolvedAtMs, touched = [], touchedCount } = alert;
  const nowMs = present.nowMs();
  const figures = againstLimit(alert, format);
  const suppressed = suppressionText(alert);
  const more = (touchedCount ?? touched.length) - touchedShownMax;
  const toggle = (what: 'ack' | 'silence') => {
    doing.value = doing.value === what ? undefined : what;
  };
  return (
    <li
      class="alert"
      data-severity={severity}
      data-state={state}
      data-quiet={suppressed !== undefined || alert.ackedBy !== undefined}
    >
      <p class="alert-text">
        <span class="tag severity">{severity}</span> {alert.text}
      </p>
      <p class="alert-facts">
        <a href={scopeHash(scope)}>{scopeWord(scope, nameOf)}</a>
        <button type="button" class="quiet" onClick={() => replaceQuery({ rule })}>
          {ruleWord(rule)}
        </button>
        {figures !== undefined && <span class="figure">{figures}</span>}
        <span>
          {resolvedAtMs === undefined
            ? `for ${format.age(nowMs - sinceMs)}, since ${format.when(sinceMs, nowMs)}`
            : `${format.when(sinceMs, nowMs)}, for ${format.age(resolvedAtMs - sinceMs)}`}
        </span>
      </p>
      {touched.length > 0 && (
        <p class="hint">
          Touches {touched.slice(0, touchedShownMax).map(nameOf).join(', ')}
          {more > 0 && ` and ${more} more`}
        </p>
      )}
      {suppressed !== undefined && <p class="hint">{suppressed}</p>}
      {alert.ackedBy !== undefined && (
        <p class="hint">
          Acknowledged by {alert.ackedBy}
          {alert.ackedAtMs !== undefined && `, ${format.when(alert.ackedAtMs, nowMs)}`}
          {alert.ackNote !== undefined && `: ${alert.ackNote}`}
        </p>
      )}
      {state === 'firing' && present.session.mayOperate.value && (
        <p class="alert-doing">
          {alert.ackedBy === undefined && (
            <button type="button" aria-expanded={doing.value === 'ack'} onClick={() => toggle('ack')}>
              Acknowledge
            </button>
          )}
          <button type="button" aria-expanded={doing.value === 'silence'} onClick={() => toggle('silence')}>
            Silence
          </button>
        </p>
      )}
      {doing.value === 'ack' && (
        <OperateForm
          label="Acknowledge"
          close={() => (doing.value = undefined)}
          act={async (signed: AckRequest) =>
            present.alerts.take(
              await send<Alert>('POST', `alerts/${encodeURIComponent(alert.id)}/ack`, signed),
            )
          }
        />
      )}
      {doing.value === 'silence' && (
        <SilenceForm present={present} scope={scope} rule={rule} close={() => (doing.value = undefined)} />
      )}
    </li>
  );
}
