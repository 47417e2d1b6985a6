import { open, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Alert, Notice } from '../../model/alert.ts';
import type { Thread } from './channel.ts';
import type { Waiting } from './compose.ts';

/** What a process leaves of one notifier to the next. */
export interface KeptNotifier {
  readonly waiting: readonly Waiting[];
  readonly standing: readonly KeptIncident[];
}

/** An incident somebody was told of and that is not over, or whose end is not told. */
export interface KeptIncident {
  readonly alert: Alert;
  readonly noticeKind: Notice['kind'];
  readonly noticeAtMs: number;
  readonly thread?: Thread;
  readonly ending?: boolean;
}

export type Kept = Readonly<Record<string, KeptNotifier>>;

const version = 1;
const restFactor = 20;
const restMsMax = 2_000;
/** Far above what full queues hold. */
const bytesMax = 64 * 1024 * 1024;
export const keptName = 'notify.json';

/**
 * What waits to be told and what was told, as one small file that is whole at any moment: written beside, synced, put
 * in place. Writes that are asked for while one is under way become one.
 */
export class KeptFile {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #writing: Promise<void> | undefined;
  #again: (() => Kept) | undefined;
  #failing = false;
  #isLast = false;
  /** Ends the rest between two writes. */
  #hurry: (() => void) | undefined;

  constructor(folder: string, clock: Clock, log: Log) {
    this.#path = join(folder, keptName);
    this.#clock = clock;
    this.#log = log;
  }

  /** Empty when there is none. A damaged one is set aside, with a warning. */
  async read(): Promise<Kept> {
    try {
      const text = await readFile(this.#path, 'utf8');
      if (text.length > bytesMax) throw new SyntaxError('too long');
      return notifiersIn(JSON.parse(text));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
      this.#log.warn(
        { problem: (error as Error).message },
        `${this.#path} cannot be read and is set aside: what waited to be told is lost`,
      );
      await rename(this.#path, `${this.#path}.bad`).catch(() => undefined);
      return {};
    }
  }

  /** Writes what `make` answers, soon. */
  write(make: () => Kept): void {
    this.#again = make;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  /** At the end: once everything asked for is on disk, or could not be brought there. */
  async settled(): Promise<void> {
    this.#isLast = true;
    this.#hurry?.();
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    // What is told in the same breath goes into one file.
    await Promise.resolve();
    while (this.#again !== undefined) {
      const make = this.#again;
      this.#again = undefined;
      const beganMs = this.#clock.nowMs();
      const text = JSON.stringify({ version, notifiers: make() });
      const tookMs = this.#clock.nowMs() - beganMs;
      await this.#put(text);
      await this.#rest(tookMs * restFactor);
    }
  }

  /** Thousands of incidents take milliseconds to write down; a storm of them must not take the whole processor. */
  #rest(ms: number): Promise<void> {
    if (!(ms > 0) || this.#isLast) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#clock.after(Math.min(ms, restMsMax), resolve);
      this.#hurry = () => {
        cancel();
        resolve();
      };
    });
  }

  async #put(text: string): Promise<void> {
    const beside = `${this.#path}.new`;
    try {
      const file = await open(beside, 'w', 0o600);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(beside, this.#path);
      this.#failing = false;
    } catch (error) {
      await unlink(beside).catch(() => undefined);
      if (!this.#failing)
        this.#log.warn(
          { problem: (error as Error).message },
          `${this.#path} cannot be written: after a restart what waits to be told would be lost`,
        );
      this.#failing = true;
    }
  }
}

function notifiersIn(file: unknown): Kept {
  if (!isObject(file) || file.version !== version || !isObject(file.notifiers))
    throw new SyntaxError('not the notices of this version');
  return Object.fromEntries(
    Object.entries(file.notifiers).map(([name, kept]) => {
      if (!isObject(kept) || !Array.isArray(kept.waiting) || !Array.isArray(kept.standing))
        throw new SyntaxError('not a notifier');
      const waiting = (kept.waiting as Waiting[]).filter((one) => isAlert(one?.notice?.alert));
      const standing = (kept.standing as KeptIncident[]).filter((one) => isAlert(one?.alert));
      return [name, { waiting, standing }];
    }),
  );
}

function isAlert(value: unknown): boolean {
  return (
    isObject(value) && [value.id, value.rule, value.scope, value.text].every((one) => typeof one === 'string')
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
