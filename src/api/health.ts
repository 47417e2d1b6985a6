import type { Response } from 'express';
import type { HealthAnswer, ReadyAnswer } from './shapes.ts';

/** `GET /healthz`: whoever gets this answer knows that the process lives and its event loop turns. */
export function answerHealth(response: Response): void {
  const answer: HealthAnswer = { status: 'alive' };
  response.set('Cache-Control', 'no-store').json(answer);
}

/** `GET /readyz`: 200 when broker, store and backlog are well, else 503 with the same words. */
export function answerReady(response: Response, answer: ReadyAnswer): void {
  response
    .status(answer.ready ? 200 : 503)
    .set('Cache-Control', 'no-store')
    .json(answer);
}
