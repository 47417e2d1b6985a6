import { z } from 'zod';
import { weekdays } from '../analysis/tariff-settings.ts';
import { type AlertRule, alertRules, severities } from '../model/alert.ts';
import { type RuleWords, ruleWords } from '../model/alert-rules.ts';
import { name, note, type SettingNote, section } from './setting-note.ts';
import { dwell, flag, text } from './values.ts';

/** One setting of a rule: how it is read, its default as written, and what is said of it. */
interface Field {
  readonly schema: z.ZodType;
  readonly standard?: unknown;
  readonly note: SettingNote;
}

const seconds = (sentence: string, example = '5m'): SettingNote => ({
  sentence,
  expected: 'a length of time such as 30s, 5m, 2h or 1d; 0s: at once',
  example,
});
const number = (sentence: string, example: string): SettingNote => ({
  sentence,
  expected: 'a number above 0',
  example,
});
const percent = (sentence: string, example: string): SettingNote => ({
  sentence,
  expected: 'a percentage above 0',
  example,
});
const positive = z.number().positive().max(1_000_000_000);
const share = z.number().positive().max(1);
const clearGap = {
  schema: z.number().min(0).max(90),
  standard: 5,
  note: percent('It clears at so many per cent below the level at which it fires.', '10'),
} satisfies Field;
const usableShare = {
  schema: share,
  standard: 0.8,
  note: {
    sentence:
      'Share of a rating that is planned with: continuous load may take 80 % in North America, and is planned so elsewhere.',
    expected: 'a number above 0, at most 1',
    example: '0.9',
  },
} satisfies Field;
const ratingAmps = {
  schema: positive.optional(),
  note: number('Rating, A, where the room names none: for a feed, a rack, an outlet (in overrides).', '63'),
} satisfies Field;

/** What each rule has besides enabled, severity, raiseAfter and clearAfter. */
const fieldsOf = {
  'high-idle': {
    clearShare: {
      schema: share,
      standard: 0.95,
      note: {
        sentence: 'It clears below this share of the limit.',
        expected: 'a number above 0, at most 1',
        example: '0.9',
      },
    },
    atOnceTimes: {
      schema: z.number().min(1).max(1_000_000),
      standard: 1.5,
      note: {
        sentence:
          'Beyond so many times the limit raiseAfter is not waited for. Limits learnt from machines alike move while those are learnt.',
        expected: 'a number, 1 or more',
        example: '2',
      },
    },
    hoursMin: {
      schema: z.number().min(0).max(10_000),
      standard: 12,
      note: {
        sentence: 'Idle levels learnt from fewer hours are not judged.',
        expected: 'a number of hours, 0 or more',
        example: '48',
      },
    },
  },
  'idle-moved': {
    percent: {
      schema: positive,
      standard: 15,
      note: percent('Told from a change of so many per cent …', '20'),
    },
    watts: { schema: positive, standard: 15, note: number('… and of so many watts.', '30') },
  },
  'idle-candidate': {
    days: { schema: positive, standard: 30, note: number('For so many days.', '14') },
    idleShare: {
      schema: share,
      standard: 0.97,
      note: {
        sentence: 'Share of its time that it spends at its idle level, at least.',
        expected: 'a number above 0, at most 1',
        example: '0.95',
      },
    },
  },
  'start-surge': {
    ratingAmps,
  },
  'start-sag': {
    percent: { schema: positive, standard: 3, note: percent('Told from a drop of so many per cent.', '4') },
    criticalPercent: {
      schema: positive,
      standard: 10,
      note: percent('Critical from so many: what EN 50160 calls a dip.', '8'),
    },
  },
  'circuit-load': {
    infoPercent: {
      schema: positive,
      standard: 70,
      note: percent('Told with the rule’s severity from so many per cent of the usable current, …', '60'),
    },
    warningPercent: { schema: positive, standard: 80, note: percent('… as a warning from so many, …', '90') },
    criticalPercent: { schema: positive, standard: 100, note: percent('… as critical from so many.', '110') },
    usableShare,
    ratingAmps,
    clearGap,
  },
  'redundancy-lost': {},
  'feed-lost': {},
  'failover-overload': { usableShare, ratingAmps, clearGap },
  'server-off': {},
  'server-back': {
    offFor: { schema: dwell, standard: '30m', note: seconds('Told after it was off for so long.', '1h') },
  },
  'device-silent': {},
  'meter-implausible': {
    percent: {
      schema: positive,
      standard: 15,
      note: percent('So many per cent more watts than volts × amps are implausible.', '25'),
    },
    voltsMin: { schema: positive, standard: 80, note: number('No mains has less, V.', '180') },
    voltsMax: { schema: positive, standard: 300, note: number('No mains has more, V.', '500') },
    ampsMax: { schema: positive, standard: 100, note: number('No outlet carries more, A.', '40') },
  },
  'energy-budget': {
    budgets: {
      schema: z
        .array(
          z.strictObject({
            scope: note(text(300), {
              sentence: 'Scope.',
              expected: 'a scope such as room or rack:r1',
              example: 'room',
            }),
            kwhPerMonth: note(positive.optional(), number('Energy, kWh in a month.', '5000')),
            costPerMonth: note(positive.optional(), number('Money, in a month.', '1200')),
          }),
        )
        .max(1_000),
      standard: [],
      note: {
        sentence: 'What may be drawn in a month: scope, and kwhPerMonth or costPerMonth.',
        expected: 'a list, each with scope and kwhPerMonth or costPerMonth',
        example: '[ { scope: room, kwhPerMonth: 5000 } ]',
      },
    },
  },
  'demand-forecast': {
    limits: {
      schema: z
        .array(
          z.strictObject({
            scope: note(text(300), {
              sentence: 'Scope.',
              expected: 'a scope such as room or rack:r1',
              example: 'room',
            }),
            kw: note(positive, number('Highest mean, kW.', '20')),
            minutes: note(z.union([z.literal(15), z.literal(30)]).prefault(15), {
              sentence: 'Over how long the mean is taken.',
              expected: '15 or 30',
              example: '30',
            }),
          }),
        )
        .max(1_000),
      standard: [],
      note: {
        sentence: 'Means that may not be exceeded: scope, kw, and minutes 15 or 30.',
        expected: 'a list, each with scope and kw',
        example: '[ { scope: room, kw: 20, minutes: 15 } ]',
      },
    },
    clearGap,
  },
  'broker-away': {},
  'store-away': {},
  'backlog-growing': {
    fullPercent: {
      schema: z.number().positive().max(100),
      standard: 50,
      note: percent('Critical from so many per cent of store.backlog.maxBytes.', '80'),
    },
  },
} as const satisfies Record<AlertRule, Record<string, Field>>;

