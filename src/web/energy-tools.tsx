import { useRef } from 'preact/hooks';
import { apiPath } from './answers.ts';
import { divisions, type EnergyChanges, type EnergyProps, energyQuery, measures } from './energy-asked.ts';
import { dateAt, dateText, periodBeside, periods, type Step, stepsOf } from './energy-period.ts';
import { measureLabels, periodLabels, spanText } from './energy-words.ts';
import { hashOf, replaceQuery } from './routes.ts';

/** Which time, drawn how and by whom; all of it in the address. On paper only what was chosen. */
export function EnergyTools({ present, asked, csv }: EnergyProps & { readonly csv: string }) {
  const format = present.format.value;
  const change = (changes: EnergyChanges) => replaceQuery(energyQuery(asked, changes));
  const steps = stepsOf[asked.period];
  const room = present.tree.answer.value.value?.name;
  return (
    <section class="panel energy-tools" aria-labelledby="energy-title">
      <div class="panel-head">
        <h2 id="energy-title">
          <span class="on-paper">{room} · </span>
          {asked.scope === undefined ? 'Energy' : `Energy of ${present.nameOf(asked.scope)}`}
          <span class="on-paper">
            {' '}
            · {spanText(asked.period, asked.fromMs, asked.toMs, format)} · times of {asked.timezone}
          </span>
        </h2>
        {asked.scope !== undefined && (
          <a href={hashOf({ view: 'energy', query: { ...energyQuery(asked, {}), scope: undefined } })}>
            Whole room
          </a>
        )}
        <Choice
          name="period"
          legend="Length of time"
          options={periods.map((period) => [period, periodLabels[period]])}
          chosen={asked.period}
          choose={(period) => change({ period })}
        />
        <PeriodNavigation present={present} asked={asked} />
        <Choice
          name="measure"
          legend="Measure"
          options={measures.map((measure) => [measure, measureLabels[measure]])}
          chosen={asked.measure}
          choose={(measure) => change({ measure })}
        />
        {steps.length > 1 && (
          <Select label="Bars" value={asked.step} change={(step) => change({ step: step as Step })}>
            {steps.map((step) => [step, `${periodLabels[step as 'day'] ?? 'Hour'}s`] as const)}
          </Select>
        )}
        {asked.scope === undefined && (
          <Select
            label="By"
            value={asked.by}
            change={(by) => change({ by: by as (typeof divisions)[number] })}
          >
            {divisions.map((by) => [by, by === 'room' ? 'whole room' : by] as const)}
          </Select>
        )}
        <span class="energy-out">
          <a
            href={apiPath(csv)}
            download={`energy-${asked.period}-${dateText(asked.fromMs, asked.timezone)}.csv`}
          >
            CSV
          </a>
          <button type="button" class="quiet" onClick={() => print()}>
            Print
          </button>
        </span>
      </div>
    </section>
  );
}

/** Back and forth by one period, to a day, and to now. */
function PeriodNavigation({ present, asked }: EnergyProps) {
  const { period, timezone, nowMs } = asked;
  const picker = useRef<HTMLInputElement>(null);
  const linkTo = (direction: -1 | 1, label: string, sign: string) => {
    const span = periodBeside(period, asked, direction, timezone);
    // The one that holds the last of its days: of several years the last year counts.
    const isThere = span !== undefined && (direction < 0 || !asked.isUnderWay);
    const atMs = span && Math.max(span.fromMs, span.toMs - 1);
    return isThere ? (
      <a
        class="step"
        href={hashOf({ view: 'energy', query: energyQuery(asked, { atMs: atMs! }) })}
        aria-label={label}
        rel={direction < 0 ? 'prev' : 'next'}
      >
        {sign}
      </a>
    ) : (
      <span class="step" aria-hidden="true">
        {sign}
      </span>
    );
  };
  return (
    <div class="energy-when">
      {linkTo(-1, `The ${period} before`, '‹')}
      <output class="energy-span" aria-live="polite">
        {spanText(period, asked.fromMs, asked.toMs, present.format.value)}
      </output>
      <button
        type="button"
        class="step to-day"
        aria-label="Go to a day"
        title={`Go to a day, of ${timezone.replaceAll('_', ' ')}`}
        onClick={() => picker.current?.showPicker()}
      >
        ▾
      </button>
      {/* It would write the date as the browser does: what is seen of it is the calendar alone. */}
      <input
        ref={picker}
        type="date"
        tabIndex={-1}
        aria-hidden="true"
        value={dateText(Math.min(asked.toMs - 1, nowMs), timezone)}
        max={dateText(nowMs, timezone)}
        onChange={({ currentTarget: { value } }) => {
          const atMs = dateAt(value, timezone);
          if (atMs !== undefined) replaceQuery(energyQuery(asked, { atMs }));
        }}
      />
      {linkTo(1, `The ${period} after`, '›')}
      {!asked.isUnderWay && (
        <a href={hashOf({ view: 'energy', query: energyQuery(asked, { atMs: nowMs }) })}>Now</a>
      )}
    </div>
  );
}

interface ChoiceProps<T extends string> {
  readonly name: string;
  readonly legend: string;
  readonly options: readonly (readonly [T, string])[];
  readonly chosen: T;
  choose(option: T): void;
}

function Choice<T extends string>({ name, legend, options, chosen, choose }: ChoiceProps<T>) {
  return (
    <fieldset class="segmented">
      <legend class="unseen">{legend}</legend>
      {options.map(([option, label]) => (
        <label key={option}>
          <input type="radio" name={name} checked={option === chosen} onChange={() => choose(option)} />
          <span>{label}</span>
        </label>
      ))}
    </fieldset>
  );
}

interface SelectProps {
  readonly label: string;
  readonly value: string;
  change(value: string): void;
  readonly children: readonly (readonly [string, string])[];
}

function Select({ label, value, change, children }: SelectProps) {
  return (
    <label class="select">
      {label}{' '}
      <select value={value} onChange={({ currentTarget }) => change(currentTarget.value)}>
        {children.map(([option, text]) => (
          <option value={option} key={option}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
