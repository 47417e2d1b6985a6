import { isSentinel } from './fields.ts';
import { lookUp, member } from './json-path.ts';
import {
  type Arithmetic,
  type Comparison,
  childrenOf,
  type Gathering,
  type Node,
  type NumberChange,
  type Test,
  usesPayload,
} from './template-node.ts';

/**
 * What a template says of a payload, as JSON and as text (a number where it is one): its value, text or number;
 * undefined: no value. A figure that is missing stays so, whatever the template would say in its place: a 0 would be
 * a reading. Never throws.
 */
export function evaluate(node: Node, json: unknown, text: string | number): unknown {
  const of = (inner: Node) => evaluate(inner, json, text);
  switch (node.kind) {
    case 'number':
    case 'word':
      return node.value;
    case 'value':
      return text;
    case 'path':
      return lookUp(json, node.path);
    case 'nothing':
      return undefined;
    case 'sum':
    case 'difference':
    case 'product':
    case 'quotient':
    case 'floor':
    case 'modulo':
    case 'power':
      return calculated(node.kind, of(node.left), of(node.right));
    case 'equal':
    case 'unequal':
    case 'less':
    case 'atMost':
    case 'more':
    case 'atLeast':
    case 'in':
      return compared(node.kind, of(node.left), of(node.right));
    case 'and': {
      const left = of(node.left);
      return isTrue(left) ? of(node.right) : left;
    }
    case 'or': {
      const left = of(node.left);
      return isTrue(left) ? left : of(node.right);
    }
    case 'not':
      return !isTrue(of(node.of));
    case 'is':
      return isSo(node.test, of(node.of));
    case 'negative':
    case 'abs':
    case 'int':
    case 'float':
    case 'round':
      return changed(node, of(node.of));
    case 'largest':
    case 'smallest':
    case 'total':
      return gathered(node.kind, of(node.of));
    case 'trim':
    case 'lower':
    case 'upper':
    case 'replace':
    case 'split':
      return rewritten(node, of(node.of));
    case 'member':
      return elementOf(of(node.of), node.key);
    case 'each': {
      const list = of(node.of);
      return Array.isArray(list) ? list.map((element) => elementOf(element, node.key)) : undefined;
    }
    case 'list':
      return node.items.map(of);
    case 'fallback': {
      const left = of(node.left);
      return left === undefined || left === null ? of(node.right) : left;
    }
    case 'choice':
      return chosen(node, json, text);
  }
}

/** A constant is believed only where all that was asked for is there: else it stands in for something missing. */
function chosen(node: Extract<Node, { kind: 'choice' }>, json: unknown, text: string | number): unknown {
  const condition = evaluate(node.condition, json, text);
  if (condition === undefined && isComparison(node.condition)) return undefined;
  const branch = isTrue(condition) ? node.left : node.right;
  if (usesPayload(branch)) return evaluate(branch, json, text);
  const constant = evaluate(branch, json, text);
  const saysNothing = constant === null || (typeof constant === 'string' && isNoWord(constant));
  return saysNothing || lacksSomething(node.condition, json, text) ? undefined : constant;
}

function isComparison(node: Node): boolean {
  return 'left' in node && node.kind !== 'and' && node.kind !== 'or';
}

function lacksSomething(node: Node, json: unknown, text: string | number): boolean {
  if (node.kind === 'path' || node.kind === 'value') {
    const found = evaluate(node, json, text);
    return found === undefined || found === null || (typeof found === 'string' && isNoWord(found));
  }
  return childrenOf(node).some((child) => lacksSomething(child, json, text));
}

function isNoWord(text: string): boolean {
  return /^(?:|unknown|unavailable|none|null|nan)$/i.test(text.slice(0, 20).trim());
}

/** As Python sees it. */
function isTrue(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

function isSo(test: Test, value: unknown): boolean {
  switch (test) {
    case 'defined':
      return value !== undefined;
    case 'none':
      return value === null;
    case 'number':
      return numberOf(value) !== undefined;
    case 'string':
      return typeof value === 'string';
    case 'mapping':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'iterable':
      return (typeof value === 'object' && value !== null) || typeof value === 'string';
    case 'true':
      return value === true;
    case 'false':
      return value === false;
  }
}

/** Undefined: one of them is missing, or they cannot be compared. */
function compared(kind: Comparison, left: unknown, right: unknown): boolean | undefined {
  if (kind === 'in') return isIn(left, right);
  if (left === undefined || right === undefined) return undefined;
  if (kind === 'equal') return isSame(left, right);
  if (kind === 'unequal') return !isSame(left, right);
  const [one, other] = [numberOf(left), numberOf(right)];
  if (one === undefined || other === undefined) return undefined;
  if (kind === 'less') return one < other;
  if (kind === 'atMost') return one <= other;
  return kind === 'more' ? one > other : one >= other;
}

/** The payload as a whole is text to the template, a number to us. */
function isSame(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  const mixed = typeof left !== typeof right && ![left, right].some((value) => typeof value === 'boolean');
  return mixed && typeof left !== 'object' && typeof right !== 'object' && String(left) === String(right);
}

function isIn(value: unknown, holder: unknown): boolean | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(holder)) return holder.some((element) => isSame(value, element));
  if (typeof holder === 'string') return typeof value === 'string' && holder.includes(value);
  if (typeof holder !== 'object' || holder === null) return undefined;
  return typeof value === 'string' && Object.hasOwn(holder, value);
}

