export type Step = () => Promise<void>;

/**
 * Work that needs the store, for as soon as it is there: answers what takes the steps one after the other. One that rejects
 * is taken again at the next call, those before it are not. Undefined: nothing is left to do, or it is being done.
 */
export function inSteps(steps: readonly Step[]): () => Promise<void> | undefined {
  let next = 0;
  let isRunning = false;
  const run = async () => {
    isRunning = true;
    try {
      for (; next < steps.length; next += 1) await steps[next]!();
    } finally {
      isRunning = false;
    }
  };
  return () => (isRunning || next === steps.length ? undefined : run());
}
