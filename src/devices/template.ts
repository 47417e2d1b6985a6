import { isSentinel } from './fields.ts';
import { type JsonPath, lookUp } from './json-path.ts';
import { type Node, parseTemplate } from './template-grammar.ts';

/**
 * The templates that discovery messages bring, as far as they only point at a value: a path, arithmetic, a few
 * filters, `is defined`. Parsed once into steps that are walked for each message; no code comes of them, and
 * whatever is beyond the grammar is refused as a whole.
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
  const node = parseTemplate(text);
  return node && templateOf(node);
}

/** What the template says of a payload: its value, text or number; undefined: no value. Never throws. */
export function evaluate(node: Node, json: unknown, text: string | number): unknown {
  switch (node.kind) {
    case 'number':
      return node.value;
    case 'value':
      return text;
    case 'path':
      return lookUp(json, node.path);
    case 'sum':
    case 'difference':
    case 'product':
    case 'quotient':
      return calculated(node.kind, evaluate(node.left, json, text), evaluate(node.right, json, text));
    case 'negative':
    case 'abs':
    case 'int':
    case 'float':
    case 'round':
      return changed(node, evaluate(node.of, json, text));
    case 'if':
      return evaluate(node.defined, json, text) === undefined ? undefined : evaluate(node.of, json, text);
  }
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
  if (node.kind === 'path') return true;
  if ('left' in node) return pointsIntoJson(node.left) || pointsIntoJson(node.right);
  if (node.kind === 'if') return pointsIntoJson(node.defined) || pointsIntoJson(node.of);
  return 'of' in node && pointsIntoJson(node.of);
}

function calculated(
  kind: 'sum' | 'difference' | 'product' | 'quotient',
  left: unknown,
  right: unknown,
): unknown {
  if (left === undefined || right === undefined) return undefined;
  const [one, other] = [numberOf(left), numberOf(right)];
  // What is no number, or a mark for "invalid", stays what it is, for the field to refuse.
  if (one === undefined) return left;
  if (other === undefined) return right;
  if (isSentinel(one, 1)) return one;
  if (isSentinel(other, 1)) return other;
  const result =
    kind === 'sum'
      ? one + other
      : kind === 'difference'
        ? one - other
        : kind === 'product'
          ? one * other
          : one / other;
  return Number.isFinite(result) ? Math.round(result * 1e9) / 1e9 : undefined;
}

function changed(
  node: Extract<Node, { kind: 'negative' | 'abs' | 'int' | 'float' | 'round' }>,
  value: unknown,
): unknown {
  const number = numberOf(value);
  if (number === undefined || isSentinel(number, 1)) return value;
  switch (node.kind) {
    case 'negative':
      return number === 0 ? 0 : -number;
    case 'abs':
      return Math.abs(number);
    case 'int':
      return Math.trunc(number);
    case 'round':
      return Math.round((number + Number.EPSILON) * 10 ** node.digits) / 10 ** node.digits;
    case 'float':
      return number;
  }
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  return typeof value === 'string' && value.length <= 24 && /^\s*[+-]?(\d+\.?\d*|\.\d+)\s*$/.test(value)
    ? Number(value)
    : undefined;
}
