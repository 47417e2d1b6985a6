import { useSignal } from '@preact/signals';
import type { PresentProps } from './present.ts';
import { useSubmit } from './use-submit.ts';

/** In place of the views while the service wants an access token. */
export function SignIn({ present }: PresentProps) {
  const token = useSignal('');
  const { sending, problem, submit } = useSubmit(() => present.session.signIn(token.value.trim()));
  return (
    <form class="panel first-run operate" onSubmit={submit} aria-labelledby="sign-in-title">
      <h2 id="sign-in-title">Sign in</h2>
      <label class="operate-note">
        Access token
        <input
          type="password"
          required
          autofocus
          autocomplete="current-password"
          value={token.value}
          onInput={({ currentTarget }) => (token.value = currentTarget.value)}
        />
      </label>
      <button class="do" type="submit" disabled={sending.value}>
        {sending.value ? 'Signing in …' : 'Sign in'}
      </button>
      {problem.value !== undefined && (
        <p class="problem" role="alert">
          {problem.value}
        </p>
      )}
      <p class="hint">
        One of <code>access.tokens</code> in the settings; <code>npx rackwatt token create</code> makes one.
      </p>
    </form>
  );
}

/** In whose name this page looks, and the way out; nothing where everybody may come in. */
export function SignedIn({ present }: PresentProps) {
  const state = present.session.state.value;
  if (state === undefined || state === 'out' || state.basis === 'open') return null;
  return (
    <p class="signed-in">
      {state.name}
      {state.role === 'view' && <span class="tag">view only</span>}
      {state.basis === 'session' && (
        <button type="button" class="quiet" onClick={() => void present.session.signOut()}>
          Sign out
        </button>
      )}
    </p>
  );
}
