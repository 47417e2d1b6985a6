import type { PowerTree, ServerInput } from '../model/power-tree.ts';
import { instantOfText } from './settings-time.ts';

/** When an input was plugged in there: from the first instant to before the second. */
export interface InputTimes {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What is not told is since ever, or for ever. */
export function inputTimes(input: ServerInput, timezone: string): InputTimes {
  const instant = (text: string | undefined) =>
    text === undefined ? undefined : instantOfText(text, timezone);
  return {
    fromMs: instant(input.from) ?? Number.NEGATIVE_INFINITY,
    toMs: instant(input.to) ?? Number.POSITIVE_INFINITY,
  };
}

/** The room as it was, is or will be cabled at `atMs`: inputs of other times are left out. */
export function treeAt(tree: PowerTree, atMs: number): PowerTree {
  if (!tree.servers.some(({ inputs }) => inputs.some(isDated))) return tree;
  const holds = (input: ServerInput) => {
    const { fromMs, toMs } = inputTimes(input, tree.timezone);
    return atMs >= fromMs && atMs < toMs;
  };
  return {
    ...tree,
    servers: tree.servers.map((server) => ({ ...server, inputs: server.inputs.filter(holds) })),
  };
}

/** When something is next plugged in elsewhere; Infinity: never. */
export function nextRecabling(tree: PowerTree, afterMs: number): number {
  const instants = tree.servers.flatMap(({ inputs }) =>
    inputs.filter(isDated).flatMap((input) => Object.values(inputTimes(input, tree.timezone))),
  );
  return Math.min(Number.POSITIVE_INFINITY, ...instants.filter((atMs) => atMs > afterMs));
}

/** A part of a time in which nothing is plugged in elsewhere. */
export interface CabledTime {
  readonly fromMs: number;
  /** Of the whole time, 0…1. */
  readonly share: number;
}

/** [fromMs, toMs), cut where something is plugged in elsewhere. */
export function cabledTimes(tree: PowerTree, fromMs: number, toMs: number): CabledTime[] {
  const times: CabledTime[] = [];
  for (let atMs = fromMs; atMs < toMs; ) {
    const endMs = Math.min(toMs, nextRecabling(tree, atMs));
    times.push({ fromMs: atMs, share: (endMs - atMs) / (toMs - fromMs) });
    atMs = endMs;
  }
  return times;
}

function isDated({ from, to }: ServerInput): boolean {
  return from !== undefined || to !== undefined;
}
