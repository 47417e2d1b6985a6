import type { Store } from '../store/store.ts';

/** What answers ask of the store. */
export type AskedStore = Pick<Store, 'series' | 'rollUps' | 'energyRows' | 'rawReadings'>;

/** The store for one answer: a question that comes after `signal` is not asked, and rejects with its reason. */
export function storeUntil(store: AskedStore, signal: AbortSignal): AskedStore {
  const asked = <Q extends readonly unknown[], A>(ask: (...question: Q) => Promise<A>) => {
    return async (...question: Q): Promise<A> => {
      signal.throwIfAborted();
      return ask(...question);
    };
  };
  return {
    series: asked((query) => store.series(query)),
    rollUps: asked((query) => store.rollUps(query)),
    energyRows: asked((query) => store.energyRows(query)),
    rawReadings: asked((query, take) => store.rawReadings(query, take)),
  };
}
