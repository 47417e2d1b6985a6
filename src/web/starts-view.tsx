import { useComputed } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { Panel } from './panel.tsx';
import type { PresentProps } from './present.ts';
import { hashOf, type Query, replaceQuery } from './routes.ts';
import { StartLog, startsHeldMax } from './start-log.ts';
import { isAskedFor, isGroupStart, startPhase } from './start-words.ts';
import { StartsTable } from './starts-table.tsx';

/** Every start of the room, or of a part of it, newest first. */
export function StartsView({ present, route }: PresentProps & { readonly route: { readonly query: Query } }) {
  const { scope, open } = route.query;
  const log = useStartLog(present, scope);
  const { value: all, problem } = log.answer.value;
  const rows = isOfGroups(scope) ? all?.filter(isGroupStart) : all;
  const choose = (id: string | undefined) => replaceQuery({ open: id });
  return (
    <Panel
      name="starts"
      look="starts-panel"
      title="Starts"
      head={
        <>
          {rows && <span class="count">{countText(rows.length)}</span>}
          <ScopeChoice present={present} scope={scope} />
        </>
      }
    >
      <Starting present={present} log={log} />
      {problem !== undefined && present.link.value.phase === 'live' && (
        <p class="hint problem" role="alert">
          The list of starts could not be read: {problem}. Asking again.
        </p>
      )}
      {rows === undefined && problem === undefined && <p class="empty">Reading the starts …</p>}
      {rows?.length === 0 && (
        <p class="empty">
          {isOfGroups(scope)
            ? 'Nothing started at the same time in the last 7 days.'
            : 'No start in the last 7 days. The next one appears here within a second of its surge.'}
        </p>
      )}
      {rows && rows.length > 0 && (
        <StartsTable
          present={present}
          rows={rows}
          withServer
          open={open}
          choose={choose}
          labelledBy="starts-title"
        />
      )}
    </Panel>
  );
}

/** Every breaker, feed or device: of these only what several loads did at once is of interest. */
function isOfGroups(scope: string | undefined): boolean {
  return scope === 'breaker:*' || scope === 'feed:*' || scope === 'device:*';
}

function countText(count: number): string {
  if (count >= startsHeldMax) return `the newest ${count}`;
  return count === 0 ? '' : `${count} in the last 7 days`;
}

/** The room's own log, or one of a part of it, kept up to date while it is looked at. */
export function useStartLog(
  present: PresentProps['present'],
  scope: string | undefined,
  fromMs?: number,
): StartLog {
  const own = useRef<{ scope: string; log: StartLog }>(undefined);
  if (scope !== undefined && own.current?.scope !== scope) {
    own.current = { scope, log: new StartLog(scope, fromMs) };
  }
  const log = scope === undefined ? present.starts : own.current!.log;
  const arrivals = present.arrivals.value;
  useEffect(() => {
    if (log === present.starts) return;
    const stopAsking = log.follow();
    const stopListening = present.onEvent((event) => {
      const server = present.server(event.scope) ?? bare(event.scope);
      if (event.kind === 'start' && isAskedFor(scope, event.scope, server)) log.take(event.start);
    });
    return () => {
      stopAsking();
      stopListening();
    };
  }, [present, log, arrivals]);
  return log;
}

/** A server the tree does not name yet. */
const bare = (scope: string) => ({ scope, name: scope, inputs: [], haystack: '' });

/** Said aloud, not shown: the list itself shows it. */
function Starting({ present, log }: PresentProps & { readonly log: StartLog }) {
  const names = useComputed(() =>
    (log.answer.value.value ?? [])
      .filter(
        (start) => startPhase(start, present.nowMs(), present.figure(start.scope)?.state) === 'starting',
      )
      .map(({ scope }) => present.nameOf(scope))
      .join(', '),
  );
  return (
    <p class="unseen" role="status">
      {names.value === '' ? '' : `Starting now: ${names.value}`}
    </p>
  );
}

/** The parts of the room one may want to look at alone. */
function ScopeChoice({ present, scope }: PresentProps & { readonly scope: string | undefined }) {
  const tree = present.tree.answer.value.value;
  const parts = [
    // On what they share: where nothing is wired in the settings, a device.
    { scope: tree?.feeds.length ? 'breaker:*' : 'device:*', label: 'Several at once' },
    ...(tree?.feeds ?? []).map(({ name }) => ({ scope: `feed:${name}`, label: `Feed ${name}` })),
    ...(tree?.feeds ?? []).flatMap(({ breakers }) =>
      breakers.map(({ name }) => ({ scope: `breaker:${name}`, label: `Breaker ${name}` })),
    ),
    ...(tree?.racks ?? []).map(({ name }) => ({ scope: `rack:${name}`, label: `Rack ${name}` })),
  ];
  if (scope !== undefined && !parts.some((part) => part.scope === scope)) {
    parts.push({ scope, label: present.nameOf(scope) });
  }
  return (
    <label class="scope-choice">
      <span class="unseen">Part of the room</span>
      <select
        value={scope ?? ''}
        onChange={({ currentTarget: { value } }) => {
          location.hash = hashOf({ view: 'starts', query: { scope: value } });
        }}
      >
        <option value="">Whole room</option>
        {parts.map((part) => (
          <option value={part.scope} key={part.scope}>
            {part.label}
          </option>
        ))}
      </select>
    </label>
  );
}
