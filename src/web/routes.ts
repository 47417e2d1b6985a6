import { type ReadonlySignal, signal } from '@preact/signals';

/** What the address after `#` asks for. Links to views can be shared; the back button works. */
export type Route =
  | { readonly view: 'room' }
  /** `scope`: starts in this part of the room only. `open`: id of the start that is unfolded. */
  | { readonly view: 'starts'; readonly scope?: string; readonly open?: string }
  | { readonly view: 'idle' }
  | { readonly view: 'devices' }
  /** `name`: as after `server:`; of an outlet that no server claims, the outlet's id. */
  | { readonly view: 'server'; readonly name: string; readonly open?: string }
  | { readonly view: 'not-found'; readonly path: string };

/** `#/` is the room. Further views add a line here and a case in `page.tsx`. */
export function parseRoute(hash: string): Route {
  const asked = hash.replace(/^#?\/*/, '');
  const [path = '', query = ''] = asked.split('?', 2);
  const parameters = new URLSearchParams(query);
  const open = parameters.get('open') || undefined;
  const scope = parameters.get('scope') || undefined;
  switch (path) {
    case '':
      return { view: 'room' };
    case 'starts':
      return { view: 'starts', ...(scope && { scope }), ...(open && { open }) };
    case 'idle':
    case 'devices':
      return { view: path };
  }
  const name = path.startsWith('server/') ? decoded(path.slice('server/'.length)) : '';
  return name === '' ? { view: 'not-found', path: asked } : { view: 'server', name, ...(open && { open }) };
}

/** The address of a route, to be put into a link. */
export function hashOf(route: Route): string {
  switch (route.view) {
    case 'room':
      return '#/';
    case 'starts':
      return `#/starts${queryOf({ scope: route.scope, open: route.open })}`;
    case 'idle':
    case 'devices':
      return `#/${route.view}`;
    case 'server':
      return `#/server/${encodeURIComponent(route.name)}${queryOf({ open: route.open })}`;
    case 'not-found':
      return `#/${route.path}`;
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

/** Changes the address without a step for the back button: something was unfolded in the same view. */
export function replaceRoute(route: Route): void {
  history.replaceState(history.state, '', hashOf(route));
  dispatchEvent(new Event(replaced));
}

function queryOf(parameters: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value) query.set(name, value);
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
