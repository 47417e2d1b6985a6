import type { Clock } from '../base/clock.ts';
import { ProblemError } from './problem.ts';

/** Nobody looks at an empty chart for longer; what the store still does for the question is not waited for. */
export const answerMsMax = 20_000;
const retrySeconds = 10;

/** What `work` comes to, or a problem when that takes too long: a store that is slow is told from one that is away. */
export async function inTime<T>(clock: Pick<Clock, 'after'>, work: Promise<T>): Promise<T> {
  let stopWaiting = () => {};
  const tooLate = new Promise<never>((_, reject) => {
    stopWaiting = clock.after(answerMsMax, () => {
      const detail = `The store has not answered within ${answerMsMax / 1000} s; ask again later, or for less.`;
      reject(new ProblemError('store-slow', detail, {}, { 'Retry-After': `${retrySeconds}` }));
    });
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    stopWaiting();
  }
}
