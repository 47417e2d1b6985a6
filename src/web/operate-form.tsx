import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useSubmit } from './use-submit.ts';

export interface Signed {
  readonly by: string;
  readonly note?: string;
}

interface OperateFormProps {
  readonly label: string;
  /** Further fields, before name and note. */
  readonly children?: ComponentChildren;
  /** Throws an Error that says why not. */
  act(signed: Signed): Promise<unknown>;
  close?(): void;
}

const nameKey = 'rackwatt-name';

/** Who does something and why; the name is remembered in this browser. What failed stays written, with the reason. */
export function OperateForm({ label, children, act, close }: OperateFormProps) {
  const by = useSignal(rememberedName());
  const note = useSignal('');
  const { sending, problem, submit } = useSubmit(async () => {
    rememberName(by.value.trim());
    await act({ by: by.value.trim(), ...(note.value.trim() !== '' && { note: note.value.trim() }) });
    note.value = '';
    close?.();
  });
  return (
    <form class="operate" onSubmit={submit}>
      {children}
      <label>
        Your name
        <input
          required
          maxLength={100}
          autocomplete="name"
          value={by.value}
          onInput={({ currentTarget }) => (by.value = currentTarget.value)}
        />
      </label>
      <label class="operate-note">
        Note
        <input
          maxLength={500}
          value={note.value}
          onInput={({ currentTarget }) => (note.value = currentTarget.value)}
        />
      </label>
      <span>
        <button class="do" type="submit" disabled={sending.value}>
          {sending.value ? 'Sending …' : label}
        </button>
        {close && (
          <button type="button" class="quiet" onClick={close}>
            Cancel
          </button>
        )}
      </span>
      {problem.value !== undefined && (
        <p class="problem" role="alert">
          Not done: {problem.value}.
        </p>
      )}
    </form>
  );
}

/** A browser may keep nothing; then the name is asked for again. */
function rememberedName(): string {
  try {
    return localStorage.getItem(nameKey) ?? '';
  } catch {
    return '';
  }
}

function rememberName(name: string): void {
  try {
    localStorage.setItem(nameKey, name);
  } catch {
    // Kept nowhere.
  }
}
