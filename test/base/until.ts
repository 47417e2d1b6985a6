/** Waits for a condition, looking again every few ms; fails saying what was missing after `deadlineMs`. */
export async function until(
  condition: () => boolean | undefined,
  what: string | (() => string),
  deadlineMs = 60_000,
): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  while (!condition()) {
    if (performance.now() > endMs) {
      throw new Error(`not within ${deadlineMs} ms: ${typeof what === 'string' ? what : what()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
