import { type Setting, settings } from './catalog.ts';

/**
 * `config/rackwatt.yaml`: every setting with its sentence, equal to the defaults. What has no default stands
 * there as a comment, with an example. `npm run config:write` writes it; a test compares.
 */
export function sampleFile(): string {
  const lines = settings.flatMap((setting) =>
    setting.kind === 'section' ? sectionLines(setting) : settingLines(setting),
  );
  return `${head.join('\n')}\n${lines.join('\n')}\n`;
}

const head = [
  '# Every setting of rackwatt, with its default. Made from src/config/schema.ts by: npm run config:write',
  '# None is needed. Write down only what you change: a setting given is a setting given, even at its default',
  '# (anything under broker or room, for example, turns the demo off).',
  '#',
  '# Each can be set from the environment too: RACKWATT_ and the path in capitals, mqtt.clientId as',
  '# RACKWATT_MQTT_CLIENT_ID; lists with commas or as YAML. With _FILE after it, the value is read from that file.',
];

function sectionLines(setting: Setting): string[] {
  const before = setting.path.length === 1 ? [''] : [];
  return [...before, ...comment(setting), `${indent(setting)}${setting.path.at(-1)}:`];
}

function settingLines(setting: Setting): string[] {
  const key = setting.path.at(-1);
  const before = setting.path.length === 1 ? [''] : [];
  const { defaultText, example } = setting.note;
  const hasDefault = setting.defaultValue !== undefined && defaultText === undefined;
  const line = hasDefault
    ? `${key}: ${plain(setting.defaultValue)}`
    : `# ${key}: ${example}${defaultText ? `   (default: ${defaultText})` : ''}`;
  return [...before, ...comment(setting), `${indent(setting)}${line}`];
}

const widthMax = 108;

function comment(setting: Setting): string[] {
  const words = setting.note.sentence.split(' ');
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && indent(setting).length + last.length + word.length + 3 <= widthMax)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.map((line) => `${indent(setting)}# ${line}`);
}

function indent({ path }: Setting): string {
  return '  '.repeat(path.length - 1);
}

/** A default as YAML; text that YAML would take for a number is quoted. */
function plain(value: unknown): string {
  return typeof value === 'string' && !/^[\d.]+$/.test(value)
    ? value
    : typeof value === 'string'
      ? `'${value}'`
      : JSON.stringify(value);
}
