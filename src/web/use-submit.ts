import { type ReadonlySignal, useSignal } from '@preact/signals';

interface Submitting {
  readonly sending: ReadonlySignal<boolean>;
  /** Why it was not done. */
  readonly problem: ReadonlySignal<string | undefined>;
  readonly submit: (event: SubmitEvent) => Promise<void>;
}

/** A form that is sent by `act`, which throws an Error that says why not: then what was written stays. */
export function useSubmit(act: () => Promise<unknown>): Submitting {
  const sending = useSignal(false);
  const problem = useSignal<string | undefined>(undefined);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    sending.value = true;
    problem.value = undefined;
    try {
      await act();
    } catch (error) {
      problem.value = (error as Error).message;
    } finally {
      sending.value = false;
    }
  };
  return { sending, problem, submit };
}
