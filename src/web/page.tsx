import type { ReadonlySignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { Header } from './header.tsx';
import { Notices } from './notices.tsx';
import type { PresentProps } from './present.ts';
import { RoomView } from './room-view.tsx';
import type { Route } from './routes.ts';

/** The whole page: what is always seen, and below it the view the address asks for. */
export function Page({ present, route }: PresentProps & { readonly route: ReadonlySignal<Route> }) {
  const name = present.tree.answer.value.value?.name;
  useEffect(() => {
    document.title = name === undefined ? 'rackwatt' : `${name} · rackwatt`;
  }, [name]);
  return (
    <div class="page" data-link={present.link.value.phase}>
      <Header present={present} />
      <main>
        <Notices present={present} />
        <View present={present} route={route.value} />
      </main>
    </div>
  );
}

function View({ present, route }: PresentProps & { readonly route: Route }) {
  switch (route.view) {
    case 'room':
      return <RoomView present={present} />;
    case 'not-found':
      return (
        <p class="panel empty">
          There is no view at <code>#/{route.path}</code>. <a href="#/">Back to the room</a>
        </p>
      );
  }
}
