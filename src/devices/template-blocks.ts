import { parseExpression, type Variables } from './template-grammar.ts';
import { type Node, nothing, usesPayload } from './template-node.ts';

/** A piece of a template: `{{ … }}`, `{% … %}`, or the text between. */
interface Piece {
  readonly kind: 'output' | 'statement' | 'text';
  readonly text: string;
}

const textLengthMax = 800;
const piecesMax = 40;
const depthMax = 4;

/**
 * `{{ expression }}`, also with `{% set … %}` before and in the branches of `{% if … %}`. There must be one value
 * in the end, and of the payload. Undefined: anything else.
 */
export function parseTemplate(text: string): Node | undefined {
  const pieces = text.length > textLengthMax ? undefined : piecesOf(text);
  if (pieces === undefined) return undefined;
  const blocks = new Blocks(pieces);
  const node = blocks.body(0, new Map());
  return node !== undefined && blocks.isAtEnd && usesPayload(node) ? node : undefined;
}

function piecesOf(text: string): Piece[] | undefined {
  const pieces: Piece[] = [];
  let at = 0;
  while (at < text.length) {
    const open = /\{[{%]/.exec(text.slice(at));
    const openAt = open === null ? text.length : at + open.index;
    const between = text.slice(at, openAt).trim();
    if (between !== '') pieces.push({ kind: 'text', text: between });
    if (open === null) break;
    const isOutput = open[0] === '{{';
    const closeAt = text.indexOf(isOutput ? '}}' : '%}', openAt + 2);
    if (closeAt < 0 || pieces.length >= piecesMax) return undefined;
    const inside = text
      .slice(openAt + 2, closeAt)
      .replace(/^[-+]/, '')
      .replace(/-$/, '')
      .trim();
    pieces.push({ kind: isOutput ? 'output' : 'statement', text: inside });
    at = closeAt + 2;
  }
  return pieces;
}

/** Undefined of any method: beyond the grammar. */
class Blocks {
  readonly #pieces: readonly Piece[];
  #at = 0;

  constructor(pieces: readonly Piece[]) {
    this.#pieces = pieces;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#pieces.length;
  }

  /** Up to `elif`, `else`, `endif` or the end. */
  body(depth: number, outer: Variables): Node | undefined {
    const variables = new Map(outer);
    const found: Node[] = [];
    while (depth <= depthMax) {
      const piece = this.#pieces[this.#at];
      if (piece === undefined || (piece.kind === 'statement' && /^(?:elif\b|else$|endif$)/.test(piece.text)))
        return found.length > 1 ? undefined : (found[0] ?? nothing);
      this.#at += 1;
      const set = piece.kind === 'statement' ? /^set\s+(\w{1,40})\s*=(?!=)/.exec(piece.text) : null;
      if (set !== null) {
        const value = parseExpression(piece.text.slice(set[0].length), variables);
        if (value === undefined) return undefined;
        variables.set(set[1] as string, value);
        continue;
      }
      const node = this.#valueOf(piece, depth, variables);
      if (node === undefined) return undefined;
      found.push(node);
    }
    return undefined;
  }

  #valueOf({ kind, text }: Piece, depth: number, variables: Variables): Node | undefined {
    if (kind === 'output') return parseExpression(text, variables);
    if (kind === 'text') return text.includes('{') ? undefined : { kind: 'word', value: text };
    return /^if\b/.test(text) ? this.#choice(text.slice(2), depth, variables) : undefined;
  }

  #choice(text: string, depth: number, variables: Variables): Node | undefined {
    const condition = parseExpression(text, variables);
    const left = condition && this.body(depth + 1, variables);
    const next = this.#pieces[this.#at++];
    if (condition === undefined || left === undefined || next?.kind !== 'statement') return undefined;
    if (next.text === 'endif') return { kind: 'choice', condition, left, right: nothing };
    if (next.text !== 'else') {
      const right =
        depth < depthMax && next.text.startsWith('elif')
          ? this.#choice(next.text.slice(4), depth + 1, variables)
          : undefined;
      return right && { kind: 'choice', condition, left, right };
    }
    const right = this.body(depth + 1, variables);
    const end = this.#pieces[this.#at++];
    return right && end?.kind === 'statement' && end.text === 'endif'
      ? { kind: 'choice', condition, left, right }
      : undefined;
  }
}
