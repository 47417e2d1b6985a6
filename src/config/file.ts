import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { oneLine, type SettingsProblem, shown } from './problem.ts';

/** What a settings file says, and where in it. */
export interface SettingsText {
  /** Plain objects, lists, text, numbers; an empty file is an empty mapping. */
  readonly tree: unknown;
  readonly problems: readonly SettingsProblem[];
  /** `rackwatt.yaml:3:7` of the value at a path, or of the nearest thing around it; `key` asks for the key itself. */
  where(path: readonly PropertyKey[], key?: string): string;
}

const bytesMax = 16 * 2 ** 20;

/** Reads YAML (or JSON, which is YAML too). Never throws. `name` is how the text is called in messages. */
export function readSettingsText(text: string, name: string): SettingsText {
  const nowhere = { tree: {}, where: () => name };
  if (text.length > bytesMax)
    return {
      ...nowhere,
      problems: [unreadable(name, `${text.length} characters`, 'a settings file below 16 MB')],
    };
  try {
    return readDocument(text, name);
  } catch (error) {
    // Nested too deeply for the parser, or aliases that would unfold into gigabytes.
    return {
      ...nowhere,
      problems: [
        unreadable(name, shown(error instanceof Error ? error.message : String(error)), 'plain YAML'),
      ],
    };
  }
}

function readDocument(text: string, name: string): SettingsText {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    logLevel: 'error',
  });
  const placeOf = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${Math.max(1, line)}:${Math.max(1, col)}`;
  };
  const problems = [...document.errors, ...document.warnings].map((error) =>
    unreadable(placeOf(error.pos[0]), lineAt(text, error.pos[0]), oneLine(`YAML: ${error.message}`)),
  );
  if (problems.length > 0) return { tree: {}, problems, where: () => name };
  const tree: unknown = document.toJS({ maxAliasCount: 1_000 }) ?? {};
  const where = (path: readonly PropertyKey[], key?: string) =>
    placeOf(offsetOf(document.contents, path, key));
  if (typeof tree !== 'object' || Array.isArray(tree)) {
    return { tree: {}, where, problems: [unreadable(where([]), shown(tree), 'a mapping of settings')] };
  }
  return { tree, problems: [], where };

  function offsetOf(root: Node | null, path: readonly PropertyKey[], key: string | undefined): number {
    let node: unknown = root;
    let offset = 0;
    for (const step of key === undefined ? path : [...path, key]) {
      if (isAlias(node)) node = node.resolve(document);
      const child = childAt(node, step);
      if (child === undefined) break;
      node = child.value;
      offset = child.offset ?? offset;
    }
    const value = node as Node | null;
    return key === undefined ? (value?.range?.[0] ?? offset) : offset;
  }
}

function unreadable(where: string, found: string, expected: string): SettingsProblem {
  return { where, setting: '', found, expected, example: 'broker: { port: 1883 }' };
}

function lineAt(text: string, offset: number): string {
  const from = text.lastIndexOf('\n', Math.max(0, offset - 1)) + 1;
  const to = text.indexOf('\n', from);
  const line = text.slice(from, to < 0 ? undefined : to).trim();
  if (line === '') return 'the end of the text';
  return mayHoldSecret.test(line)
    ? `${shown(line.slice(0, line.search(/:/) + 1))} (the rest is hidden)`
    : shown(line);
}

/** The mistake may be a quotation mark that is missing around a password. */
const mayHoldSecret = /(password|token|secret|hash)["']?\s*:/i;

function childAt(
  node: unknown,
  step: PropertyKey,
): { value: unknown; offset: number | undefined } | undefined {
  if (isSeq(node)) {
    const item = node.items[Number(step)];
    return item === undefined ? undefined : { value: item, offset: (item as Node).range?.[0] };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(
    (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(step),
  );
  return pair && { value: pair.value, offset: (pair.key as Node).range?.[0] };
}
