import type { Express, Request, Response } from 'express';
import type { Guard, Needs } from './guard.ts';
import { methodNotAllowed } from './problem.ts';

export type Answerer = (request: Request, response: Response) => void | Promise<void>;

/**
 * What an address takes, method by method; any other is refused with 405. HEAD goes with `get`. Whoever gets here needs
 * the role view to look and operate for all else, unless `needs` says otherwise.
 */
export interface Route {
  readonly get?: Answerer;
  readonly post?: Answerer;
  readonly delete?: Answerer;
  readonly needs?: { readonly [method in 'get' | 'post' | 'delete']?: Needs };
}

export function addRoute(app: Express, path: string, route: Route, guard: Pick<Guard, 'admit'>): void {
  const place = app.route(path);
  place.all((request, response, next) => {
    guard.admit(neededFor(request.method, route), request, response);
    next();
  });
  if (route.get !== undefined) place.get(route.get);
  if (route.post !== undefined) place.post(route.post);
  if (route.delete !== undefined) place.delete(route.delete);
  const allow = [route.get && 'GET, HEAD', route.post && 'POST', route.delete && 'DELETE'];
  place.all(() => {
    throw methodNotAllowed(allow.filter((method) => method !== undefined).join(', '));
  });
}

/** Each call there is, as OpenAPI writes it: `GET /api/v1/starts/{id}`. */
export function callsOf(routes: Readonly<Record<string, Route>>): string[] {
  return Object.entries(routes).flatMap(([path, route]) =>
    (['get', 'post', 'delete'] as const)
      .filter((method) => route[method] !== undefined)
      .map((method) => `${method.toUpperCase()} ${path.replace(/:(\w+)/g, '{$1}')}`),
  );
}

function neededFor(method: string, { needs }: Route): Needs {
  switch (method) {
    case 'GET':
    case 'HEAD':
      return needs?.get ?? 'view';
    case 'POST':
      return needs?.post ?? 'operate';
    case 'DELETE':
      return needs?.delete ?? 'operate';
    default:
      return 'operate';
  }
}