function calculated(kind: Arithmetic, left: unknown, right: unknown): unknown {
  if (left === undefined || right === undefined) return undefined;
  const [one, other] = [numberOf(left), numberOf(right)];
  // What is no number, or a mark for "invalid", stays what it is, for the field to refuse.
  if (one === undefined) return left;
  if (other === undefined) return right;
  if (isSentinel(one, 1)) return one;
  if (isSentinel(other, 1)) return other;
  return withoutNoise(resultOf(kind, one, other));
}

/** 0.1 + 0.2 is 0.3. Undefined: no number that can be said. */
function withoutNoise(result: number): number | undefined {
  if (!Number.isFinite(result)) return undefined;
  // So large a number has no such digits.
  return Math.abs(result) < 1e15 ? Math.round(result * 1e9) / 1e9 : result;
}

function resultOf(kind: Arithmetic, one: number, other: number): number {
  switch (kind) {
    case 'sum':
      return one + other;
    case 'difference':
      return one - other;
    case 'product':
      return one * other;
    case 'quotient':
      return one / other;
    case 'floor':
      return Math.floor(one / other);
    case 'modulo':
      return one - other * Math.floor(one / other);
    case 'power':
      return one ** other;
  }
}

function changed(node: Extract<Node, { kind: NumberChange | 'round' }>, value: unknown): unknown {
  const number = numberOf(value);
  if (number === undefined || isSentinel(number, 1)) return value;
  switch (node.kind) {
    case 'negative':
      return number === 0 ? 0 : -number;
    case 'abs':
      return Math.abs(number);
    case 'int':
      return Math.trunc(number);
    case 'round': {
      const size = 10 ** node.digits;
      // So large a number has no digits to round, and its multiple may be none.
      if (Math.abs(number) >= 1e15) return number;
      const scaled = (number + Number.EPSILON) * size;
      const whole =
        node.way === 'floor'
          ? Math.floor(scaled)
          : node.way === 'ceil'
            ? Math.ceil(number * size)
            : Math.round(scaled);
      return whole / size;
    }
    case 'float':
      return number;
  }
}

/** All must be there: part of a sum is no sum. */
function gathered(kind: Gathering, list: unknown): unknown {
  if (!Array.isArray(list) || list.length === 0) return undefined;
  const numbers = list.flatMap((element) => numberOf(element) ?? []);
  if (numbers.length < list.length) return undefined;
  if (kind === 'largest') return numbers.reduce((one, other) => Math.max(one, other));
  if (kind === 'smallest') return numbers.reduce((one, other) => Math.min(one, other));
  return withoutNoise(numbers.reduce((sum, number) => sum + number, 0));
}

const textLengthMax = 4_000;

function rewritten(
  node: Extract<Node, { kind: 'trim' | 'lower' | 'upper' | 'replace' | 'split' }>,
  value: unknown,
): unknown {
  if (typeof value === 'number' && node.kind !== 'split') return value;
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const text = String(value).slice(0, textLengthMax);
  switch (node.kind) {
    case 'trim':
      return text.trim();
    case 'lower':
      return text.toLowerCase();
    case 'upper':
      return text.toUpperCase();
    case 'replace':
      return text.replaceAll(node.from, () => node.to);
    case 'split':
      return node.by === undefined ? text.trim().split(/\s+/) : text.split(node.by);
  }
}

/** Like `member`, and from the end of a list with a negative place. */
function elementOf(value: unknown, key: string | number): unknown {
  return member(value, typeof key === 'number' && key < 0 && Array.isArray(value) ? value.length + key : key);
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  return typeof value === 'string' && value.length <= 24 && /^\s*[+-]?(\d+(?:\.\d*)?|\.\d+)\s*$/.test(value)
    ? Number(value)
    : undefined;
}
