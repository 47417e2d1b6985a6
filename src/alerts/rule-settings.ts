import type { AlertSettings } from '../config/alert-settings.ts';
import type { AlertRule } from '../model/alert.ts';
import { ruleWords } from '../model/alert-rules.ts';
import { ScopePatterns } from './scope-pattern.ts';
import type { Topology } from './topology.ts';

/** The settings of a rule. */
export type SettingsOf<R extends AlertRule> = AlertSettings[(typeof ruleWords)[R]['key']];

/** The settings of rules scope by scope: those of the room, and over them what overrides say. */
export class RuleSettings {
  readonly #settings: AlertSettings;
  readonly #topology: () => Topology;
  readonly #overrides: readonly {
    readonly patterns: ScopePatterns;
    readonly rules: Record<string, object>;
  }[];
  readonly #known = new Map<AlertRule, Map<string, unknown>>();

  constructor(settings: AlertSettings, topology: () => Topology) {
    this.#settings = settings;
    this.#topology = topology;
    this.#overrides = settings.overrides.map(({ scopes, ...rules }) => ({
      patterns: new ScopePatterns(scopes),
      rules: rules as Record<string, object>,
    }));
  }

  /** For a scope; without one, those of the room. */
  of<R extends AlertRule>(rule: R, scope?: string): SettingsOf<R> {
    const { key } = ruleWords[rule];
    const standard = this.#settings[key] as SettingsOf<R>;
    if (scope === undefined || this.#overrides.length === 0) return standard;
    let ofRule = this.#known.get(rule);
    if (ofRule === undefined) {
      ofRule = new Map();
      this.#known.set(rule, ofRule);
    }
    const known = ofRule.get(scope);
    if (known !== undefined) return known as SettingsOf<R>;
    const containers = this.#topology().containersOf(scope);
    let settings: SettingsOf<R> = standard;
    for (const { patterns, rules } of this.#overrides) {
      const own = rules[key];
      if (own !== undefined && patterns.fitsAny(containers)) settings = { ...settings, ...given(own) };
    }
    if (ofRule.size >= knownMax) ofRule.clear();
    ofRule.set(scope, settings);
    return settings;
  }

  /** Is it switched on anywhere? */
  isUsed(rule: AlertRule): boolean {
    const { key } = ruleWords[rule];
    return (
      this.#settings[key].enabled ||
      this.#overrides.some(({ rules }) => (rules[key] as { enabled?: boolean } | undefined)?.enabled === true)
    );
  }

  /** Does anything in the settings give a rule this optional value? */
  gives(rule: AlertRule, name: string): boolean {
    const { key } = ruleWords[rule];
    const has = (own: object | undefined) =>
      own !== undefined && (own as Record<string, unknown>)[name] !== undefined;
    return has(this.#settings[key]) || this.#overrides.some(({ rules }) => has(rules[key]));
  }

  /** The room is cabled otherwise: other overrides may fit. */
  forget(): void {
    this.#known.clear();
  }
}

const knownMax = 500_000;

/** Without what is undefined. */
function given<T extends object>(settings: T): T {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as T;
}
