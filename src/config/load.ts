import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isLoopback } from '../base/loopback.ts';
import { settings as catalog } from './catalog.ts';
import { crossCheck } from './cross-checks.ts';
import { configVariable, type Given, readEnvironment } from './environment.ts';
import { fromFinding, fromIssue } from './explain.ts';
import { readSettingsText, type SettingsText } from './file.ts';
import { SettingsError, type SettingsProblem } from './problem.ts';
import { type Settings, settingsSchema } from './schema.ts';
import { at, dotted, isMapping } from './tree.ts';

/**
 * Reads, checks and explains the settings: a file if one is named, the environment over it, defaults for the
 * rest. Every mistake is found before any is reported.
 */
export interface SettingsInput {
  /** From `--config`; wins over RACKWATT_CONFIG. */
  readonly configPath?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

export interface LoadedSettings {
  readonly settings: Settings;
  /** For the admin, one sentence each. */
  readonly warnings: readonly string[];
  /** What was given by file or environment: settings and the sections they are in, e.g. `mqtt`, `mqtt.url`. */
  readonly configured: ReadonlySet<string>;
}

/** Throws a SettingsError that holds every mistake. */
export function loadSettings({ configPath, env, cwd }: SettingsInput): LoadedSettings {
  const file = readFile(configPath ?? (env[configVariable] || undefined), cwd);
  const environment = readEnvironment(env, cwd);
  const tree = merge(withoutNothing(file.tree) as Record<string, unknown>, environment.given);
  const where = (path: readonly PropertyKey[], key?: string) => whereIs(path, key, file, environment.given);

  const parsed = settingsSchema.safeParse(tree);
  // With a file that cannot be read at all, what it should have said is missing everywhere: not worth saying.
  const checked =
    file.problems.length > 0 ? [] : crossCheck(tree, cwd).map((finding) => fromFinding(finding, where));
  const refused = parsed.success ? [] : parsed.error.issues.flatMap((issue) => fromIssue(issue, tree, where));
  const problems = [...file.problems, ...environment.problems, ...onePerPlace([...refused, ...checked])].sort(
    byPlace,
  );
  if (problems.length > 0 || !parsed.success) throw new SettingsError(problems);

  const configured = configuredIn(tree);
  return { settings: parsed.data, configured, warnings: warningsOn(parsed.data, changedIn(tree)) };
}

/** Does the simulated room run? By default as long as nobody said where readings come from or what the room is. */
export function runsDemo(settings: Pick<Settings, 'demo'>, configured: ReadonlySet<string>): boolean {
  if (settings.demo.run !== 'auto') return settings.demo.run === 'always';
  return !['mqtt.url', 'broker', 'room'].some((name) => configured.has(name));
}

function readFile(path: string | undefined, cwd: string): SettingsText {
  if (path === undefined) return { tree: {}, problems: [], where: () => '' };
  try {
    return readSettingsText(readFileSync(resolve(cwd, path), 'utf8').replace(/^\uFEFF/, ''), path);
  } catch (error) {
    const found = `no readable file (${(error as NodeJS.ErrnoException).code ?? 'error'})`;
    const expected = `a settings file; ${resolve(cwd, path)} was looked for`;
    return {
      tree: {},
      where: () => path,
      problems: [
        {
          where: path,
          setting: '',
          found,
          expected,
          example: 'rackwatt serve --config config/rackwatt.yaml',
        },
      ],
    };
  }
}

const depthMax = 12;

/** A key with nothing behind it (all its lines commented out) is as good as not there. */
function withoutNothing(value: unknown, depth = 0): unknown {
  if (depth > depthMax) return value;
  if (Array.isArray(value)) return value.map((item) => withoutNothing(item, depth + 1));
  if (!isMapping(value)) return value;
  const kept = Object.entries(value).filter(([, inner]) => inner !== null && inner !== undefined);
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutNothing(inner, depth + 1)]));
}

/** The environment over the file: mappings are joined key by key, anything else is replaced. */
function merge(tree: Record<string, unknown>, given: readonly Given[]): Record<string, unknown> {
  return given.reduce(
    (merged, { setting, value }) => joined(merged, nested(setting.path, withoutNothing(value))),
    tree,
  );
}

function nested(path: readonly string[], value: unknown): Record<string, unknown> {
  return path.reduceRight((inner, key) => ({ [key]: inner }), value) as Record<string, unknown>;
}

