import { computed, type ReadonlySignal, signal } from '@preact/signals';
import type { AlertsAnswer } from '../api/shapes.ts';
import type { Alert } from '../model/alert.ts';
import { byUrgency } from './alert-words.ts';
import { type Answer, apiPath, Polled } from './answers.ts';

const everyMs = 10_000;

/** What fires or is pending: what was answered, overtaken at once by what is told live. */
export class AlertLog {
  readonly #polled = new Polled<AlertsAnswer>(apiPath('alerts'), everyMs);
  /** What was told since an answer, of which it is no part yet. */
  readonly #told = signal<{ since?: AlertsAnswer | undefined; alerts: ReadonlyMap<string, Alert> }>({
    alerts: new Map(),
  });
  readonly #ends = signal(0);

  /** Absent until first answered or told; the most urgent first. */
  readonly answer: ReadonlySignal<Answer<readonly Alert[]>> = computed(() => {
    const { value, problem } = this.#polled.answer.value;
    const told = this.#told.value;
    const isNewer = told.since === value && told.alerts.size > 0;
    const rows = value || isNewer ? mergeAlerts(value?.rows ?? [], isNewer ? told.alerts : none) : undefined;
    return { ...(rows && { value: rows }), ...(problem !== undefined && { problem }) };
  });

  /** Those that fire and are told to people: neither silenced, inhibited, muted nor taken on by somebody. */
  readonly open: ReadonlySignal<readonly Alert[]> = computed(() =>
    (this.answer.value.value ?? []).filter(
      ({ state, suppressedBy, ackedBy }) =>
        state === 'firing' && suppressedBy === undefined && ackedBy === undefined,
    ),
  );

  /** Grows each time one is over: the history has a new line. */
  get ends(): ReadonlySignal<number> {
    return this.#ends;
  }

  follow(): () => void {
    return this.#polled.follow();
  }

  ask(): Promise<void> {
    return this.#polled.ask();
  }

  /** An alert is told, as it is now. */
  take(alert: Alert): void {
    const since = this.#polled.answer.peek().value;
    const before = this.#told.peek();
    const known = before.since === since ? before.alerts : none;
    this.#told.value = { since, alerts: new Map(known).set(alert.id, alert) };
    if (alert.state === 'resolved') this.#ends.value += 1;
  }
}

const none: ReadonlyMap<string, Alert> = new Map();

/** Those under way, with what was told of them; what is over is left out. */
export function mergeAlerts(rows: readonly Alert[], told: ReadonlyMap<string, Alert>): readonly Alert[] {
  return [...new Map([...rows.map((row) => [row.id, row] as const), ...told]).values()]
    .filter(({ state }) => state !== 'resolved')
    .sort(byUrgency);
}
