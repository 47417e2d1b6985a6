import { type JsonPath, matchAt } from './json-path.ts';

/** A template taken apart. */
export type Node =
  | { readonly kind: 'number'; readonly value: number }
  /** The payload as text. */
  | { readonly kind: 'value' }
  | { readonly kind: 'path'; readonly path: JsonPath }
  | {
      readonly kind: 'sum' | 'difference' | 'product' | 'quotient';
      readonly left: Node;
      readonly right: Node;
    }
  | { readonly kind: 'negative' | 'abs' | 'int' | 'float'; readonly of: Node }
  | { readonly kind: 'round'; readonly of: Node; readonly digits: number }
  /** Nothing, unless the first is there. */
  | { readonly kind: 'if'; readonly defined: Node; readonly of: Node };

const textLengthMax = 500;
/** Marks in all, and parentheses and filters within each other. */
const tokensMax = 120;
const depthMax = 12;
const pathStepsMax = 16;

/**
 * `{{ expression }}`, or `{% if path is defined %}{{ expression }}{% endif %}` with at most an `else` that says
 * nothing of the device. Undefined: anything else.
 */
export function parseTemplate(text: string): Node | undefined {
  if (text.length > textLengthMax) return undefined;
  const plain = /^\s*\{\{-?([^{}]*?)-?\}\}\s*$/.exec(text);
  if (plain !== null) return parseExpression(plain[1] as string);
  const conditional =
    /^\s*\{%-?\s*if\s([^{}%]*?)\sis\s+defined\s*-?%\}\s*\{\{-?([^{}]*?)-?\}\}\s*(?:\{%-?\s*else\s*-?%\}([^%]*))?\{%-?\s*endif\s*-?%\}\s*$/.exec(
      text,
    );
  if (conditional === null || !saysNothing(conditional[3] ?? '')) return undefined;
  const defined = parseExpression(conditional[1] as string);
  const of = parseExpression(conditional[2] as string);
  return defined && of && { kind: 'if', defined, of };
}

/** What stands in place of a missing value: no value for us, whatever it is. */
function saysNothing(otherwise: string): boolean {
  return /^\s*(?:\{\{-?\s*)?(?:0+(?:\.0+)?|''|""|none|None|unknown|unavailable)?\s*(?:-?\}\}\s*)?$/.test(
    otherwise,
  );
}

function parseExpression(text: string): Node | undefined {
  const tokens = tokensOf(text);
  if (tokens === undefined) return undefined;
  const parser = new Parser(tokens);
  const node = parser.sum(0);
  return parser.isAtEnd ? node : undefined;
}

interface Token {
  readonly kind: 'number' | 'text' | 'name' | 'sign';
  readonly text: string;
}

const spaces = /\s*/y;
const patterns: readonly [Token['kind'], RegExp][] = [
  ['number', /\d{1,15}(?:\.\d{1,15})?(?![\w.])/y],
  // A place written with a dot, `meters.0.power`, also ends up here.
  ['number', /\d{1,15}/y],
  ['text', /"[^"\\]{0,100}"|'[^'\\]{0,100}'/y],
  ['name', /[A-Za-z_][A-Za-z0-9_]{0,99}/y],
  ['sign', /[-+*/().,|[\]]/y],
];

function tokensOf(text: string): Token[] | undefined {
  const tokens: Token[] = [];
  let at = matchAt(spaces, text, 0)?.[0].length ?? 0;
  while (at < text.length) {
    const afterDot = tokens.at(-1)?.text === '.';
    const found = patterns
      .slice(afterDot ? 1 : 0)
      .map(([kind, pattern]) => ({ kind, text: matchAt(pattern, text, at)?.[0] }))
      .find((token): token is Token => token.text !== undefined);
    if (found === undefined || tokens.length >= tokensMax) return undefined;
    tokens.push(found);
    at += found.text.length;
    at += matchAt(spaces, text, at)?.[0].length ?? 0;
  }
  return tokens;
}

