import type { StartRow } from '../api/shapes.ts';
import { scopeWord } from './alert-words.ts';
import { joined } from './format.ts';
import type { PresentProps } from './present.ts';
import { Quantity, Unknown } from './quantity.tsx';
import { hashOf } from './routes.ts';
import { ServerLink } from './server-link.tsx';
import { StartDetail } from './start-detail.tsx';
import { concurrentText, isGroupStart, peakBasis, peakRatio, sagShare, startPhase } from './start-words.ts';
import { StateMark } from './state-badge.tsx';
import { num, TableHead } from './table-head.tsx';

interface StartsTableProps extends PresentProps {
  readonly rows: readonly StartRow[];
  /** Left out where all are of one server. */
  readonly withServer: boolean;
  /** Id of the unfolded one. */
  readonly open: string | undefined;
  choose(id: string | undefined): void;
  readonly labelledBy: string;
}

/** Starts, newest first, one line each; pressing one unfolds its trace. */
export function StartsTable({ present, rows, withServer, open, choose, labelledBy }: StartsTableProps) {
  const columns = withServer ? 9 : 8;
  return (
    <table class="starts" data-server={withServer} aria-labelledby={labelledBy}>
      <TableHead
        grid="start-grid"
        columns={[
          'When',
          withServer && 'Server',
          'Before → peak → settled',
          num('Ratio', 'Peak over settled level'),
          num('Settled after', 'From the onset until it stays at the settled level'),
          num('Energy', 'From the onset until settled, summed up from the watts read'),
          'Peak is',
          { name: 'Volts', title: 'Before the start, and the lowest during it' },
          { name: 'Together with', title: 'What was starting at the same time on the same breaker' },
        ]}
      />
      <tbody>
        {rows.flatMap((start) => [
          <Row
            key={start.id}
            present={present}
            start={start}
            withServer={withServer}
            open={start.id === open}
            choose={choose}
          />,
          start.id === open && (
            <tr key={`${start.id} trace`} class="start-open">
              <td colSpan={columns}>
                <StartDetail present={present} row={start} />
              </td>
            </tr>
          ),
        ])}
      </tbody>
    </table>
  );
}

interface RowProps extends PresentProps {
  readonly start: StartRow;
  readonly withServer: boolean;
  readonly open: boolean;
  choose(id: string | undefined): void;
}

function Row({ present, start, withServer, open, choose }: RowProps) {
  const format = present.format.value;
  const nowMs = present.nowMs();
  const phase = startPhase(start, nowMs, present.figure(start.scope)?.state);
  return (
    <tr class="start-grid start" data-phase={phase} data-open={open}>
      <td class="start-when">
        <button
          type="button"
          class="unfold"
          aria-expanded={open}
          aria-label={`Trace of the start of ${placeName(start.scope, present)} at ${format.when(start.atMs, nowMs)}`}
          onClick={() => choose(open ? undefined : start.id)}
        >
          <time dateTime={new Date(start.atMs).toISOString()}>{format.when(start.atMs, nowMs)}</time>
        </button>
      </td>
      {withServer && (
        <td class="start-server">
          <StartPlace present={present} start={start} />
        </td>
      )}
      <td class="start-levels figure">
        <StartLevels present={present} start={start} />
      </td>
      <td class="num" data-label="Ratio">
        {peakRatio(start) === undefined ? <Unknown /> : format.times(peakRatio(start))}
      </td>
      <td class="num" data-label="Settled after">
        {!start.complete || start.settleMs === undefined ? <Unknown /> : format.duration(start.settleMs)}
      </td>
      <td class="num" data-label="Energy">
        <Quantity shown={format.smallEnergy(start.complete ? start.wattHours : undefined)} />
      </td>
      <td class="start-basis" data-label="Peak is">
        {peakBasis(start, format)}
      </td>
      <td class="start-volts" data-label="Volts">
        <Volts present={present} start={start} />
      </td>
      <td class="start-with" data-label={isGroupStart(start) ? 'Started there' : 'Together with'}>
        {start.concurrent.length === 0 ? (
          <span class="aside">alone</span>
        ) : (
          <span title={start.concurrent.map((scope) => present.nameOf(scope)).join(', ')}>
            {concurrentText(start, (scope) => present.nameOf(scope))}
          </span>
        )}
      </td>
    </tr>
  );
}

/** What started: a server, or several at once on what they share. */
function StartPlace({ present, start }: PresentProps & { readonly start: StartRow }) {
  const { scope, concurrent } = start;
  if (!isGroupStart(start)) return <ServerLink present={present} scope={scope} />;
  return (
    <>
      <a class="server-link" href={hashOf({ view: 'starts', query: { scope } })}>
        {placeName(scope, present)}
      </a>{' '}
      <span class="word word-plain" title="Several loads started within a minute of each other">
        {concurrent.length} together
      </span>
    </>
  );
}

function placeName(scope: string, present: PresentProps['present']): string {
  const nameOf = (one: string) => present.nameOf(one);
  return isGroupStart({ scope }) ? scopeWord(scope, nameOf) : nameOf(scope);
}

/** `2.9 → ≥ 402 → 120 W`, or what it is doing instead of the last. */
export function StartLevels({ present, start }: PresentProps & { readonly start: StartRow }) {
  const format = present.format.value;
  const phase = startPhase(start, present.nowMs(), present.figure(start.scope)?.state);
  const settled = phase === 'complete' && start.settledWatts !== undefined;
  return (
    <span class="levels">
      <span class="aside">{format.watts(start.fromWatts).text}</span>
      <Arrow />
      <strong>
        <Quantity
          shown={settled ? { ...format.watts(start.peakWatts), unit: '' } : format.watts(start.peakWatts)}
          atLeast={start.peakIs === 'lower-bound'}
        />
      </strong>
      {settled && <Arrow />}
      {settled ? joined(format.watts(start.settledWatts)) : <PhaseWord phase={phase} />}
    </span>
  );
}

function PhaseWord({ phase }: { readonly phase: ReturnType<typeof startPhase> }) {
  switch (phase) {
    case 'starting':
      return (
        <span class="badge" data-state="starting">
          <StateMark state="starting" /> starting
        </span>
      );
    case 'settling':
      return <span class="aside phase">settling …</span>;
    case 'complete':
      return <span class="aside phase">not settled</span>;
    case 'unfinished':
      return <span class="aside phase">end not seen</span>;
  }
}

function Arrow() {
  return (
    <span class="aside">
      <span aria-hidden="true"> → </span>
      <span class="unseen"> to </span>
    </span>
  );
}

function Volts({ present, start }: PresentProps & { readonly start: StartRow }) {
  const format = present.format.value;
  const { voltsBefore, voltsMin } = start;
  const share = sagShare(start);
  if (voltsBefore === undefined && voltsMin === undefined) return <Unknown />;
  return (
    <>
      {format.volts(voltsBefore).text}
      <Arrow />
      {joined(format.volts(voltsMin))}
      {share !== undefined && share >= 0.0005 && <span class="aside"> −{format.percent(share)}</span>}
    </>
  );
}
