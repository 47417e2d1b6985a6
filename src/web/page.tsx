import type { ReadonlySignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { AlertStrip } from './alert-strip.tsx';
import { titlePrefix } from './alert-words.ts';
import { AlertsView } from './alerts-view.tsx';
import { DevicesView } from './devices-view.tsx';
import { EnergyView } from './energy-view.tsx';
import { Header } from './header.tsx';
import { IdleView } from './idle-view.tsx';
import { Notices } from './notices.tsx';
import type { Present, PresentProps } from './present.ts';
import { RoomView } from './room-view.tsx';
import type { Route } from './routes.ts';
import { ServerView } from './server-view.tsx';
import { SignIn } from './sign-in.tsx';
import { StartsView } from './starts-view.tsx';

/** The whole page: what is always seen, and below it the view the address asks for. */
export function Page({ present, route }: PresentProps & { readonly route: ReadonlySignal<Route> }) {
  const main = useRef<HTMLElement>(null);
  const title = titlePrefix(present.alerts.open.value) + titleOf(present, route.value);
  const place = placeOf(route.value);
  const placeBefore = useRef(place);
  const isOut = present.session.state.value === 'out';
  useEffect(() => {
    document.title = title;
  }, [title]);
  useEffect(() => {
    if (placeBefore.current === place) return;
    placeBefore.current = place;
    // Keys and screen readers go on in the new view, not in the menu.
    main.current?.focus({ preventScroll: true });
  }, [place]);
  return (
    <div class="page" data-link={present.link.value.phase}>
      <Header present={present} route={route.value} />
      <main ref={main} tabIndex={-1}>
        {!isOut && <Notices present={present} />}
        {route.value.view !== 'alerts' && <AlertStrip present={present} />}
        {isOut ? <SignIn present={present} /> : <View present={present} route={route.value} />}
      </main>
    </div>
  );
}

function titleOf(present: Present, route: Route): string {
  const room = present.tree.answer.value.value?.name;
  return [viewTitle(present, route), room, 'rackwatt'].filter(Boolean).join(' · ');
}

function viewTitle(present: Present, route: Route): string | undefined {
  switch (route.view) {
    case 'room':
    case 'not-found':
      return undefined;
    case 'energy':
      return 'Energy';
    case 'starts':
      return 'Starts';
    case 'idle':
      return 'Idle';
    case 'alerts':
      return 'Alerts';
    case 'devices':
      return 'Devices';
    case 'server':
      return present.nameOf(`server:${route.name}`);
  }
}

/** Where one is; what is unfolded there is no other place. */
const placeOf = (route: Route) => (route.view === 'server' ? `server ${route.name}` : route.view);

function View({ present, route }: PresentProps & { readonly route: Route }) {
  switch (route.view) {
    case 'room':
      return <RoomView present={present} route={route} />;
    case 'energy':
      return <EnergyView present={present} route={route} />;
    case 'starts':
      return <StartsView present={present} route={route} />;
    case 'idle':
      return <IdleView present={present} route={route} />;
    case 'alerts':
      return <AlertsView present={present} route={route} />;
    case 'devices':
      return <DevicesView present={present} route={route} />;
    case 'server':
      return <ServerView key={route.name} present={present} route={route} />;
    case 'not-found':
      return (
        <p class="panel empty">
          There is no view at <code>#/{route.path}</code>. <a href="#/">Back to the room</a>
        </p>
      );
  }
}
