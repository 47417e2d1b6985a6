import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Setting, settings } from './catalog.ts';
import { readSettingsText } from './file.ts';
import { nearest, type SettingsProblem, shown } from './problem.ts';

/** A setting given by a variable. */
export interface Given {
  readonly setting: Setting;
  /** `RACKWATT_…`, or `RACKWATT_…_FILE` when it came from a file. */
  readonly variable: string;
  readonly value: unknown;
}

export interface FromEnvironment {
  /** Whole sections before what is in them. */
  readonly given: readonly Given[];
  readonly problems: readonly SettingsProblem[];
}

export const configVariable = 'RACKWATT_CONFIG';

const byVariable = new Map(settings.map((setting) => [setting.variable, setting]));
const variables = [configVariable, ...settings.flatMap(({ variable }) => [variable, `${variable}_FILE`])];

/** Reads every `RACKWATT_…` variable. An empty one counts as not set, as compose files leave them behind. */
export function readEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): FromEnvironment {
  const given: Given[] = [];
  const problems: SettingsProblem[] = [];
  for (const [variable, text] of Object.entries(env)) {
    if (
      !variable.startsWith('RACKWATT_') ||
      variable === configVariable ||
      !text ||
      isServiceLink(variable, text)
    )
      continue;
    // `room.carbon.file` is a setting of its own, no file with `room.carbon` in it.
    const setting = byVariable.get(variable) ?? byVariable.get(variable.replace(/_FILE$/, ''));
    if (setting === undefined) problems.push(unknownVariable(variable));
    else take(setting, variable, text);
  }
  const order = new Map(settings.map((setting, i) => [setting, i]));
  return { given: given.sort((a, b) => order.get(a.setting)! - order.get(b.setting)!), problems };

  function take(setting: Setting, variable: string, text: string): void {
    const fromFile = variable !== setting.variable;
    if (fromFile && env[setting.variable]) problems.push(givenTwice(setting, variable));
    const plain = fromFile ? readSecret(setting, variable, resolve(cwd, text), problems) : text;
    if (plain === undefined) return;
    const { value, problem } = fromText(setting, variable, plain);
    if (problem) problems.push(problem);
    else given.push({ setting, variable, value });
  }
}

/** Kubernetes puts the addresses of a service called `rackwatt` into every neighbour's environment. */
function isServiceLink(variable: string, text: string): boolean {
  return (
    /_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$/.test(variable) ||
    /_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(variable) ||
    (variable.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(text))
  );
}

function unknownVariable(variable: string): SettingsProblem {
  const meant = nearest(variable, variables);
  return {
    where: variable,
    setting: '',
    found: 'a variable that is no setting',
    expected: meant ?? `RACKWATT_ and the path of a setting, or ${configVariable}`,
    example: exampleOf(byVariable.get(meant ?? '')) ?? 'RACKWATT_BROKER_PORT=1884',
  };
}

function givenTwice(setting: Setting, variable: string): SettingsProblem {
  return {
    where: variable,
    setting: setting.name,
    found: `both ${variable} and ${setting.variable}`,
    expected: 'one of them',
    example: `${variable}=/run/secrets/${setting.name.replaceAll('.', '-')}`,
  };
}

/** `RACKWATT_BROKER_PORT=1884`, as a shell takes it. */
export function exampleOf(setting: Setting | undefined): string | undefined {
  if (setting === undefined) return undefined;
  const { example } = setting.note;
  const text = setting.kind === 'text' ? example.replace(/^'(.*)'$/, '$1') : example.replaceAll("'", '"');
  return `${setting.variable}=${/^[\w./:@,-]+$/.test(text) ? text : `'${text}'`}`;
}

/** A trailing line break is the editor's, not the secret's. */
function readSecret(
  setting: Setting,
  variable: string,
  path: string,
  problems: SettingsProblem[],
): string | undefined {
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    problems.push({
      where: variable,
      setting: setting.name,
      found: `${shown(path)}, which cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'})`,
      expected: 'the path of a file that holds the value',
      example: `${variable}=/run/secrets/${setting.name.replaceAll('.', '-')}`,
    });
    return undefined;
  }
}

/** Text to a value of the setting's kind; what does not fit stays text, for the schema to refuse. */
function fromText(
  setting: Setting,
  variable: string,
  text: string,
): { value?: unknown; problem?: SettingsProblem } {
  switch (setting.kind) {
    case 'text':
      return { value: text };
    case 'number':
      return { value: /^\s*[-+]?(\d+(?:\.\d*)?|\.\d+)(e[-+]?\d+)?\s*$/i.test(text) ? Number(text) : text };
    case 'list':
      return text.trimStart().startsWith('[')
        ? yamlText(setting, variable, text)
        : { value: commaList(setting, text) };
    case 'section':
    case 'tree':
      return yamlText(setting, variable, text);
  }
}

/** A word that stands for a whole list (`auto`) is kept as it is. */
function commaList(setting: Setting, text: string): unknown {
  const items = text.split(',').map((item) => item.trim());
  return items.length === 1 && items[0] === setting.defaultValue
    ? items[0]
    : items.filter((item) => item !== '');
}

function yamlText(
  setting: Setting,
  variable: string,
  text: string,
): { value?: unknown; problem?: SettingsProblem } {
  // Read as the value of a mapping, since a list is as welcome as a mapping here.
  const { tree, problems } = readSettingsText(`value:\n${text.replace(/^/gm, '  ')}`, variable);
  const [first] = problems;
  if (first === undefined) return { value: (tree as { value: unknown }).value };
  return { problem: { ...first, where: variable, setting: setting.name, example: exampleOf(setting)! } };
}
