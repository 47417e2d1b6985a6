import { hashOf, type Route } from './routes.ts';

const links = [
  { view: 'room', label: 'Room' },
  { view: 'starts', label: 'Starts' },
  { view: 'idle', label: 'Idle' },
  { view: 'devices', label: 'Devices' },
] as const;

/** The way to each view: in the top bar, on a phone at the thumb. */
export function Navigation({ route }: { readonly route: Route }) {
  return (
    <nav class="views" aria-label="Views">
      {links.map(({ view, label }) => (
        <a
          key={view}
          href={hashOf({ view })}
          {...(route.view === view && { 'aria-current': 'page' as const })}
        >
          {label}
        </a>
      ))}
    </nav>
  );
}
