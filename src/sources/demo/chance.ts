/**
 * The only chance there is in the simulated room: values that look random and are functions of whole numbers,
 * so that the same seed gives the same room at the same moment, in any order and in any process.
 */
export function hash(a: number, b: number, c = 0): number {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15) ^ b, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 13) ^ c, 0x27d4eb2f);
  h = Math.imul(h ^ (h >>> 16), 0x165667b1);
  return (h ^ (h >>> 15)) >>> 0;
}

/** A whole number for a text. */
export function hashText(seed: number, text: string): number {
  let h = seed >>> 0;
  for (let i = 0; i < text.length; i += 1) h = hash(h, text.charCodeAt(i), i);
  return h;
}

/** 0 … 1, without 1. */
export function unit(a: number, b: number, c = 0): number {
  return hash(a, b, c) / 0x1_0000_0000;
}

/** −1 … 1. */
export function signed(a: number, b: number, c = 0): number {
  return hash(a, b, c) / 0x8000_0000 - 1;
}

/** `from` … `to`. */
export function between(from: number, to: number, a: number, b: number, c = 0): number {
  return from + (to - from) * unit(a, b, c);
}

/** A slow wander between −1 and 1 that turns about once a cell: smooth between one chance value a cell. */
export function wander(seed: number, atMs: number, cellMs: number): number {
  const cell = Math.floor(atMs / cellMs);
  const f = atMs / cellMs - cell;
  const from = signed(seed, cell);
  return from + (signed(seed, cell + 1) - from) * f * f * (3 - 2 * f);
}

const rippleScale = 10.392304845413264;

/** One swing up and down over a cell, −1 … 1, 0 at both ends and 0 on average: it leaves no trace in the energy. */
export function ripple(f: number): number {
  return rippleScale * f * (1 - f) * (1 - 2 * f);
}

/** The integral of `ripple` from 0 to `f`, in cells. */
export function rippleIntegral(f: number): number {
  return (rippleScale / 2) * f * f * (1 - f) * (1 - f);
}

/** A jump that reaches 1 at x = 1 and dies away after a few x. */
export function surge(x: number): number {
  return x * Math.exp(1 - x);
}

/** The integral of `surge` from 0 to `x`. */
export function surgeIntegral(x: number): number {
  return Math.E * (1 - (1 + x) * Math.exp(-x));
}
