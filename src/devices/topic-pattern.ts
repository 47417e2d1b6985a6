/** `pdu/{device}/outlet{outlet}/+`: a topic with named parts. Each stands for a level, or for part of one. */
export interface TopicPattern {
  /** The same for a broker. */
  readonly filter: string;
  readonly names: ReadonlySet<string>;
  /** The parts of a topic by name; undefined: it is another topic. */
  match(topic: string): ReadonlyMap<string, string> | undefined;
}

const levelsMax = 30;

/** A text: what is wrong with the pattern. */
export function parsePattern(text: string): TopicPattern | string {
  const levels = text.split('/');
  if (levels.length > levelsMax) return `more than ${levelsMax} levels`;
  const names = new Set<string>();
  const matchers: Level[] = [];
  for (const [index, level] of levels.entries()) {
    const read = parseLevel(level, index === levels.length - 1);
    if (typeof read === 'string') return read;
    if (read.name !== undefined && names.has(read.name)) return `{${read.name}} stands in it twice`;
    if (read.name !== undefined) names.add(read.name);
    matchers.push(read);
  }
  if (matchers[0]?.rest) return 'it would listen to everything';
  const filter = matchers
    .map((level, index) => (level.any ? (level.rest ? '#' : '+') : levels[index]))
    .join('/');
  return { filter, names, match: (topic: string) => matchLevels(topic, matchers) };
}

interface Level {
  /** Before and after the named part; a plain level is all `before`. */
  readonly before: string;
  readonly after: string;
  readonly name: string | undefined;
  readonly any: boolean;
  readonly rest: boolean;
}

function parseLevel(level: string, isLast: boolean): Level | string {
  if (level === '+' || (level === '#' && isLast))
    return { before: '', after: '', name: undefined, any: true, rest: level === '#' };
  const part = /^([^{}]*)\{([A-Za-z][A-Za-z0-9_]{0,30})\}([^{}]*)$/.exec(level);
  const [, before = level, name, after = ''] = part ?? [];
  if (/[+#{}]/.test(before + after)) return `the level "${level.slice(0, 40)}" is none`;
  return { before, after, name, any: name !== undefined, rest: false };
}

function matchLevels(topic: string, matchers: readonly Level[]): ReadonlyMap<string, string> | undefined {
  const levels = topic.split('/');
  const takesRest = matchers.at(-1)?.rest === true;
  const fixed = takesRest ? matchers.length - 1 : matchers.length;
  if (takesRest ? levels.length < fixed : levels.length !== fixed) return undefined;
  const found = new Map<string, string>();
  for (let index = 0; index < fixed; index++) {
    const { before, after, name, any } = matchers[index] as Level;
    const level = levels[index] as string;
    if (!any) {
      if (level !== before) return undefined;
    } else if (name !== undefined) {
      const size = level.length - before.length - after.length;
      if (size < 1 || !level.startsWith(before) || !level.endsWith(after)) return undefined;
      found.set(name, level.slice(before.length, before.length + size));
    }
  }
  return found;
}
