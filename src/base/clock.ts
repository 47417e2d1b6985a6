/** Time is handed in, so that tests can hold it. The only file that asks the machine what time it is. */
export interface Clock {
  /** Wall time, epoch ms. May step when the machine's clock is set. */
  nowMs(): number;
  /** Runs `work` every `intervalMs` until the returned function is called. Never keeps the process alive. */
  every(intervalMs: number, work: () => void): () => void;
  /** Runs `work` once, unless the returned function is called before. Never keeps the process alive. */
  after(delayMs: number, work: () => void): () => void;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  every(intervalMs, work) {
    const timer = setInterval(work, intervalMs);
    timer.unref();
    return () => clearInterval(timer);
  },
  after(delayMs, work) {
    const timer = setTimeout(work, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
