import { useEffect, useMemo } from 'preact/hooks';
import { type Answer, apiPath, Polled } from './answers.ts';

const none: Answer<never> = {};

/** The answer to a question that may change from one drawing to the next; without one, nothing is asked. */
export function usePolled<T>(resource: string | undefined, everyMs: number, news = 0): Answer<T> {
  const polled = useMemo(
    () => (resource === undefined ? undefined : new Polled<T>(apiPath(resource), everyMs)),
    [resource, everyMs],
  );
  // Also at once when there is news.
  useEffect(() => polled?.follow(), [polled, news]);
  return polled?.answer.value ?? none;
}
