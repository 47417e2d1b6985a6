import { useSignal } from '@preact/signals';
import type { SilenceRequest } from '../api/shapes.ts';
import { type AlertRule, alertRules, type Silence } from '../model/alert.ts';
import { ruleWord, scopeWord, silenceText } from './alert-words.ts';
import { OperateForm } from './operate-form.tsx';
import { Panel } from './panel.tsx';
import type { PresentProps } from './present.ts';
import { send } from './sending.ts';

const lengths: readonly (readonly [minutes: number, label: string])[] = [
  [30, '30 minutes'],
  [60, '1 hour'],
  [240, '4 hours'],
  [1_440, '1 day'],
  [10_080, '1 week'],
];

interface SilenceFormProps extends PresentProps {
  /** What it begins with; both may be changed to all. */
  readonly scope?: string | undefined;
  readonly rule?: AlertRule;
  close?(): void;
}

/** For a while nobody is told of some alerts. */
export function SilenceForm({ present, scope, rule, close }: SilenceFormProps) {
  const where = useSignal(scope ?? '');
  const what = useSignal<string>(rule ?? '');
  const minutes = useSignal(60);
  const nameOf = (one: string) => present.nameOf(one);
  const tree = present.tree.answer.value.value;
  const scopes = [
    ...(scope === undefined ? [] : [scope]),
    ...(tree?.feeds ?? []).flatMap(({ name, breakers }) => [
      `feed:${name}`,
      ...breakers.map((breaker) => `breaker:${breaker.name}`),
    ]),
    ...(tree?.racks ?? []).map(({ name }) => `rack:${name}`),
    ...(scope === undefined ? (tree?.servers ?? []).map((server) => server.scope) : []),
  ];
  return (
    <OperateForm
      label="Silence"
      {...(close && { close })}
      act={async (signed) => {
        const request: SilenceRequest = {
          ...signed,
          minutes: minutes.value,
          ...(where.value !== '' && { scopes: [where.value] }),
          ...(what.value !== '' && { rules: [what.value as AlertRule] }),
        };
        await send<Silence>('POST', 'silences', request);
        await Promise.all([present.silences.ask(), present.alerts.ask()]);
      }}
    >
      <label>
        Where
        <select value={where.value} onChange={({ currentTarget }) => (where.value = currentTarget.value)}>
          <option value="">Everywhere</option>
          {[...new Set(scopes)].map((one) => (
            <option value={one} key={one}>
              {scopeWord(one, nameOf)}
            </option>
          ))}
        </select>
      </label>
      <label>
        Rule
        <select value={what.value} onChange={({ currentTarget }) => (what.value = currentTarget.value)}>
          <option value="">All rules</option>
          {alertRules.map((one) => (
            <option value={one} key={one}>
              {ruleWord(one)}
            </option>
          ))}
        </select>
      </label>
      <label>
        For
        <select
          value={minutes.value}
          onChange={({ currentTarget }) => (minutes.value = Number(currentTarget.value))}
        >
          {lengths.map(([length, label]) => (
            <option value={length} key={length}>
              {label}
            </option>
          ))}
        </select>
      </label>
    </OperateForm>
  );
}

/** Silences that hold or will, and a new one. */
export function Silences({ present, scope }: PresentProps & { readonly scope: string | undefined }) {
  const { value, problem } = present.silences.answer.value;
  return (
    <Panel name="silences" title="Silences">
      {problem !== undefined && <p class="hint problem">The silences could not be read: {problem}.</p>}
      {value?.rows.length === 0 && <p class="hint">None: people are told of every alert that fires.</p>}
      <ul class="lines">
        {value?.rows.map((silence) => (
          <SilenceLine key={silence.id} present={present} silence={silence} />
        ))}
      </ul>
      {present.session.mayOperate.value && (
        <details>
          <summary>New silence</summary>
          <SilenceForm present={present} scope={scope} />
        </details>
      )}
    </Panel>
  );
}

function SilenceLine({ present, silence }: PresentProps & { readonly silence: Silence }) {
  const format = present.format.value;
  const nowMs = present.nowMs();
  const problem = useSignal<string | undefined>(undefined);
  const ending = useSignal(false);
  const end = async () => {
    ending.value = true;
    problem.value = undefined;
    try {
      await send('DELETE', `silences/${encodeURIComponent(silence.id)}`);
      await Promise.all([present.silences.ask(), present.alerts.ask()]);
    } catch (error) {
      problem.value = (error as Error).message;
    } finally {
      ending.value = false;
    }
  };
  return (
    <li>
      <span>
        <strong>{silenceText(silence, (scope) => present.nameOf(scope))}</strong>
        <span class="hint">
          {silence.fromMs > nowMs && `from ${format.when(silence.fromMs, nowMs)} `}
          until {format.when(silence.toMs, nowMs)}, by {silence.by}
          {silence.note !== undefined && `: ${silence.note}`}
        </span>
        {problem.value !== undefined && (
          <span class="problem" role="alert">
            Not ended: {problem.value}.
          </span>
        )}
      </span>
      {present.session.mayOperate.value && (
        <button type="button" class="quiet" disabled={ending.value} onClick={end}>
          End<span class="unseen"> this silence</span>
        </button>
      )}
    </li>
  );
}
