import type { ReadyAnswer } from '../api/shapes.ts';
import type { LinkState } from './live.ts';
import { Navigation } from './navigation.tsx';
import type { PresentProps } from './present.ts';
import type { Route } from './routes.ts';
import { Shortcuts } from './shortcuts.tsx';
import { SignedIn } from './sign-in.tsx';

/** Always in sight: which room this is, the way to each view, what time it is there, and whether the figures are live. */
export function Header({ present, route }: PresentProps & { readonly route: Route }) {
  const tree = present.tree.answer.value.value;
  const isOut = present.session.state.value === 'out';
  return (
    <header class="top">
      <button
        type="button"
        class="skip"
        onClick={() => document.querySelector<HTMLElement>('main')?.focus({ preventScroll: true })}
      >
        To the content
      </button>
      <a class="brand" href="#/" aria-label="rackwatt, to the room">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="7" />
          <path d="M18.5 4 8 18h6.5L13 28 24 13.5h-7z" />
        </svg>
        <span>rackwatt</span>
      </a>
      <h1>{tree?.name ?? ' '}</h1>
      {tree?.demo && <span class="tag tag-demo">Demo</span>}
      {!isOut && <Navigation present={present} route={route} />}
      <RoomTime present={present} />
      <SignedIn present={present} />
      {!isOut && <Connection present={present} />}
      <Shortcuts />
    </header>
  );
}

function RoomTime({ present }: PresentProps) {
  const format = present.format.value;
  const nowMs = present.nowMs();
  const zone = format.timeZone.replaceAll('_', ' ');
  const short = format.zoneName(nowMs);
  return (
    <p class="room-time" title={`Times and days are those of ${zone}`}>
      <time class="clock">{format.timeWithSeconds(nowMs)}</time>{' '}
      <span class="zone">{short === zone ? '' : `${zone} `}</span>
      <span class="zone-short">{short}</span>
    </p>
  );
}

/** The word is announced when it changes; the age beside it counts in silence. */
function Connection({ present }: PresentProps) {
  const link = present.link.value;
  const { value: ready, problem } = present.ready.answer.value;
  const ageMs = present.ageMs(present.heardAtMs);
  const away = ready !== undefined && problem === undefined ? awayWord(ready) : undefined;
  const phase = link.phase === 'live' && away !== undefined ? 'away' : link.phase;
  return (
    <p class="link" data-phase={phase}>
      <span class="link-dot" aria-hidden="true" />
      <span>
        <span role="status">{phase === 'away' ? away : linkWord(link)}</span>
        {link.phase === 'lost' && (
          <span class="link-age">
            {' · '}
            {ageMs === undefined ? 'no figures yet' : `figures ${present.format.value.age(ageMs)} old`}
          </span>
        )}
      </span>
    </p>
  );
}

/** What the service misses; the sentences below the bar say more. */
function awayWord({ broker, store, backlog }: ReadyAnswer): string | undefined {
  if (!broker.ok) return store.ok ? 'Broker away' : 'Broker and store away';
  if (!store.ok) return 'Store away';
  return backlog.ok ? undefined : 'Backlog in trouble';
}

function linkWord(link: LinkState): string {
  switch (link.phase) {
    case 'connecting':
      return 'Connecting';
    case 'live':
      return 'Live';
    case 'lost':
      return lostWord[link.reason] ?? 'Reconnecting';
  }
}

const lostWord: Partial<Record<Extract<LinkState, { phase: 'lost' }>['reason'], string>> = {
  'not-allowed': 'Not allowed',
  'too-many-clients': 'Too many viewers',
};
