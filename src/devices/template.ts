import { type JsonPath, parsePath } from './json-path.ts';
import { parseTemplate } from './template-blocks.ts';
import { childrenOf, type Node } from './template-node.ts';

export { evaluate } from './template-value.ts';

/**
 * The templates that discovery messages bring, as far as they only say something of the payload: paths, arithmetic,
 * conditions, a few filters. Parsed once into steps that are walked for each message (template-value.ts); no code
 * comes of them, and whatever is beyond the grammar is refused as a whole.
 */
export interface Template {
  readonly node: Node;
  /** Points into the payload's JSON. */
  readonly needsJson: boolean;
  /** A path, or the payload itself, times a number: nearly all are this. Undefined: to be walked. */
  readonly source: JsonPath | 'value' | undefined;
  /** Of a path: up to its last step, and that. */
  readonly parent: JsonPath;
  readonly leaf: string | number | undefined;
  readonly factor: number;
}

/** No template: the payload as it is. */
export const wholePayload: Template = templateOf({ kind: 'value' });

/** Undefined: beyond the grammar. */
export function readTemplate(text: string): Template | undefined {
  const node = plainPath(text) ?? parseTemplate(text);
  return node && templateOf(node);
}

/** `{{ value_json.out[3].w }}`, as nearly all are: the same as by the grammar, in a fourth of the time. */
function plainPath(text: string): Node | undefined {
  const steps = /^\{\{ ?value_json((?:\.(?:[A-Za-z_]\w{0,30}|\d{1,6})|\[\d{1,6}\]){1,12}) ?\}\}$/.exec(
    text,
  )?.[1];
  if (steps === undefined) return undefined;
  const path = parsePath(steps.startsWith('.') ? steps.slice(1) : steps);
  return path && { kind: 'path', path };
}

function templateOf(node: Node): Template {
  const { source, factor } = linear(node) ?? { source: undefined, factor: 1 };
  const path = typeof source === 'object' ? source : [];
  return {
    node,
    needsJson: pointsIntoJson(node),
    source,
    parent: path.slice(0, -1),
    leaf: path.at(-1),
    factor,
  };
}

/** `{{ value_json.w * 0.1 }}` → its path, 0.1. */
function linear(node: Node): { source: JsonPath | 'value'; factor: number } | undefined {
  if (node.kind === 'path') return { source: node.path, factor: 1 };
  if (node.kind === 'value') return { source: 'value', factor: 1 };
  if (node.kind === 'float') return linear(node.of);
  if (node.kind !== 'product' && node.kind !== 'quotient') return undefined;
  const { left, right } = node;
  const inner = right.kind === 'number' ? linear(left) : undefined;
  if (inner !== undefined && right.kind === 'number') {
    const factor = node.kind === 'product' ? inner.factor * right.value : inner.factor / right.value;
    return Number.isFinite(factor) ? { source: inner.source, factor } : undefined;
  }
  if (node.kind === 'quotient' || left.kind !== 'number') return undefined;
  const other = linear(right);
  return other && { source: other.source, factor: other.factor * left.value };
}

function pointsIntoJson(node: Node): boolean {
  return node.kind === 'path' || childrenOf(node).some(pointsIntoJson);
}
