/**
 * `pdu/{device}/outlet{outlet}_{quantity}/+`: a topic with named parts. Each stands for a level, or for part of one;
 * of several in a level the first ones are as short as can be.
 */
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
    for (const { name } of read.parts) {
      if (names.has(name)) return `{${name}} stands in it twice`;
      names.add(name);
    }
    matchers.push(read);
  }
  if (matchers[0]?.rest) return 'it would listen to everything';
  const filter = matchers
    .map((level, index) => (level.any ? (level.rest ? '#' : '+') : levels[index]))
    .join('/');
  return { filter, names, match: (topic: string) => matchLevels(topic, matchers) };
}

interface Level {
  /** Before the first named part; a plain level is all of it. */
  readonly before: string;
  readonly parts: readonly NamedPart[];
  readonly any: boolean;
  readonly rest: boolean;
}

interface NamedPart {
  readonly name: string;
  /** What stands behind it, up to the next one. */
  readonly after: string;
}

function parseLevel(level: string, isLast: boolean): Level | string {
  if (level === '+' || (level === '#' && isLast))
    return { before: '', parts: [], any: true, rest: level === '#' };
  const [before = '', ...pieces] = level.split(/\{([A-Za-z][A-Za-z0-9_]{0,30})\}/);
  const parts: NamedPart[] = [];
  for (let index = 0; index < pieces.length; index += 2)
    parts.push({ name: pieces[index] as string, after: pieces[index + 1] as string });
  const isSplit = parts.slice(0, -1).every(({ after }) => after !== '');
  if (!isSplit || [before, ...parts.map(({ after }) => after)].some((text) => /[+#{}]/.test(text)))
    return `the level "${level.slice(0, 40)}" is none`;
  return { before, parts, any: parts.length > 0, rest: false };
}

function matchLevels(topic: string, matchers: readonly Level[]): ReadonlyMap<string, string> | undefined {
  const levels = topic.split('/');
  const takesRest = matchers.at(-1)?.rest === true;
  const fixed = takesRest ? matchers.length - 1 : matchers.length;
  if (takesRest ? levels.length < fixed : levels.length !== fixed) return undefined;
  const found = new Map<string, string>();
  for (let index = 0; index < fixed; index++)
    if (!matchLevel(levels[index] as string, matchers[index] as Level, found)) return undefined;
  return found;
}

function matchLevel(level: string, { before, parts, any }: Level, found: Map<string, string>): boolean {
  if (!any) return level === before;
  if (!level.startsWith(before)) return false;
  let at = before.length;
  for (const [index, { name, after }] of parts.entries()) {
    const isLast = index === parts.length - 1;
    const end = isLast ? level.length - after.length : level.indexOf(after, at + 1);
    if (end <= at || !level.startsWith(after, end)) return false;
    found.set(name, level.slice(at, end));
    at = end + after.length;
  }
  return true;
}
