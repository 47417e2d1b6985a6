import type { PowerState } from '../model/figure.ts';

export const stateWord: Record<PowerState, string> = {
  off: 'off',
  standby: 'standby',
  starting: 'starting',
  idle: 'idle',
  active: 'active',
  unknown: 'unknown',
};

/** A shape of its own for each state, so that colour is not needed to tell them apart. */
export function StateMark({ state }: { readonly state: PowerState }) {
  return (
    <svg class="mark" data-state={state} viewBox="0 0 12 12" aria-hidden="true">
      {shapeOf(state)}
    </svg>
  );
}

export function StateBadge({ state }: { readonly state: PowerState }) {
  return (
    <span class="badge" data-state={state}>
      <StateMark state={state} />
      {stateWord[state]}
    </span>
  );
}

function shapeOf(state: PowerState) {
  switch (state) {
    case 'active':
      return <circle cx="6" cy="6" r="4.5" class="solid" />;
    case 'idle':
      return (
        <>
          <circle cx="6" cy="6" r="4" class="line" />
          <path d="M6 2a4 4 0 0 1 0 8z" class="solid" />
        </>
      );
    case 'starting':
      return <path d="M6 1.2 11 10.5H1z" class="solid" />;
    case 'standby':
      return (
        <>
          <circle cx="6" cy="6" r="4" class="line" />
          <circle cx="6" cy="6" r="1.4" class="solid" />
        </>
      );
    case 'off':
      return <circle cx="6" cy="6" r="4" class="line" />;
    case 'unknown':
      return <circle cx="6" cy="6" r="4" class="line dashed" />;
  }
}
