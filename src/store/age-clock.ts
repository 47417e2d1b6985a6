import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';

export interface AgeClockOptions {
  /** Remembers over a restart which time is believed. */
  readonly file: string;
  readonly clock: Clock;
  readonly log?: Log | undefined;
}

const lookMs = 10 * 60_000;
/** Ahead of what is believed by more than a look and this: nobody's clock is set by so much in earnest. */
const stepMsMax = 3_600_000;
/** A leap that has lasted for so many looks, a day, is no mistake that somebody mends. */
const looksUntilBelieved = 144;

/**
 * The time by which readings are too old to be kept. It is the clock's, but a leap forward is believed only when it has
 * lasted for a day of running: a wrong clock must not delete years of data. Until then it goes on as if there had been
 * no leap. Being switched off for long looks the same, and costs no more than that the oldest stays a day longer.
 */
export class AgeClock {
  readonly #options: AgeClockOptions;
  #believedMs: number;
  /** Looks in a row at which the clock was ahead. */
  #ahead: number;
  #stop: () => void = () => {};
  #saving: Promise<void> = Promise.resolve();

  /** Never rejects: without its file the clock is believed. */
  static async open(options: AgeClockOptions): Promise<AgeClock> {
    const saved = await readSaved(options.file);
    const age = new AgeClock(options, saved);
    age.#look(true);
    age.#stop = options.clock.every(lookMs, () => age.#look(false));
    return age;
  }

  private constructor(options: AgeClockOptions, saved: Saved | undefined) {
    this.#options = options;
    this.#believedMs = saved?.believedMs ?? options.clock.nowMs();
    this.#ahead = saved?.ahead ?? 0;
  }

  /** Epoch ms; never later than the clock. */
  nowMs(): number {
    return Math.min(this.#options.clock.nowMs(), this.#believedMs + lookMs + stepMsMax);
  }

  close(): Promise<void> {
    this.#stop();
    return this.#saving;
  }

  #look(isStart: boolean): void {
    const { clock, log } = this.#options;
    const nowMs = clock.nowMs();
    const aheadMs = nowMs - this.#believedMs;
    if (aheadMs <= lookMs + stepMsMax) {
      this.#believedMs = nowMs;
      this.#ahead = 0;
    } else if (!isStart && this.#ahead + 1 >= looksUntilBelieved) {
      log?.warn('the clock has been ahead for a day and is believed now: what is too old by it goes');
      this.#believedMs = nowMs;
      this.#ahead = 0;
    } else {
      if (this.#ahead === 0)
        log?.[isStart ? 'info' : 'warn'](
          { aheadHours: Math.round(aheadMs / 3_600_000) },
          'the clock has leapt forward: nothing is deleted for being too old until that has lasted a day',
        );
      this.#ahead += 1;
      if (!isStart) this.#believedMs += lookMs;
    }
    this.#save();
  }

  /** Neither synced nor needed: without it the next start believes its clock. */
  #save(): void {
    const { file } = this.#options;
    const text = JSON.stringify({ believedMs: this.#believedMs, ahead: this.#ahead } satisfies Saved);
    this.#saving = this.#saving
      .then(() => writeFile(`${file}.new`, text))
      .then(() => rename(`${file}.new`, file))
      .catch(() => undefined);
  }
}

interface Saved {
  readonly believedMs: number;
  readonly ahead: number;
}

async function readSaved(file: string): Promise<Saved | undefined> {
  try {
    const { believedMs, ahead } = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    if (!Number.isFinite(believedMs) || !Number.isFinite(ahead)) return undefined;
    return { believedMs: believedMs as number, ahead: ahead as number };
  } catch {
    return undefined;
  }
}