const common = (rule: AlertRule) => {
  const { severity, raiseAfter, clearAfter }: RuleWords = ruleWords[rule];
  return {
    enabled: {
      schema: flag,
      standard: true,
      note: { sentence: 'Whether it is looked at.', expected: 'true or false', example: 'false' },
    },
    severity: {
      schema: z.enum(severities),
      standard: severity,
      note: {
        sentence: 'How grave it is.',
        expected: severities.join(' or '),
        example: 'critical',
      },
    },
    raiseAfter: {
      schema: dwell,
      standard: raiseAfter,
      note: seconds('It fires when it has held for so long.'),
    },
    clearAfter: {
      schema: dwell,
      standard: clearAfter,
      note: seconds('It resolves when it has been over for so long.', '10m'),
    },
  } as const satisfies Record<string, Field>;
};

type Fields<R extends AlertRule> = ReturnType<typeof common> & (typeof fieldsOf)[R];
type Whole<F> = { [K in keyof F]: F[K] extends { schema: infer S extends z.ZodType } ? S : never };
type Part<F> = {
  [K in keyof F]: F[K] extends { schema: infer S extends z.ZodType } ? z.ZodOptional<S> : never;
};

/** What happens in a moment has no raise dwell. */
function fields<R extends AlertRule>(rule: R): Fields<R> {
  const { raiseAfter, ...others } = common(rule);
  const dwells = raiseAfter.standard === undefined ? others : { raiseAfter, ...others };
  return { ...dwells, ...fieldsOf[rule] } as unknown as Fields<R>;
}

/** All settings of a rule with their defaults. */
function whole<R extends AlertRule>(rule: R): z.ZodObject<Whole<Fields<R>>, z.core.$strict> {
  const shape = Object.fromEntries(
    Object.entries(fields(rule) as unknown as Record<string, Field>).map(
      ([key, { schema, standard, note: about }]) => [
        key,
        note(standard === undefined ? schema : schema.prefault(standard as never), about),
      ],
    ),
  );
  return z.strictObject(shape) as never;
}

