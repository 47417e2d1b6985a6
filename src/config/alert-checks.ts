import { instantOfText } from '../analysis/settings-time.ts';
import { minuteOfDay } from '../analysis/week-plan.ts';
import { ruleWords } from '../model/alert-rules.ts';
import { parseScope, type ScopeKind, scopeKinds } from '../model/scope.ts';
import { type AlertSettings, alerts } from './alert-settings.ts';
import type { Finding } from './finding.ts';
import { nearest, shown } from './problem.ts';
import { at, isMapping } from './tree.ts';
import { machineTimezone, timezone } from './values.ts';

/** What in `alerts` contradicts itself or names what is not there, as far as its shape is right. */
export function checkAlerts(tree: unknown): Finding[] {
  const given = at(tree, 'alerts');
  if (!isMapping(given)) return [];
  const parsed = alerts.safeParse(given);
  if (!parsed.success) return [];
  return [
    ...checkLevels(parsed.data, ['alerts']),
    ...parsed.data.overrides.flatMap((override, i) =>
      checkLevels(overlaid(parsed.data, override), ['alerts', 'overrides', i], override),
    ),
    ...checkWindows(parsed.data, tree),
    ...checkBudgets(parsed.data, tree),
    ...checkScopes(parsed.data, tree),
  ];
}

/** Levels that have to rise, rule by rule. */
const rising = [
  [
    'circuitLoad',
    ['infoPercent', 'warningPercent', 'criticalPercent'],
    'circuitLoad: { infoPercent: 70, warningPercent: 80, criticalPercent: 100 }',
  ],
  ['startSag', ['percent', 'criticalPercent'], 'startSag: { percent: 3, criticalPercent: 10 }'],
  ['meterImplausible', ['voltsMin', 'voltsMax'], 'meterImplausible: { voltsMin: 80, voltsMax: 300 }'],
] as const;

/** `given`: of an override, which may contradict what holds for the room. */
function checkLevels(
  settings: AlertSettings,
  path: readonly PropertyKey[],
  given?: Readonly<Record<string, unknown>>,
): Finding[] {
  return rising.flatMap(([rule, keys, example]) => {
    if (given !== undefined && given[rule] === undefined) return [];
    const levels = settings[rule] as unknown as Record<string, number>;
    return keys.slice(1).flatMap((key, i) => {
      const lower = keys[i]!;
      if (levels[lower]! < levels[key]!) return [];
      return [
        {
          path: [...path, rule, key],
          found: `${key} ${levels[key]}, which is not above ${lower} ${levels[lower]}`,
          expected: `levels that rise: ${keys.join(' < ')}`,
          example: `alerts: { ${example} }`,
        },
      ];
    });
  });
}

/** The room's settings with those of an override over them. */
function overlaid(settings: AlertSettings, override: Readonly<Record<string, unknown>>): AlertSettings {
  const rules = Object.values(ruleWords).map(({ key }) => {
    const own = isMapping(override[key]) ? override[key] : {};
    const set = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
    return [key, { ...settings[key], ...set }];
  });
  return { ...settings, ...Object.fromEntries(rules) };
}

function checkWindows({ maintenance }: AlertSettings, tree: unknown): Finding[] {
  const zone = timezone.safeParse(at(tree, 'room', 'timezone') ?? machineTimezone());
  if (!zone.success) return [];
  return maintenance.flatMap(({ days, from, to }, i) => {
    const path = ['alerts', 'maintenance', i];
    const read = (text: string) => (days === undefined ? instantOfText(text, zone.data) : minuteOfDay(text));
    const example =
      days === undefined
        ? "alerts: { maintenance: [ { name: move, from: '2026-04-01T07:00', to: '2026-04-01T12:00' } ] }"
        : "alerts: { maintenance: [ { name: patch night, days: [ tue ], from: '02:00', to: '05:00' } ] }";
    const expected =
      days === undefined
        ? 'a local date or time such as 2026-04-01T07:00 (or days, for a window that comes again)'
        : "a time of day such as '02:00'";
    const unread = (['from', 'to'] as const).filter((key) => read(key === 'from' ? from : to) === undefined);
    if (unread.length > 0)
      return unread.map((key) => ({
        path: [...path, key],
        found: shown(key === 'from' ? from : to),
        expected,
        example,
      }));
    const isEmpty = days === undefined ? read(to)! <= read(from)! : read(to) === read(from);
    if (!isEmpty) return [];
    return [
      {
        path: [...path, 'to'],
        found: `${shown(to)}, with from ${shown(from)}`,
        expected: 'an end after the begin',
        example,
      },
    ];
  });
}

