import { matchAt } from './json-path.ts';

export interface Token {
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
  ['sign', /\/\/|\*\*|[=!<>]=|[-+*/%().,|[\]<>=]/y],
];

/** The marks of an expression; undefined: there are others, or more than `max`. */
export function tokensOf(text: string, max: number): Token[] | undefined {
  const tokens: Token[] = [];
  let at = matchAt(spaces, text, 0)?.[0].length ?? 0;
  while (at < text.length) {
    const afterDot = tokens.at(-1)?.text === '.';
    const found = tokenAt(text, at, afterDot ? 1 : 0);
    if (found === undefined || tokens.length >= max) return undefined;
    tokens.push(found);
    at += found.text.length;
    at += matchAt(spaces, text, at)?.[0].length ?? 0;
  }
  return tokens;
}

/** `from`: which kinds count here. */
function tokenAt(text: string, at: number, from: number): Token | undefined {
  for (let index = from; index < patterns.length; index++) {
    const [kind, pattern] = patterns[index] as (typeof patterns)[number];
    const found = matchAt(pattern, text, at);
    if (found !== undefined) return { kind, text: found[0] };
  }
  return undefined;
}