/** Some settings of a rule, as an override gives them. Lists of limits are of the whole room. */
function part<R extends AlertRule>(rule: R): z.ZodOptional<z.ZodObject<Part<Fields<R>>, z.core.$strict>> {
  const shape = Object.fromEntries(
    Object.entries(fields(rule) as unknown as Record<string, Field>)
      .filter(([, { schema }]) => !(schema instanceof z.ZodArray))
      .map(([key, { schema, note: about }]) => [key, note(schema.optional(), about)]),
  );
  return note(z.strictObject(shape), section(`Of the rule ${rule}.`)).optional() as never;
}

type Key<R extends AlertRule> = (typeof ruleWords)[R]['key'];
type WholeShape = { [R in AlertRule as Key<R>]: z.ZodPrefault<ReturnType<typeof whole<R>>> };
type PartShape = { [R in AlertRule as Key<R>]: ReturnType<typeof part<R>> };

const wholes = Object.fromEntries(
  alertRules.map((rule) => [
    ruleWords[rule].key,
    note((whole(rule) as z.ZodType).prefault({}), section(`${rule}: ${ruleWords[rule].meaning}`)),
  ]),
) as unknown as WholeShape;
const parts = Object.fromEntries(
  alertRules.map((rule) => [ruleWords[rule].key, part(rule)]),
) as unknown as PartShape;

const scopes = (sentence: string): SettingNote => ({
  sentence,
  expected: 'a list of scopes or patterns such as rack:r1, feed:A or server:hv-*',
  example: "[ rack:r1, 'server:hv-*' ]",
});

const override = z.strictObject({
  scopes: note(
    z.array(text(300)).min(1).max(1_000),
    scopes('For which it holds, and what is in them; the last that fits wins.'),
  ),
  ...parts,
});

const timeText = (sentence: string, example: string): SettingNote => ({
  sentence,
  expected: "with days, a time of day such as '02:00'; else a local time such as 2026-04-01T07:00",
  example,
});

const maintenance = z.strictObject({
  name: note(name, { sentence: 'Name.', expected: 'a name of 1 to 100 characters', example: 'patch night' }),
  scopes: note(z.array(text(300)).min(1).max(1_000).optional(), scopes('What is worked on; absent: all.')),
  rules: note(z.array(z.enum(alertRules)).min(1).max(alertRules.length).optional(), {
    sentence: 'Which rules say nothing then; absent: all.',
    expected: `a list of ${alertRules.join(', ')}`,
    example: '[ server-off, device-silent ]',
  }),
  days: note(z.array(z.enum(weekdays)).min(1).max(7).optional(), {
    sentence: 'Again and again on these days; absent: once.',
    expected: 'a list of mon, tue, wed, thu, fri, sat, sun',
    example: '[ tue ]',
  }),
  from: note(text(40), timeText('From when.', "'02:00'")),
  to: note(text(40), timeText('Until when; of days, before from: on the day after.', "'05:00'")),
});

/** When to raise an alert. */
export const alerts = z.strictObject({
  remindAfter: note(dwell.prefault('24h'), {
    sentence:
      'An alert that still fires and that nobody has acknowledged is told again after so long. 0s: never.',
    expected: 'a length of time such as 4h or 1d; 0s: never',
    example: '4h',
  }),
  maintenance: note(z.array(maintenance).max(1_000).prefault([]), {
    sentence:
      'Times in which alerts are not told: name, from, to, and any of scopes, rules and days (then from and to are times of day).',
    expected: 'a list of windows, each with name, from and to',
    example: "[ { name: patch night, days: [ tue ], from: '02:00', to: '05:00', scopes: [ rack:r1 ] } ]",
  }),
  overrides: note(z.array(override).max(1_000).prefault([]), {
    sentence: 'Other settings for some scopes: scopes, and the rules with what is different.',
    expected: 'a list, each with scopes and rules',
    example: '[ { scopes: [ rack:r1 ], highIdle: { enabled: false }, circuitLoad: { infoPercent: 60 } } ]',
  }),
  ...wholes,
});

export type AlertSettings = z.output<typeof alerts>;
