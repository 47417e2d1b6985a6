import type { JsonPath } from './json-path.ts';

/** A template taken apart: what is worked out for each payload. */
export type Node =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'word'; readonly value: string | boolean | null }
  /** The payload as text. */
  | { readonly kind: 'value' }
  | { readonly kind: 'path'; readonly path: JsonPath }
  /** What only Home Assistant knows, e.g. its last state: nothing, for us. */
  | { readonly kind: 'nothing' }
  | { readonly kind: Arithmetic; readonly left: Node; readonly right: Node }
  | { readonly kind: Comparison; readonly left: Node; readonly right: Node }
  | { readonly kind: 'and' | 'or'; readonly left: Node; readonly right: Node }
  | { readonly kind: 'not'; readonly of: Node }
  | { readonly kind: NumberChange; readonly of: Node }
  | { readonly kind: Gathering; readonly of: Node }
  | { readonly kind: 'trim' | 'lower' | 'upper'; readonly of: Node }
  | { readonly kind: 'round'; readonly of: Node; readonly digits: number; readonly way: Rounding }
  | { readonly kind: 'is'; readonly of: Node; readonly test: Test }
  | { readonly kind: 'member'; readonly of: Node; readonly key: string | number }
  /** Of each element of a list the same member. */
  | { readonly kind: 'each'; readonly of: Node; readonly key: string }
  | { readonly kind: 'list'; readonly items: readonly Node[] }
  | { readonly kind: 'replace'; readonly of: Node; readonly from: string; readonly to: string }
  /** Undefined: at spaces. */
  | { readonly kind: 'split'; readonly of: Node; readonly by: string | undefined }
  /** The first, else the other. */
  | { readonly kind: 'fallback'; readonly left: Node; readonly right: Node }
  | { readonly kind: 'choice'; readonly condition: Node; readonly left: Node; readonly right: Node };

export type Arithmetic = 'sum' | 'difference' | 'product' | 'quotient' | 'floor' | 'modulo' | 'power';
export type Comparison = 'equal' | 'unequal' | 'less' | 'atMost' | 'more' | 'atLeast' | 'in';
export type NumberChange = 'negative' | 'abs' | 'int' | 'float';
export type Gathering = 'largest' | 'smallest' | 'total';
export type Rounding = 'common' | 'floor' | 'ceil';
export type Test = 'defined' | 'none' | 'number' | 'string' | 'mapping' | 'iterable' | 'true' | 'false';

/** An argument of a filter or function, with its name if it has one. */
export interface Argument {
  readonly name: string | undefined;
  readonly node: Node;
}

export const nothing: Node = { kind: 'nothing' };

export function childrenOf(node: Node): readonly Node[] {
  if ('condition' in node) return [node.condition, node.left, node.right];
  if ('left' in node) return [node.left, node.right];
  if ('items' in node) return node.items;
  return 'of' in node ? [node.of] : [];
}

/** Does its value depend on the payload? */
export function usesPayload(node: Node): boolean {
  return node.kind === 'value' || node.kind === 'path' || childrenOf(node).some(usesPayload);
}

export function sizeOf(node: Node): number {
  return childrenOf(node).reduce((sum, child) => sum + sizeOf(child), 1);
}
