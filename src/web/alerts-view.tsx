import { useEffect } from 'preact/hooks';
import type { AlertsAnswer, NotifiersAnswer } from '../api/shapes.ts';
import type { Alert } from '../model/alert.ts';
import { AlertRow } from './alert-row.tsx';
import { AlertRules } from './alert-rules.tsx';
import { concerns } from './alert-words.ts';
import { Panel } from './panel.tsx';
import { usePolled } from './polled-path.ts';
import type { PresentProps } from './present.ts';
import { hashOf, type Query } from './routes.ts';
import { Silences } from './silences.tsx';

const historyEveryMs = 60_000;
const historyMax = 50;
const notifiersEveryMs = 15_000;

/** What fires, what may, what is over; who took it on, what is silenced, and why a rule does not fire. */
export function AlertsView({ present, route }: PresentProps & { readonly route: { readonly query: Query } }) {
  const { scope, rule } = route.query;
  useEffect(() => present.silences.follow(), [present]);
  const { value, problem } = present.alerts.answer.value;
  const alerts = value?.filter((alert) => concerns(alert, scope));
  const firing = alerts?.filter(({ state }) => state === 'firing');
  const pending = alerts?.filter(({ state }) => state === 'pending');
  return (
    <div class="alerts">
      <div class="alerts-main">
        {problem !== undefined && present.link.value.phase === 'live' && (
          <p class="notice notice-bad" role="alert">
            The alerts could not be read: {problem}. Asking again{value && '; what is shown may be older'}.
          </p>
        )}
        <Panel
          name="alerts"
          title="Firing"
          head={
            <>
              <span class="count" role="status">
                {firing?.length}
              </span>
              {scope !== undefined && (
                <span>
                  only of {present.nameOf(scope)} · <a href={hashOf({ view: 'alerts' })}>all</a>
                </span>
              )}
            </>
          }
        >
          {!firing && problem === undefined && <p class="hint">Reading the alerts …</p>}
          {firing?.length === 0 && <p class="hint">Nothing fires.</p>}
          <List present={present} alerts={firing} />
        </Panel>
        {pending && pending.length > 0 && (
          <Panel name="pending" title="Pending">
            <p class="hint">Beyond their limit, but not for long enough yet: told to nobody.</p>
            <List present={present} alerts={pending} />
          </Panel>
        )}
        <History present={present} scope={scope} />
      </div>
      <div class="alerts-side">
        <Silences present={present} scope={scope} />
        <Notifiers present={present} />
        <AlertRules present={present} scope={scope} rule={rule} />
      </div>
    </div>
  );
}

function List({ present, alerts }: PresentProps & { readonly alerts: readonly Alert[] | undefined }) {
  return (
    <ul class="alert-list">
      {alerts?.map((alert) => (
        <AlertRow key={alert.id} present={present} alert={alert} />
      ))}
    </ul>
  );
}

function History({ present, scope }: PresentProps & { readonly scope: string | undefined }) {
  const query = new URLSearchParams({
    state: 'resolved',
    limit: String(historyMax),
    ...(scope && { scope }),
  });
  // Asked anew when one is over.
  const { value, problem } = usePolled<AlertsAnswer>(
    `alerts?${query}`,
    historyEveryMs,
    present.alerts.ends.value,
  );
  return (
    <Panel name="history" title="Resolved">
      {problem !== undefined && <p class="hint problem">What is over could not be read: {problem}.</p>}
      {value?.rows.length === 0 && <p class="hint">Nothing yet.</p>}
      <List present={present} alerts={value?.rows} />
    </Panel>
  );
}

const notifierWord = { ok: 'delivers', failing: 'fails', idle: 'nothing sent yet' };
const notifierVerdict = { ok: 'ok', failing: 'high', idle: 'learning' };

/** Who is told of alerts, and whether that arrives. */
function Notifiers({ present }: PresentProps) {
  const format = present.format.value;
  const { value, problem } = usePolled<NotifiersAnswer>('notifiers', notifiersEveryMs);
  const nowMs = present.nowMs();
  return (
    <Panel name="notifiers" title="Who is told">
      {problem !== undefined && <p class="hint problem">Who is told could not be read: {problem}.</p>}
      {value?.rows.length === 0 && (
        <p class="hint">
          Nobody but this page: add a webhook, mailbox or chat under <code>notify</code> in the settings.
        </p>
      )}
      <ul class="lines">
        {value?.rows.map((row) => (
          <li key={row.name}>
            <span>
              <strong>{row.name}</strong> <span class="aside">{row.kind}</span>{' '}
              <span class="tag verdict" data-verdict={notifierVerdict[row.state]}>
                {notifierWord[row.state]}
              </span>
              <span class="hint">
                {[
                  row.target,
                  `${format.count(row.sent)} sent`,
                  row.lastSentAtMs !== undefined && `last ${format.when(row.lastSentAtMs, nowMs)}`,
                  row.waiting > 0 && `${format.count(row.waiting)} waiting`,
                  row.failed > 0 && `${format.count(row.failed)} failed attempts`,
                  row.dropped > 0 && `${format.count(row.dropped)} dropped`,
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </span>
              {row.state === 'failing' && row.lastProblem !== undefined && (
                <span class="problem">
                  {row.lastProblem}
                  {row.lastProblemAtMs !== undefined && ` (${format.when(row.lastProblemAtMs, nowMs)})`}
                </span>
              )}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
