import { useComputed } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { DeviceRow } from '../api/shapes.ts';
import { type DeviceState, deviceState, sortDevices, troubles } from './device-list.ts';
import { FirstRun } from './first-run.tsx';
import { counted } from './format.ts';
import { lossSentences } from './losses.ts';
import { MoreRows, useShownRows } from './more-rows.tsx';
import { Panel } from './panel.tsx';
import type { PresentProps } from './present.ts';
import { rejectHint } from './reject-hints.ts';
import type { Query } from './routes.ts';
import { ServerLink } from './server-link.tsx';
import { num, TableHead } from './table-head.tsx';
import { hasWords, TextFilter } from './text-filter.tsx';

/** Ages stand on this view: they may not be much older than they say. */
const everyMs = 3_000;

/** Every meter that was heard: what it is, when it last spoke, and what of it could not be read and why. */
export function DevicesView({
  present,
  route,
}: PresentProps & { readonly route: { readonly query: Query } }) {
  useEffect(() => present.devices.follow(everyMs), [present]);
  const shown = useShownRows();
  const words = route.query.q ?? '';
  const { value, problem } = present.devices.answer.value;
  if (!value) {
    return (
      <p class="panel empty">
        {problem === undefined
          ? 'Reading the list of devices …'
          : `The list of devices could not be read: ${problem}. Asking again.`}
      </p>
    );
  }
  const { devices, unread } = sortDevices(value.rows);
  const found = devices.filter((row) => hasWords(wordsOf(row), words));
  if (devices.length === 0 && !unread) return <FirstRun present={present} />;
  return (
    <>
      {problem !== undefined && present.link.value.phase === 'live' && (
        <p class="notice notice-bad" role="alert">
          The list of devices could not be read again: {problem}. What is shown is older.
        </p>
      )}
      <Panel
        name="devices"
        look="table-panel"
        title="Devices"
        head={
          <>
            <span class="count">{summary(devices)}</span>
            <TextFilter text={words} label="Filter devices by name, family, model or state" />
          </>
        }
      >
        <DevicesTable present={present} rows={found.slice(0, shown.value)} />
        {found.length === 0 && <p class="empty">No device matches.</p>}
        <MoreRows shown={shown} total={found.length} />
      </Panel>
      {unread && troubles(unread).length > 0 && <Unread present={present} row={unread} />}
      <Lost present={present} />
    </>
  );
}

/** What a device is found by. */
const wordsOf = (row: DeviceRow) =>
  [
    row.device,
    row.name,
    row.family,
    row.model,
    row.firmware,
    stateWord[deviceState(row)],
    ...row.outlets,
  ].join(' ');

function summary(devices: readonly DeviceRow[]): string {
  const outlets = devices.reduce((sum, row) => sum + row.outlets.length, 0);
  const count = (state: DeviceState) => devices.filter((row) => deviceState(row) === state).length;
  return [
    counted(devices.length, 'device'),
    counted(outlets, 'outlet'),
    ...(['offline', 'silent'] as const).map(
      (state) => count(state) > 0 && `${count(state).toLocaleString()} ${state}`,
    ),
  ]
    .filter(Boolean)
    .join(' · ');
}

function DevicesTable({ present, rows }: PresentProps & { readonly rows: readonly DeviceRow[] }) {
  const serverOf = useComputed(
    () =>
      new Map(
        present.roster.value.flatMap((row) => row.inputs.map(({ outlet }) => [outlet, row.scope] as const)),
      ),
  );
  return (
    <table class="devices" aria-labelledby="devices-title">
      <TableHead
        grid="device-grid"
        columns={[
          'Device',
          'Family and model',
          'State',
          num('Last heard'),
          num('Messages', 'Since the service started'),
          'Supplies',
          'Not readable',
        ]}
      />
      <tbody>
        {rows.map((row) => (
          <DeviceLine key={row.device} present={present} row={row} serverOf={serverOf.value} />
        ))}
      </tbody>
    </table>
  );
}

interface DeviceLineProps extends PresentProps {
  readonly row: DeviceRow;
  readonly serverOf: ReadonlyMap<string, string>;
}

