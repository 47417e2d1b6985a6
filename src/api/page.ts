import { resolve, sep } from 'node:path';
import express, { type RequestHandler, Router } from 'express';
import { methodNotAllowed, ProblemError } from './problem.ts';

/**
 * The built page, as files. Vite puts what carries a hash in its name into `assets`: that may be kept for ever;
 * everything else is asked for anew. The page finds its views behind `#`, so no other path leads to it.
 */
export function sendPage(webRoot: string): RequestHandler {
  const folder = resolve(webRoot);
  const router = Router();
  router.use(
    express.static(folder, {
      redirect: false,
      setHeaders(response, path) {
        const isHashed = path.slice(folder.length).startsWith(`${sep}assets${sep}`);
        response.setHeader('Cache-Control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
      },
    }),
  );
  router
    .route('/')
    .get(() => {
      throw new ProblemError(
        'not-found',
        'The page has not been built: run "npm run build" in the folder of rackwatt.',
      );
    })
    .all(() => {
      throw methodNotAllowed('GET, HEAD');
    });
  return router;
}
