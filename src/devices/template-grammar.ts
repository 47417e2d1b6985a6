import { filtered, methodOf } from './template-filters.ts';
import {
  type Argument,
  type Arithmetic,
  type Comparison,
  type Node,
  nothing,
  sizeOf,
  type Test,
} from './template-node.ts';
import { type Token, tokensOf } from './template-tokens.ts';

/** What `{% set … %}` has named. */
export type Variables = ReadonlyMap<string, Node>;

/** Marks in all; nodes, those of variables counted where they stand; parentheses and filters within each other. */
const tokensMax = 200;
const nodesMax = 400;
const depthMax = 12;
const pathStepsMax = 16;
const itemsMax = 16;

/** What stands between `{{` and `}}`, or behind `if`. Undefined: beyond the grammar. */
export function parseExpression(text: string, variables: Variables): Node | undefined {
  const tokens = tokensOf(text, tokensMax);
  if (tokens === undefined || tokens.length === 0) return undefined;
  const parser = new Parser(tokens, variables);
  const node = parser.choice(0);
  return node !== undefined && parser.isAtEnd && sizeOf(node) <= nodesMax ? node : undefined;
}

const comparisons: Readonly<Record<string, Comparison>> = {
  '==': 'equal',
  '!=': 'unequal',
  '<': 'less',
  '<=': 'atMost',
  '>': 'more',
  '>=': 'atLeast',
};
const products: Readonly<Record<string, Arithmetic>> = {
  '*': 'product',
  '/': 'quotient',
  '//': 'floor',
  '%': 'modulo',
};
const tests: Readonly<Record<string, Test>> = {
  defined: 'defined',
  none: 'none',
  None: 'none',
  number: 'number',
  string: 'string',
  mapping: 'mapping',
  iterable: 'iterable',
  true: 'true',
  false: 'false',
};
const constants: Readonly<Record<string, boolean | null>> = {
  true: true,
  True: true,
  false: false,
  False: false,
  none: null,
  None: null,
};
/** Only Home Assistant could answer. */
const foreign: ReadonlySet<string> = new Set(['this', 'states', 'state_attr']);

/** Recursive descent, no deeper than `depthMax`. A filter binds closer than a sign, as in Jinja. */
class Parser {
  readonly #tokens: readonly Token[];
  readonly #variables: Variables;
  #at = 0;
  #size = 0;

  constructor(tokens: readonly Token[], variables: Variables) {
    this.#tokens = tokens;
    this.#variables = variables;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#tokens.length;
  }

  /** `a if condition else b`; without `else` nothing. */
  choice(depth: number): Node | undefined {
    if (depth > depthMax) return undefined;
    const left = this.#either(depth);
    if (left === undefined || !this.#takesName('if')) return left;
    const condition = this.#either(depth);
    if (!this.#takesName('else')) return condition && { kind: 'choice', condition, left, right: nothing };
    const right = this.choice(depth + 1);
    return condition && right && { kind: 'choice', condition, left, right };
  }

  #either(depth: number): Node | undefined {
    let left = this.#both(depth);
    while (left !== undefined && this.#takesName('or')) {
      const right = this.#both(depth);
      left = right && { kind: 'or', left, right };
    }
    return left;
  }

  #both(depth: number): Node | undefined {
    let left = this.#negated(depth);
    while (left !== undefined && this.#takesName('and')) {
      const right = this.#negated(depth);
      left = right && { kind: 'and', left, right };
    }
    return left;
  }

  #negated(depth: number): Node | undefined {
    if (depth > depthMax) return undefined;
    if (!this.#takesName('not')) return this.#comparison(depth);
    const of = this.#negated(depth + 1);
    return of && { kind: 'not', of };
  }

  #comparison(depth: number): Node | undefined {
    const left = this.#sum(depth);
    if (left === undefined) return undefined;
    const sign = this.#tokens[this.#at];
    const kind = sign?.kind === 'sign' && Object.hasOwn(comparisons, sign.text) && comparisons[sign.text];
    if (kind) {
      this.#at += 1;
      const right = this.#sum(depth);
      return right && { kind, left, right };
    }
    const isNot = sign?.text === 'not' && this.#tokens[this.#at + 1]?.text === 'in';
    if (isNot) this.#at += 1;
    if (!this.#takesName('in')) return left;
    const right = this.#sum(depth);
    const within: Node | undefined = right && { kind: 'in', left, right };
    return isNot ? within && { kind: 'not', of: within } : within;
  }

