import { type ReadonlySignal, signal } from '@preact/signals';

/** What was last answered, and what went wrong since, as a sentence. */
export interface Answer<T> {
  readonly value?: T;
  /** When that came, epoch ms of this machine. */
  readonly atMs?: number;
  readonly problem?: string;
}

const timeoutMs = 10_000;

/** Grows each time the service wants to know first who asks. */
export const refusals = signal(0);

/** Relative, so that the page also works below a path of a reverse proxy. */
export function apiPath(resource: string): string {
  return `api/v1/${resource}`;
}

/** Reads one resource. Throws an Error whose message is a sentence for the admin; its cause is the status, if any. */
export async function readAnswer<T>(path: string, alsoAccept: readonly number[] = []): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, {
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (cause) {
    throw new Error('rackwatt does not answer', { cause });
  }
  if (response.status === 401) refusals.value += 1;
  if (!response.ok && !alsoAccept.includes(response.status))
    throw new Error(await problemOf(response), { cause: response.status });
  try {
    return (await response.json()) as T;
  } catch (cause) {
    throw new Error('the answer could not be read', { cause });
  }
}

/** RFC 9457, or the bare status when something else answered. */
export async function problemOf(response: Response): Promise<string> {
  const bare = `answered ${response.status} ${response.statusText}`.trim();
  try {
    const problem = (await response.json()) as { title?: unknown; detail?: unknown };
    const text = problem.detail ?? problem.title;
    return typeof text === 'string' && text !== '' ? text : bare;
  } catch {
    return bare;
  }
}

/**
 * One resource, asked again and again while somebody follows it and the page is looked at. A failed question
 * keeps the last answer and says what went wrong.
 */
export class Polled<T> {
  readonly path: string;
  readonly #everyMs: number;
  /** How often each of those who follow wants to be answered, ms. */
  readonly #paces = new Map<object, number>();
  readonly #alsoAccept: readonly number[];
  readonly #answer = signal<Answer<T>>({});
  #timer = 0;
  #asking = false;
  #askedAgain = false;

  constructor(path: string, everyMs: number, alsoAccept: readonly number[] = []) {
    this.path = path;
    this.#everyMs = everyMs;
    this.#alsoAccept = alsoAccept;
  }

  get answer(): ReadonlySignal<Answer<T>> {
    return this.#answer;
  }

  /** Asks now, and from now on at this pace or a quicker one somebody else asked for, until called off. */
  follow(everyMs = this.#everyMs): () => void {
    const follower = {};
    this.#paces.set(follower, everyMs);
    void this.ask();
    return () => {
      this.#paces.delete(follower);
      if (this.#paces.size === 0) clearTimeout(this.#timer);
    };
  }

  /** Asks now; while it is followed, at its pace from now on. */
  async ask(): Promise<void> {
    // The answer under way may be older than what this question is about.
    this.#askedAgain = this.#asking;
    if (this.#asking) return;
    this.#asking = true;
    clearTimeout(this.#timer);
    try {
      const value = await readAnswer<T>(this.path, this.#alsoAccept);
      this.#answer.value = { value, atMs: Date.now() };
    } catch (error) {
      this.#answer.value = { ...this.#answer.peek(), problem: (error as Error).message };
    } finally {
      this.#asking = false;
      if (this.#askedAgain) void this.ask();
      else this.#askLater();
    }
  }

  #askLater(): void {
    if (this.#paces.size === 0) return;
    const everyMs = Math.min(...this.#paces.values());
    this.#timer = window.setTimeout(() => (document.hidden ? this.#askLater() : void this.ask()), everyMs);
  }
}
