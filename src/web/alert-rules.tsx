import type { AlertRuleRow, AlertRuleScope, AlertRulesAnswer } from '../api/shapes.ts';
import { quantityText, ruleWord, scopeHash } from './alert-words.ts';
import { counted } from './format.ts';
import { Panel } from './panel.tsx';
import { usePolled } from './polled-path.ts';
import type { PresentProps } from './present.ts';
import { replaceQuery } from './routes.ts';

const everyMs = 10_000;
const scopesShownMax = 10;

interface AlertRulesProps extends PresentProps {
  readonly scope: string | undefined;
  /** The one that is unfolded. */
  readonly rule: string | undefined;
}

/** Every rule: whether it fires, and unfolded for each scope why it does not. */
export function AlertRules({ present, scope, rule }: AlertRulesProps) {
  const query = scope === undefined ? '' : `?${new URLSearchParams({ scope })}`;
  const { value, problem } = usePolled<AlertRulesAnswer>(`alerts/rules${query}`, everyMs);
  return (
    <Panel name="rules" title="Rules, and why they do not fire">
      {problem !== undefined && <p class="hint problem">The rules could not be read: {problem}.</p>}
      <ul class="rules">
        {value?.rows.map((row) => (
          <li key={row.rule} data-state={worstOf(row)}>
            <button
              type="button"
              class="quiet"
              aria-expanded={rule === row.rule}
              onClick={() => replaceQuery({ rule: rule === row.rule ? undefined : row.rule })}
            >
              {ruleWord(row.rule)}
            </button>{' '}
            <span class="rule-state">{stateOf(row)}</span>
            {rule === row.rule && <Rule present={present} row={row} />}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

/** What says how a rule stands: the gravest state of its scopes. */
function worstOf({ scopes }: AlertRuleRow): AlertRuleScope['state'] | undefined {
  return (['firing', 'pending'] as const).find((state) => scopes.some((one) => one.state === state));
}

function stateOf({ enabled, scopes, scopesLeftOut }: AlertRuleRow): string {
  if (!enabled) return 'switched off';
  const count = (state: AlertRuleScope['state']) => scopes.filter((one) => one.state === state).length;
  const said = (['firing', 'pending', 'unknown'] as const)
    .filter((state) => count(state) > 0)
    .map((state) => `${count(state)} ${state}`);
  if (said.length > 0) return said.join(', ');
  const all = scopes.length + scopesLeftOut;
  return all === 0 ? 'nothing to look at' : `${all.toLocaleString()} ok`;
}

function Rule({ present, row }: PresentProps & { readonly row: AlertRuleRow }) {
  const format = present.format.value;
  const shown = row.scopes.slice(0, scopesShownMax);
  const more = row.scopes.length - shown.length + row.scopesLeftOut;
  const text = (value: number | undefined, unit: string | undefined) =>
    value === undefined ? undefined : quantityText(value, unit, format);
  return (
    <div class="rule-open">
      <p class="hint">
        {row.meaning} Severity {row.severity}.
      </p>
      <ul class="lines">
        {shown.map(({ scope, state, value, raiseLimit, clearLimit, unit, dwellLeftMs, why }) => (
          <li key={scope} data-state={state}>
            <span>
              <a href={scopeHash(scope)}>{present.nameOf(scope)}</a> <strong>{state}</strong>{' '}
              <span class="figure">
                {[
                  text(value, unit),
                  raiseLimit !== undefined && `raises at ${text(raiseLimit, unit)}`,
                  clearLimit !== undefined &&
                    clearLimit !== raiseLimit &&
                    `clears at ${text(clearLimit, unit)}`,
                  dwellLeftMs !== undefined && `in ${format.duration(dwellLeftMs)}`,
                ]
                  .filter(Boolean)
                  .join(', ')}
              </span>
              <span class="hint">{why}</span>
            </span>
          </li>
        ))}
      </ul>
      {more > 0 && <p class="hint">{counted(more, 'further scope')} farther from firing.</p>}
    </div>
  );
}