function checkBudgets({ energyBudget, demandForecast }: AlertSettings, tree: unknown): Finding[] {
  const example = 'alerts: { energyBudget: { budgets: [ { scope: room, kwhPerMonth: 5000 } ] } }';
  const budgets = energyBudget.budgets.flatMap(({ kwhPerMonth, costPerMonth }, i): Finding[] => {
    const path = ['alerts', 'energyBudget', 'budgets', i];
    if (kwhPerMonth === undefined && costPerMonth === undefined)
      return [
        { path, found: 'a budget without an amount', expected: 'kwhPerMonth or costPerMonth', example },
      ];
    if (costPerMonth !== undefined && at(tree, 'room', 'tariff') === undefined)
      return [
        {
          path: [...path, 'costPerMonth'],
          found: `${costPerMonth}, but nothing says what energy costs`,
          expected: 'kwhPerMonth, or room.tariff beside it',
          example: 'room: { tariff: { currency: GBP, pricePerKwh: 0.28 } }',
        },
      ];
    return [];
  });
  return [
    ...budgets,
    ...twice(energyBudget.budgets, ['alerts', 'energyBudget', 'budgets'], example),
    ...twice(
      demandForecast.limits,
      ['alerts', 'demandForecast', 'limits'],
      'alerts: { demandForecast: { limits: [ { scope: room, kw: 20 } ] } }',
    ),
  ];
}

function twice(rows: readonly { scope: string }[], path: readonly PropertyKey[], example: string): Finding[] {
  return rows.flatMap(({ scope }, i) =>
    rows.findIndex((row) => row.scope === scope) === i
      ? []
      : [
          {
            path: [...path, i, 'scope'],
            found: `${shown(scope)} a second time`,
            expected: 'one row for each scope',
            example,
          },
        ],
  );
}

function checkScopes(settings: AlertSettings, tree: unknown): Finding[] {
  const known = namesIn(tree);
  const lists = [
    ...settings.overrides.map(({ scopes }, i) => ({ path: ['alerts', 'overrides', i, 'scopes'], scopes })),
    ...settings.maintenance.map(({ scopes = [] }, i) => ({
      path: ['alerts', 'maintenance', i, 'scopes'],
      scopes,
    })),
  ].flatMap(({ path, scopes }) => scopes.map((scope, i) => ({ path: [...path, i], scope, isList: true })));
  const single = [
    ...settings.energyBudget.budgets.map(({ scope }, i) => ({
      path: ['alerts', 'energyBudget', 'budgets', i, 'scope'],
      scope,
      isList: false,
    })),
    ...settings.demandForecast.limits.map(({ scope }, i) => ({
      path: ['alerts', 'demandForecast', 'limits', i, 'scope'],
      scope,
      isList: false,
    })),
  ];
  return [...lists, ...single].flatMap(({ path, scope, isList }) => checkScope(path, scope, isList, known));
}

function checkScope(
  path: readonly PropertyKey[],
  scope: string,
  isList: boolean,
  known: ReadonlyMap<ScopeKind, readonly string[]>,
): Finding[] {
  const example = isList
    ? 'alerts: { overrides: [ { scopes: [ rack:r1 ], highIdle: { enabled: false } } ] }'
    : 'alerts: { energyBudget: { budgets: [ { scope: room, kwhPerMonth: 5000 } ] } }';
  if (isList && scope.includes('*')) return [];
  const parsed = parseScope(scope);
  if (parsed === undefined)
    return [
      {
        path,
        found: `${shown(scope)}, which is no scope`,
        expected: `room, or one of ${scopeKinds.slice(1).join(', ')} with a name: rack:r1${isList ? ' or server:hv-*' : ''}`,
        example,
      },
    ];
  const names = known.get(parsed.kind);
  if (names === undefined || names.includes(parsed.name) || parsed.name.includes('/')) return [];
  const meant = nearest(parsed.name, names);
  return [
    {
      path,
      found: `${shown(scope)}, an unknown ${parsed.kind}`,
      expected: `a ${parsed.kind} of the room${meant === undefined ? '' : `: perhaps ${parsed.kind}:${meant}`}`,
      example,
    },
  ];
}

/** Of each kind that the settings name; none while they say nothing of the room: then it is the demo, or unknown. */
function namesIn(tree: unknown): ReadonlyMap<ScopeKind, readonly string[]> {
  const list = (value: unknown) => (Array.isArray(value) ? (value as unknown[]) : []);
  const nameOf = (value: unknown) => String(at(value, 'name') ?? '');
  const feeds = list(at(tree, 'room', 'feeds'));
  const servers = list(at(tree, 'room', 'servers'));
  const racks = list(at(tree, 'room', 'racks'));
  if (feeds.length + servers.length + racks.length === 0) return new Map();
  return new Map<ScopeKind, readonly string[]>([
    ['feed', feeds.map(nameOf)],
    ['breaker', feeds.flatMap((feed) => list(at(feed, 'breakers')).map(nameOf))],
    ['rack', racks.map(nameOf)],
    ['server', servers.map(nameOf)],
  ]);
}
