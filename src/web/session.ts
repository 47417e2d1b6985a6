import { computed, type ReadonlySignal, signal } from '@preact/signals';
import type { SessionAnswer } from '../api/shapes.ts';
import { apiPath, refusals } from './answers.ts';
import { send } from './sending.ts';

/** Who looks at this page: `out` when the service wants a token first, undefined until it said. */
export type SessionState = SessionAnswer | 'out' | undefined;

/** The page's standing with a service that may ask for an access token; the session itself is in a cookie no script reads. */
export class Session {
  readonly #state = signal<SessionState>(undefined);

  /** Where nothing was said, trying shows what is allowed. */
  readonly mayOperate: ReadonlySignal<boolean> = computed(() => {
    const state = this.#state.value;
    return state === undefined || (state !== 'out' && state.role === 'operate');
  });

  get state(): ReadonlySignal<SessionState> {
    return this.#state;
  }

  /** Asks whenever the service refuses to answer something, until called off. */
  follow(): () => void {
    const refusedBefore = refusals.peek();
    return refusals.subscribe((refused) => {
      if (refused > refusedBefore) void this.ask();
    });
  }

  /** Only a plain no counts as one: a service that is away is none. */
  async ask(): Promise<void> {
    try {
      const response = await fetch(apiPath('session'));
      if (response.status === 401) this.#state.value = 'out';
      else if (response.ok) this.#state.value = (await response.json()) as SessionAnswer;
    } catch {
      // The stream says that the service is away.
    }
  }

  /** Throws an Error that says why not. All that was refused before is asked anew. */
  async signIn(token: string): Promise<void> {
    await send<SessionAnswer>('POST', 'session', { token });
    location.reload();
  }

  async signOut(): Promise<void> {
    await send('DELETE', 'session');
    location.reload();
  }
}
