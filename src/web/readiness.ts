import type { ReadyAnswer } from '../api/shapes.ts';

/** What keeps the service from its whole work, one plain sentence each; none when all is well. */
export function readinessSentences(ready: ReadyAnswer): string[] {
  const sentences: string[] = [];
  const { broker, store, backlog } = ready;
  if (!broker.ok) {
    const why = broker.problem ?? broker.state;
    sentences.push(
      `The MQTT broker ${broker.url} is away (${why}). No new readings arrive; rackwatt keeps trying.`,
    );
  }
  if (!store.ok) {
    const why = store.problem ? ` (${store.problem})` : '';
    const waiting =
      backlog.readings > 0
        ? ` ${backlog.readings.toLocaleString()} readings wait on disk and are written when it is back.`
        : ' New readings are kept on disk until it is back.';
    sentences.push(
      `The ${store.kind} store is away${why}. Live figures go on, history may end early.${waiting}`,
    );
  }
  if (!backlog.ok) {
    const why = backlog.problem ?? 'it does not take any more';
    sentences.push(`Readings can no longer be kept safe: the backlog on disk is in trouble (${why}).`);
  }
  return sentences;
}