function joined(under: Record<string, unknown>, over: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(over).map(([key, value]): [string, unknown] => {
    const below = Object.hasOwn(under, key) ? under[key] : undefined;
    return [key, isMapping(value) && isMapping(below) ? joined(below, value) : value];
  });
  return Object.fromEntries([...Object.entries(under), ...entries]);
}

/** The variable that gave what stands at a path, the most particular first; else the place in the file. */
function whereIs(
  path: readonly PropertyKey[],
  key: string | undefined,
  file: SettingsText,
  given: readonly Given[],
): string {
  const full = key === undefined ? path : [...path, key];
  const source = given.findLast(({ setting, value }) => {
    const isPrefix = setting.path.length <= full.length && setting.path.every((step, i) => step === full[i]);
    return (
      isPrefix &&
      (full.length === setting.path.length || at(value, ...full.slice(setting.path.length)) !== undefined)
    );
  });
  if (source) return source.variable;
  // A missing key stands nowhere: then the mapping it is missing from tells where.
  const holder = given.findLast(
    ({ setting, value }) =>
      setting.path.every((step, i) => step === full[i]) &&
      at(value, ...full.slice(setting.path.length, -1)) !== undefined,
  );
  return holder && at(file.tree, ...full) === undefined
    ? holder.variable
    : file.where(path, key) || dotted(full);
}

/** Several rules may dislike one value; the first to say so is the plainest. */
function onePerPlace(problems: readonly SettingsProblem[]): SettingsProblem[] {
  const seen = new Set<string>();
  return problems.filter(
    ({ where, setting }) => !seen.has(`${where} ${setting}`) && seen.add(`${where} ${setting}`),
  );
}

/** In the order of the file, as one reads it to mend it; variables after it. */
function byPlace(a: SettingsProblem, b: SettingsProblem): number {
  const [lineA, columnA] = position(a);
  const [lineB, columnB] = position(b);
  return lineA - lineB || columnA - columnB;
}

function position({ where }: SettingsProblem): [line: number, column: number] {
  const found = /:(\d+):(\d+)$/.exec(where);
  return found ? [Number(found[1]), Number(found[2])] : [Number.MAX_SAFE_INTEGER, 0];
}

function configuredIn(tree: unknown): Set<string> {
  return withSections(
    catalog.filter(({ kind, path }) => kind !== 'section' && at(tree, ...path) !== undefined),
  );
}

/** What was given and is not just the default written down. */
function changedIn(tree: unknown): Set<string> {
  const changed = catalog.filter(({ kind, path, defaultValue }) => {
    const value = at(tree, ...path);
    return (
      kind !== 'section' && value !== undefined && JSON.stringify(value) !== JSON.stringify(defaultValue)
    );
  });
  return withSections(changed);
}

/** `mqtt.url` → `mqtt` and `mqtt.url` */
function withSections(given: typeof catalog): Set<string> {
  return new Set(given.flatMap(({ path }) => path.map((_, i) => path.slice(0, i + 1).join('.'))));
}

function warningsOn(settings: Settings, changed: ReadonlySet<string>): string[] {
  const warnings: string[] = [];
  if (
    !isLoopback(settings.broker.host) &&
    settings.broker.username === undefined &&
    settings.mqtt.url === undefined
  ) {
    warnings.push(
      `broker.host ${settings.broker.host} without broker.username and password: everybody in the network may publish readings`,
    );
  }
  if (!isLoopback(settings.http.host) && settings.http.tls === undefined)
    warnings.push(
      `http.host ${settings.http.host} without http.tls: tokens and sessions can be read on their way, unless a proxy encrypts them`,
    );
  if (
    settings.mqtt.url === undefined &&
    ['username', 'password', 'ca', 'cert', 'key'].some((key) => changed.has(`mqtt.${key}`))
  ) {
    warnings.push('mqtt is not used, since mqtt.url is not set: rackwatt is its own broker (see broker)');
  }
  if (settings.mqtt.url !== undefined && changed.has('broker'))
    warnings.push('broker is not used, since mqtt.url names another broker');
  if (settings.store.kind === 'embedded' && changed.has('store.influx'))
    warnings.push(
      'store.influx is not used, since store.kind is embedded; for InfluxDB set store.kind to influx',
    );
  return warnings;
}