function DeviceLine({ present, row, serverOf }: DeviceLineProps) {
  const format = present.format.value;
  const state = deviceState(row);
  return (
    <tr class="device-grid" data-state={state}>
      <td class="device-name">
        <strong>{row.device}</strong>
        {row.name !== undefined && row.name !== row.device && <span class="aside">{row.name}</span>}
      </td>
      <td class="device-model">
        {row.family}
        <span class="aside">
          {[row.model, row.firmware].filter((text) => text !== undefined).join(' · ')}
        </span>
      </td>
      <td class="device-state">
        <span class="tag verdict" data-verdict={verdictOf[state]}>
          {stateWord[state]}
        </span>
      </td>
      <td class="num" data-label="Last heard">
        {row.lastAtMs === undefined ? 'never live' : `${format.age(present.ageMs(row.lastAtMs))} ago`}
      </td>
      <td class="num" data-label="Messages">
        {format.count(row.messages)}
      </td>
      <td class="device-outlets" data-label="Supplies">
        <Outlets present={present} row={row} serverOf={serverOf} />
      </td>
      <td class="device-rejects" data-label="Not readable">
        <Rejects present={present} row={row} />
      </td>
    </tr>
  );
}

const stateWord: Record<DeviceState, string> = {
  offline: 'offline',
  silent: 'silent',
  unheard: 'not heard live',
  unreadable: 'heard',
  ok: 'heard',
};
const verdictOf: Record<DeviceState, string> = {
  offline: 'high',
  silent: 'high',
  unheard: 'learning',
  unreadable: 'ok',
  ok: 'ok',
};

const outletsShownMax = 6;

/** The servers a device feeds; long lists are folded. */
function Outlets({ present, row, serverOf }: DeviceLineProps) {
  // Of one that never told its outlets the settings say what hangs there.
  const told = row.outlets.length > 0 ? row.outlets : [...serverOf.keys()].filter(isOf(row.device));
  const links = told.map((outlet) => (
    <li key={outlet}>
      <span class="aside">{outlet.slice(outlet.lastIndexOf('/') + 1)}</span>{' '}
      {serverOf.has(outlet) ? (
        <ServerLink present={present} scope={serverOf.get(outlet)!} />
      ) : (
        <span class="aside">–</span>
      )}
    </li>
  ));
  if (links.length === 0) return <span class="aside">no outlet yet</span>;
  if (links.length <= outletsShownMax) return <ul class="outlets">{links}</ul>;
  return (
    <details>
      <summary>{counted(links.length, 'outlet')}</summary>
      <ul class="outlets">{links}</ul>
    </details>
  );
}

const isOf = (device: string) => (outlet: string) => outlet.slice(0, outlet.lastIndexOf('/')) === device;

function Rejects({ present, row }: PresentProps & { readonly row: DeviceRow }) {
  const found = troubles(row);
  if (found.length === 0) return <span class="aside">nothing</span>;
  return (
    <ul class="rejects">
      {found.map(([reason, count]) => (
        <li key={reason}>
          <span class="figure">{present.format.value.count(count)}</span> × {reason.replaceAll('-', ' ')}
          {rejectHint(reason) !== undefined && <span class="hint">{rejectHint(reason)}</span>}
        </li>
      ))}
    </ul>
  );
}

/** Only when there is any. */
function Lost({ present }: PresentProps) {
  const ready = present.ready.answer.value.value;
  const sentences = ready ? lossSentences(ready) : [];
  if (sentences.length === 0) return null;
  return (
    <Panel name="lost" title="Lost or set aside since the service started">
      <ul class="rejects">
        {sentences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
    </Panel>
  );
}

function Unread({ present, row }: PresentProps & { readonly row: DeviceRow }) {
  return (
    <Panel
      name="unread"
      title="Topics nobody can read"
      head={<span class="count">{present.format.value.count(row.messages)} messages</span>}
    >
      <Rejects present={present} row={row} />
      <p class="hint">
        <code>npx rackwatt discover</code> lists these topics and why they could not be read; a mapping in the
        settings makes a device of them.
      </p>
    </Panel>
  );
}
