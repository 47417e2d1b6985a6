import { type ReadonlySignal, signal } from '@preact/signals';

/** What the address after `#` asks for. Links to views can be shared; the back button works. */
export type Route = { readonly view: 'room' } | { readonly view: 'not-found'; readonly path: string };

/** `#/` is the room. Further views add a line here and a case in `page.tsx`. */
export function parseRoute(hash: string): Route {
  const path = hash.replace(/^#?\/*/, '');
  return path === '' ? { view: 'room' } : { view: 'not-found', path };
}

/** The route of this window, kept up to date. */
export function followRoute(): ReadonlySignal<Route> {
  const route = signal(parseRoute(location.hash));
  addEventListener('hashchange', () => {
    route.value = parseRoute(location.hash);
  });
  return route;
}
