import type { Express, Request, Response } from 'express';
import { methodNotAllowed } from './problem.ts';

export type Answerer = (request: Request, response: Response) => void | Promise<void>;

/** What an address takes, method by method; any other is refused with 405. HEAD goes with `get`. */
export interface Route {
  readonly get?: Answerer;
  readonly post?: Answerer;
  readonly delete?: Answerer;
}

export function addRoute(app: Express, path: string, route: Route): void {
  const place = app.route(path);
  if (route.get !== undefined) place.get(route.get);
  if (route.post !== undefined) place.post(route.post);
  if (route.delete !== undefined) place.delete(route.delete);
  const allow = [route.get && 'GET, HEAD', route.post && 'POST', route.delete && 'DELETE'];
  place.all(() => {
    throw methodNotAllowed(allow.filter((method) => method !== undefined).join(', '));
  });
}
