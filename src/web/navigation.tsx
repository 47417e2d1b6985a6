import type { PresentProps } from './present.ts';
import { hashOf, type Route, type View, views } from './routes.ts';

const labels: Record<View, string> = {
  room: 'Room',
  energy: 'Energy',
  starts: 'Starts',
  idle: 'Idle',
  alerts: 'Alerts',
  devices: 'Devices',
};

/** The way to each view: in the top bar, on a phone at the thumb. */
export function Navigation({ present, route }: PresentProps & { readonly route: Route }) {
  return (
    <nav class="views" aria-label="Views">
      {views.map((view) => (
        <a
          key={view}
          href={hashOf({ view })}
          {...(route.view === view && { 'aria-current': 'page' as const })}
        >
          {labels[view]}
          {view === 'alerts' && <OpenAlerts present={present} />}
        </a>
      ))}
    </nav>
  );
}

/** How many fire that nobody took on. */
function OpenAlerts({ present }: PresentProps) {
  const open = present.alerts.open.value;
  if (open.length === 0) return null;
  return (
    <span class="badge-count" data-critical={open.some(({ severity }) => severity === 'critical')}>
      {open.length}
      <span class="unseen"> open</span>
    </span>
  );
}
