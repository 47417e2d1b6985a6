import type { Clock } from '../base/clock.ts';

/** Standard error, or what stands for it. */
export interface ProgressOutput {
  write(text: string): unknown;
  /** A person is watching: one line that is written over. */
  readonly isTTY?: boolean | undefined;
}

/** Says now and then how far a long work has come: on a terminal in place, in a log a line every ten seconds. */
export class Progress {
  readonly #output: ProgressOutput;
  readonly #stop: () => void;

  /** @param text what to say, given the ms since the start */
  constructor(output: ProgressOutput, clock: Clock, text: (elapsedMs: number) => string) {
    this.#output = output;
    const startMs = clock.nowMs();
    const say = () => {
      const line = text(clock.nowMs() - startMs);
      output.write(output.isTTY ? `\r\x1b[2K${line}` : `${line}\n`);
    };
    if (output.isTTY) say();
    this.#stop = clock.every(output.isTTY ? 500 : 10_000, say);
  }

  /** Leaves nothing on a terminal. */
  stop(): void {
    this.#stop();
    if (this.#output.isTTY) this.#output.write('\r\x1b[2K');
  }
}
