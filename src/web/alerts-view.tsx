import type { PresentProps } from './present.ts';
import type { Query } from './routes.ts';

/** What fires, what is acknowledged, what is silenced. */
export function AlertsView({ present }: PresentProps & { readonly route: { readonly query: Query } }) {
  const phase = present.link.value.phase;
  return (
    <section class="panel" aria-labelledby="alerts-title">
      <div class="panel-head">
        <h2 id="alerts-title">Alerts</h2>
      </div>
      <p class="empty">{phase === 'live' ? 'No alert is known.' : 'Waiting for the room …'}</p>
    </section>
  );
}