  #sum(depth: number): Node | undefined {
    let left = this.#product(depth);
    for (;;) {
      const kind = this.#takes('+') ? 'sum' : this.#takes('-') ? 'difference' : undefined;
      if (left === undefined || kind === undefined) return left;
      const right = this.#product(depth);
      left = right && { kind, left, right };
    }
  }

  #product(depth: number): Node | undefined {
    let left = this.#power(depth);
    for (;;) {
      const sign = this.#tokens[this.#at];
      const kind = sign?.kind === 'sign' && Object.hasOwn(products, sign.text) && products[sign.text];
      if (left === undefined || !kind) return left;
      this.#at += 1;
      const right = this.#power(depth);
      if (right === undefined) return undefined;
      // `"%.1f" % value_json.power`
      left = kind === 'modulo' && left.kind === 'word' ? formatted(left, right) : { kind, left, right };
    }
  }

  #power(depth: number): Node | undefined {
    const left = this.#filtered(depth);
    if (left === undefined || !this.#takes('**')) return left;
    const right = this.#filtered(depth);
    return right && { kind: 'power', left, right };
  }

  #filtered(depth: number): Node | undefined {
    let node = this.#signed(depth);
    for (let count = 0; node !== undefined; count++) {
      const isFilter = this.#takes('|');
      if (!isFilter && !this.#takesName('is')) return node;
      if (count >= depthMax) return undefined;
      node = isFilter ? this.#filter(node, depth) : this.#test(node);
    }
    return undefined;
  }

  #signed(depth: number): Node | undefined {
    if (depth > depthMax) return undefined;
    if (!this.#takes('-')) {
      this.#takes('+');
      const node = this.#primary(depth);
      return node && this.#postfix(node, depth);
    }
    const of = this.#signed(depth + 1);
    return of?.kind === 'number' ? { kind: 'number', value: -of.value } : of && { kind: 'negative', of };
  }

  #primary(depth: number): Node | undefined {
    if (this.#takes('(')) {
      const items = this.#items(')', depth);
      return items?.length === 1 ? items[0] : items && { kind: 'list', items };
    }
    if (this.#takes('[')) {
      const items = this.#items(']', depth);
      return items && { kind: 'list', items };
    }
    const token = this.#tokens[this.#at++];
    if (token?.kind === 'number') return { kind: 'number', value: Number(token.text) };
    if (token?.kind === 'text') return { kind: 'word', value: token.text.slice(1, -1) };
    return token?.kind === 'name' ? this.#named(token.text, depth) : undefined;
  }

  #named(name: string, depth: number): Node | undefined {
    if (name === 'value') return { kind: 'value' };
    if (name === 'value_json') return { kind: 'path', path: [] };
    if (Object.hasOwn(constants, name)) return { kind: 'word', value: constants[name] as boolean | null };
    const variable = this.#variables.get(name);
    if (variable !== undefined) {
      this.#size += sizeOf(variable);
      return this.#size <= nodesMax ? variable : undefined;
    }
    if (foreign.has(name)) return this.#foreign(depth);
    if (!this.#takes('(')) return undefined;
    const args = this.#arguments(depth);
    const [first, ...rest] = args ?? [];
    if (args === undefined || first === undefined || first.name !== undefined) return undefined;
    switch (name) {
      case 'float':
      case 'int':
        return filtered(name, first.node, rest);
      case 'max':
      case 'min':
        return filtered(name, rest.length === 0 ? first.node : listOf(args), []);
      case 'is_number':
        return rest.length === 0 ? { kind: 'is', of: first.node, test: 'number' } : undefined;
      case 'iif': {
        const [left, right] = rest;
        return (
          left && { kind: 'choice', condition: first.node, left: left.node, right: right?.node ?? nothing }
        );
      }
      default:
        return undefined;
    }
  }

  /** `this.state`, `states('sensor.x')` */
  #foreign(depth: number): Node | undefined {
    while (this.#takes('.')) this.#at += 1;
    return this.#takes('(') && this.#arguments(depth) === undefined ? undefined : nothing;
  }

  #postfix(start: Node, depth: number): Node | undefined {
    let node: Node | undefined = start;
    for (let steps = 0; node !== undefined; steps++) {
      const isDot = this.#takes('.');
      if (!isDot && !this.#takes('[')) return node;
      if (steps >= pathStepsMax) return undefined;
      const sign = !isDot && this.#takes('-') ? -1 : 1;
      const token = this.#tokens[this.#at++];
      if (token === undefined || token.kind === 'sign' || token.kind === (isDot ? 'text' : 'name'))
        return undefined;
      if (isDot && token.kind === 'name' && this.#takes('(')) {
        const args = this.#arguments(depth);
        node = args && methodOf(token.text, node, args);
        continue;
      }
      if (sign < 0 && token.kind !== 'number') return undefined;
      const key =
        token.kind === 'number' ? sign * Number(token.text) : isDot ? token.text : token.text.slice(1, -1);
      node = !isDot && !this.#takes(']') ? undefined : memberOf(node, key);
    }
    return undefined;
  }

  #filter(of: Node, depth: number): Node | undefined {
    const token = this.#tokens[this.#at++];
    if (token?.kind !== 'name') return undefined;
    const args = this.#takes('(') ? this.#arguments(depth) : [];
    if (args === undefined) return undefined;
    if (token.text === 'format') {
      const [first] = args;
      return of.kind === 'word' && first !== undefined && args.length === 1
        ? formatted(of, first.node)
        : undefined;
    }
    return filtered(token.text, of, args);
  }

  #test(of: Node): Node | undefined {
    const isNot = this.#takesName('not');
    const name = this.#tokens[this.#at++]?.text ?? '';
    if (!Object.hasOwn(tests, name)) return undefined;
    const node: Node = { kind: 'is', of, test: tests[name] as Test };
    return isNot ? { kind: 'not', of: node } : node;
  }

  #items(end: string, depth: number): Node[] | undefined {
    const items: Node[] = [];
    while (!this.#takes(end)) {
      if (items.length > 0 && !this.#takes(',')) return undefined;
      const item = items.length < itemsMax ? this.choice(depth + 1) : undefined;
      if (item === undefined) return undefined;
      items.push(item);
    }
    return items;
  }

  /** Behind the opening parenthesis. */
  #arguments(depth: number): Argument[] | undefined {
    const found: Argument[] = [];
    while (!this.#takes(')')) {
      if (found.length > 0 && !this.#takes(',')) return undefined;
      const [token, next] = this.#tokens.slice(this.#at, this.#at + 2);
      const name = token?.kind === 'name' && next?.text === '=' ? token.text : undefined;
      if (name !== undefined) this.#at += 2;
      const node = found.length < itemsMax ? this.choice(depth + 1) : undefined;
      if (node === undefined) return undefined;
      found.push({ name, node });
    }
    return found;
  }

  #takes(sign: string): boolean {
    return this.#takesToken('sign', sign);
  }

  #takesName(name: string): boolean {
    return this.#takesToken('name', name);
  }

  #takesToken(kind: Token['kind'], text: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== kind || token.text !== text) return false;
    this.#at += 1;
    return true;
  }
}

function memberOf(of: Node, key: string | number): Node | undefined {
  if (of.kind === 'nothing') return of;
  if (of.kind !== 'path' || (typeof key === 'number' && key < 0)) return { kind: 'member', of, key };
  return of.path.length < pathStepsMax ? { kind: 'path', path: [...of.path, key] } : undefined;
}

function listOf(args: readonly Argument[]): Node {
  return { kind: 'list', items: args.map(({ node }) => node) };
}

/** `%.1f` and `%d`: the number, rounded. */
function formatted({ value }: Extract<Node, { kind: 'word' }>, of: Node): Node | undefined {
  const found = typeof value === 'string' ? /^%(?:\d{0,2}(?:\.(\d))?f|\d{0,2}d)$/.exec(value) : null;
  if (found === null) return undefined;
  return { kind: 'round', of, digits: value === '%f' ? 6 : Number(found[1] ?? 0), way: 'common' };
}
