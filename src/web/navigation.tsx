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
export function Navigation({ route }: { readonly route: Route }) {
  return (
    <nav class="views" aria-label="Views">
      {views.map((view) => (
        <a
          key={view}
          href={hashOf({ view })}
          {...(route.view === view && { 'aria-current': 'page' as const })}
        >
          {labels[view]}
        </a>
      ))}
    </nav>
  );
}
