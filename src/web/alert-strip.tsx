import { concerns } from './alert-words.ts';
import { counted } from './format.ts';
import type { PresentProps } from './present.ts';
import { hashOf } from './routes.ts';

/** Above every view while critical alerts are open: the newest of them, and the way to all. */
export function AlertStrip({ present }: PresentProps) {
  const critical = present.alerts.open.value.filter(({ severity }) => severity === 'critical');
  const [first] = critical;
  return (
    <div role="alert">
      {first && (
        <p class="notice notice-bad alert-strip">
          <span>
            <strong>{counted(critical.length, 'critical alert')}</strong> {first.text}
          </span>{' '}
          <a href={hashOf({ view: 'alerts' })}>{critical.length > 1 ? 'See all' : 'See it'}</a>
        </p>
      )}
    </div>
  );
}

/** What fires or is pending of one server, or of something that touches it, and the way to it. */
export function ServerAlerts({ present, scope }: PresentProps & { readonly scope: string }) {
  const alerts = (present.alerts.answer.value.value ?? []).filter((alert) => concerns(alert, scope));
  const [first] = alerts;
  return (
    <p class="server-alerts hint">
      {first && (
        <>
          <strong>{counted(alerts.length, 'alert')}</strong> {first.text}{' '}
        </>
      )}
      <a href={hashOf({ view: 'alerts', query: { scope } })}>
        {first ? 'See alerts' : 'Its alerts and silences'}
      </a>
      {' · '}
      <a href={hashOf({ view: 'energy', query: { scope } })}>Its energy</a>
    </p>
  );
}
