import { Panel } from './panel.tsx';
import type { PresentProps } from './present.ts';
import { hashOf } from './routes.ts';
import { ServerLink } from './server-link.tsx';
import { startPhase } from './start-words.ts';
import { StartLevels } from './starts-table.tsx';

const shownMax = 4;

/** The newest starts of the room, in short. */
export function LastStarts({ present }: PresentProps) {
  const { value: rows, problem } = present.starts.answer.value;
  const format = present.format.value;
  const nowMs = present.nowMs();
  return (
    <Panel
      name="last-starts"
      look="last-starts"
      title="Last starts"
      head={
        <a class="more-link" href="#/starts">
          All starts
        </a>
      }
    >
      {problem !== undefined && present.link.value.phase === 'live' && (
        <p class="hint">They could not be read: {problem}.</p>
      )}
      {rows === undefined && problem === undefined && <p class="hint">Reading …</p>}
      {rows?.length === 0 && <p class="hint">None in the last 7 days.</p>}
      <ul>
        {rows?.slice(0, shownMax).map((start) => (
          <li key={start.id} data-phase={startPhase(start, nowMs, present.figure(start.scope)?.state)}>
            <ServerLink present={present} scope={start.scope} />
            <a
              class="last-start-when"
              href={hashOf({ view: 'starts', query: { open: start.id } })}
              aria-label={`Trace of the start at ${format.when(start.atMs, nowMs)}`}
            >
              {format.when(start.atMs, nowMs)}
            </a>
            <span class="figure">
              <StartLevels present={present} start={start} />
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