/** Recursive descent, no deeper than `depthMax`. A filter binds closer than a sign, as in Jinja. */
class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#tokens.length;
  }

  sum(depth: number): Node | undefined {
    let left = this.#product(depth);
    for (;;) {
      const kind = this.#takes('+') ? 'sum' : this.#takes('-') ? 'difference' : undefined;
      if (left === undefined || kind === undefined) return left;
      const right = this.#product(depth);
      left = right && { kind, left, right };
    }
  }

  #product(depth: number): Node | undefined {
    let left = this.#filtered(depth);
    for (;;) {
      const kind = this.#takes('*') ? 'product' : this.#takes('/') ? 'quotient' : undefined;
      if (left === undefined || kind === undefined) return left;
      const right = this.#filtered(depth);
      left = right && { kind, left, right };
    }
  }

  #filtered(depth: number): Node | undefined {
    let node = this.#signed(depth);
    let filters = 0;
    while (node !== undefined && this.#takes('|'))
      node = filters++ < depthMax ? this.#filter(node) : undefined;
    return node;
  }

  #signed(depth: number): Node | undefined {
    if (depth > depthMax) return undefined;
    if (this.#takes('-')) {
      const of = this.#signed(depth + 1);
      return of && { kind: 'negative', of };
    }
    if (this.#takes('(')) {
      const inner = this.sum(depth + 1);
      return this.#takes(')') ? inner : undefined;
    }
    const token = this.#tokens[this.#at++];
    if (token?.kind === 'number') return { kind: 'number', value: Number(token.text) };
    if (token?.kind !== 'name') return undefined;
    if (token.text === 'value') return { kind: 'value' };
    return token.text === 'value_json' ? this.#path() : undefined;
  }

  #path(): Node | undefined {
    const path: (string | number)[] = [];
    for (;;) {
      if (this.#takes('.')) {
        const token = this.#tokens[this.#at++];
        // A name followed by `(` would be a call.
        if (token === undefined || (token.kind !== 'name' && token.kind !== 'number')) return undefined;
        path.push(token.kind === 'number' ? Number(token.text) : token.text);
      } else if (this.#takes('[')) {
        const token = this.#tokens[this.#at++];
        if (token === undefined || (token.kind !== 'text' && token.kind !== 'number')) return undefined;
        path.push(token.kind === 'number' ? Number(token.text) : token.text.slice(1, -1));
        if (!this.#takes(']')) return undefined;
      } else return path.length <= pathStepsMax ? { kind: 'path', path } : undefined;
    }
  }

  /** Their arguments are what a missing value would become: it stays missing, so they say nothing to us. */
  #filter(of: Node): Node | undefined {
    const name = this.#tokens[this.#at++]?.text ?? '';
    const args = this.#arguments();
    if (args === undefined) return undefined;
    const [first] = args;
    switch (name) {
      case 'default':
      case 'd':
        return args.length <= 2 ? of : undefined;
      case 'is_defined':
        return args.length === 0 ? of : undefined;
      case 'float':
      case 'int':
        return args.length <= 1 ? { kind: name, of } : undefined;
      case 'abs':
        return args.length === 0 ? { kind: 'abs', of } : undefined;
      case 'round':
        return roundBy(of, args);
      case 'multiply':
      case 'add':
        if (first?.kind !== 'number' || args.length !== 1) return undefined;
        return {
          kind: name === 'add' ? 'sum' : 'product',
          left: of,
          right: { kind: 'number', value: Number(first.text) },
        };
      default:
        return undefined;
    }
  }

  /** Literals in parentheses; none without them. */
  #arguments(): Token[] | undefined {
    const found: Token[] = [];
    if (!this.#takes('(')) return found;
    if (this.#takes(')')) return found;
    do {
      const sign = this.#takes('-') ? '-' : '';
      const token = this.#tokens[this.#at++];
      if (token === undefined || token.kind === 'sign' || (sign !== '' && token.kind !== 'number'))
        return undefined;
      if (token.kind === 'name' && !/^(true|false|none)$/i.test(token.text)) return undefined;
      found.push(sign === '' ? token : { kind: 'number', text: `-${token.text}` });
    } while (this.#takes(',') && found.length < 4);
    return this.#takes(')') ? found : undefined;
  }

  #takes(sign: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'sign' || token.text !== sign) return false;
    this.#at += 1;
    return true;
  }
}

function roundBy(of: Node, args: readonly Token[]): Node | undefined {
  const [digits] = args;
  if (digits === undefined) return { kind: 'round', of, digits: 0 };
  if (args.length > 1 || digits.kind !== 'number' || !/^\d$/.test(digits.text)) return undefined;
  return { kind: 'round', of, digits: Number(digits.text) };
}
