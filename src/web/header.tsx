import type { LinkState } from './live.ts';
import type { PresentProps } from './present.ts';

/** Always in sight: which room this is, what time it is there, and whether the figures are live. */
export function Header({ present }: PresentProps) {
  const tree = present.tree.answer.value.value;
  return (
    <header class="top">
      <a class="brand" href="#/">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="7" />
          <path d="M18.5 4 8 18h6.5L13 28 24 13.5h-7z" />
        </svg>
        rackwatt
      </a>
      <h1>{tree?.name ?? ' '}</h1>
      {tree?.demo && <span class="tag tag-demo">Demo</span>}
      <RoomTime present={present} />
      <Connection present={present} />
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
      <span class="zone">
        {zone}
        {short !== zone && ` ${short}`}
      </span>
    </p>
  );
}

/** The word is announced when it changes; the age beside it counts in silence. */
function Connection({ present }: PresentProps) {
  const link = present.link.value;
  const ageMs = present.ageMs(present.heardAtMs);
  return (
    <p class="link" data-phase={link.phase}>
      <span class="link-dot" aria-hidden="true" />
      <span>
        <span role="status">{linkWord(link)}</span>
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
