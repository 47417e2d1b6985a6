import { type Argument, type Node, type Rounding, usesPayload } from './template-node.ts';

/**
 * The filters that turn one value into another. Constants that stand in for a missing value say nothing to us: it
 * stays missing. Undefined: a filter or an argument that we do not know.
 */
export function filtered(name: string, of: Node, args: readonly Argument[]): Node | undefined {
  const [first] = args;
  switch (name) {
    case 'default':
    case 'd':
      if (args.length > 2) return undefined;
      return first !== undefined && usesPayload(first.node)
        ? { kind: 'fallback', left: of, right: first.node }
        : of;
    case 'is_defined':
    case 'string':
    case 'list':
      return args.length === 0 ? of : undefined;
    case 'float':
    case 'int':
      return args.length <= 1 && !(first && usesPayload(first.node)) ? { kind: name, of } : undefined;
    case 'abs':
    case 'trim':
    case 'lower':
    case 'upper':
      return args.length === 0 ? { kind: name, of } : undefined;
    case 'round':
      return roundBy(of, args);
    case 'multiply':
    case 'add':
      if (first === undefined || args.length > 2) return undefined;
      return { kind: name === 'add' ? 'sum' : 'product', left: of, right: first.node };
    case 'max':
      return args.length === 0 ? { kind: 'largest', of } : undefined;
    case 'min':
      return args.length === 0 ? { kind: 'smallest', of } : undefined;
    case 'first':
    case 'last':
      return args.length === 0 ? { kind: 'member', of, key: name === 'first' ? 0 : -1 } : undefined;
    case 'map':
    case 'sum':
      return ofEach(name, of, args);
    case 'replace':
      return replaced(of, args);
    case 'from_json':
      return of.kind === 'value' ? { kind: 'path', path: [] } : undefined;
    default:
      return undefined;
  }
}

/** What can be called on a value: `.get("power", 0)`, `.split(" ")`. */
export function methodOf(name: string, of: Node, args: readonly Argument[]): Node | undefined {
  const first = wordOf(args[0]);
  switch (name) {
    case 'get':
      if (first === undefined || args.length > 2) return undefined;
      return of.kind === 'path'
        ? filtered('default', { kind: 'path', path: [...of.path, first] }, args.slice(1))
        : undefined;
    case 'split':
      if (args.length > 0 && (first === undefined || first === '')) return undefined;
      return args.length <= 1 ? { kind: 'split', of, by: first } : undefined;
    case 'replace':
      return replaced(of, args);
    case 'strip':
      return args.length === 0 ? { kind: 'trim', of } : undefined;
    case 'lower':
    case 'upper':
      return args.length === 0 ? { kind: name, of } : undefined;
    default:
      return undefined;
  }
}

const ways: readonly string[] = ['common', 'floor', 'ceil'];

function roundBy(of: Node, args: readonly Argument[]): Node | undefined {
  const known = args.filter(({ name }) => name !== 'default');
  const digits = known.find(({ name }) => name === 'precision') ?? known[0];
  const way = wordOf(known.find(({ name }) => name === 'method') ?? known[1]) ?? 'common';
  if (known.length > 2 || !ways.includes(way)) return undefined;
  if (digits === undefined) return { kind: 'round', of, digits: 0, way: 'common' };
  const count = digits.node.kind === 'number' ? digits.node.value : Number.NaN;
  return Number.isInteger(count) && count >= 0 && count <= 9
    ? { kind: 'round', of, digits: count, way: way as Rounding }
    : undefined;
}

/** `map(attribute="power")`, `sum`, `sum(attribute="power")` */
function ofEach(name: 'map' | 'sum', of: Node, args: readonly Argument[]): Node | undefined {
  const [first] = args;
  const key = wordOf(first);
  if (args.length > 1 || (first !== undefined && (first.name !== 'attribute' || key === undefined)))
    return undefined;
  if (name === 'map') return key === undefined ? undefined : { kind: 'each', of, key };
  return { kind: 'total', of: key === undefined ? of : { kind: 'each', of, key } };
}

function replaced(of: Node, args: readonly Argument[]): Node | undefined {
  const [from, to] = [wordOf(args[0]), wordOf(args[1])];
  return from !== undefined && from !== '' && to !== undefined && args.length === 2
    ? { kind: 'replace', of, from, to }
    : undefined;
}

function wordOf(argument: Argument | undefined): string | undefined {
  const node = argument?.node;
  return node?.kind === 'word' && typeof node.value === 'string' ? node.value : undefined;
}
