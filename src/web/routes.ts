import { type ReadonlySignal, signal } from '@preact/signals';

/** Views without a name of their own in the address; further ones add a line here, in `navigation.tsx` and in `page.tsx`. */
export const views = ['room', 'energy', 'starts', 'idle', 'alerts', 'devices'] as const;
export type View = (typeof views)[number];

/** What follows `?`: how a view is looked at (range, filter, sort, what is unfolded), each view its own words. */
export type Query = Readonly<Record<string, string | undefined>>;

/** What the address after `#` asks for. Links to views can be shared; the back button works. */
export type Route =
  | { readonly view: View; readonly query: Query }
  /** `name`: as after `server:`; of an outlet that no server claims, the outlet's id. */
  | { readonly view: 'server'; readonly name: string; readonly query: Query }
  | { readonly view: 'not-found'; readonly path: string; readonly query: Query };

/** A route whose query may be left out. */
export type Place =
  | { readonly view: View; readonly query?: Query }
  | { readonly view: 'server'; readonly name: string; readonly query?: Query }
  | { readonly view: 'not-found'; readonly path: string; readonly query?: Query };

/** `#/` is the room, `#/starts?scope=rack%3Ar1` the starts of a rack. */
export function parseRoute(hash: string): Route {
  const asked = hash.replace(/^#?\/*/, '');
  const [path = '', ...rest] = asked.split('?');
  const query = Object.fromEntries(
    [...new URLSearchParams(rest.join('?'))].filter(([, value]) => value !== ''),
  );
  const view = path === '' ? 'room' : views.find((one) => one === path);
  if (view !== undefined) return { view, query };
  const name = path.startsWith('server/') ? decoded(path.slice('server/'.length)) : '';
  return name === '' ? { view: 'not-found', path: asked, query: {} } : { view: 'server', name, query };
}

/** The address of a place, to be put into a link. */
export function hashOf(place: Place): string {
  const query = queryOf(place.query ?? {});
  switch (place.view) {
    case 'room':
      return `#/${query}`;
    case 'server':
      return `#/server/${encodeURIComponent(place.name)}${query}`;
    case 'not-found':
      return `#/${place.path}`;
    default:
      return `#/${place.view}${query}`;
  }
}

/** `#/server/<name>` of a scope `server:<name>`. */
export function serverHash(scope: string): string {
  return hashOf({ view: 'server', name: scope.slice(scope.indexOf(':') + 1) });
}

const positionsMax = 100;

/**
 * The route of this window, kept up to date. A link leads to the top of the next view; the way back leads to
 * where one was.
 */
export function followRoute(): ReadonlySignal<Route> {
  const route = signal(parseRoute(location.hash));
  const positions = new Map<string, number>();
  let byLink = false;
  addEventListener('click', ({ target }) => {
    if (!(target instanceof Element) || !target.closest('a[href^="#"]')) return;
    byLink = true;
    if (positions.size >= positionsMax) positions.clear();
    positions.set(location.hash, scrollY);
  });
  addEventListener('hashchange', () => {
    route.value = parseRoute(location.hash);
    const top = byLink ? 0 : (positions.get(location.hash) ?? 0);
    byLink = false;
    // After the view was drawn.
    requestAnimationFrame(() => requestAnimationFrame(() => scrollTo(0, top)));
  });
  addEventListener(replaced, () => {
    route.value = parseRoute(location.hash);
  });
  return route;
}

const replaced = 'rackwatt-route-replaced';

/**
 * Changes how this view is looked at, and with it the address, without a step for the back button; `undefined`
 * takes a word away again.
 */
export function replaceQuery(changes: Query): void {
  const route = parseRoute(location.hash);
  history.replaceState(history.state, '', hashOf({ ...route, query: { ...route.query, ...changes } }));
  dispatchEvent(new Event(replaced));
}

function queryOf(asked: Query): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(asked)) if (value) query.set(name, value);
  return query.size === 0 ? '' : `?${query}`;
}

/** As it stands when it is not encoded rightly: it is then a name nobody has. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
