import { Happenings } from '../happenings.ts';
import type { Finding, Rule } from '../rule.ts';
import type { RuleParts } from '../rule-parts.ts';
import type { RunMemory } from '../run-memory.ts';
import { named } from '../scope-words.ts';
import { inWords } from '../why.ts';

/** A server of the settings draws again after it was off for long. */
export function serverBack({ room, settings, look }: RuleParts, runs: RunMemory): Rule {
  const backs = new Happenings<number>(look);
  // One memory for both, kept once.
  const isKeeper = !settings.isUsed('server-off');
  const offForMs = new Map<string, number>();
  /** By scope, since when it was on as last told of; whoever asks why meanwhile has it looked at too. */
  const toldMs: number[] = [];
  return {
    name: 'server-back',
    kinds: ['server'],
    scopes: () => backs.scopes(),
    changed(scope, nowMs) {
      const run = runs.update(scope, nowMs);
      if (run?.otherForMs === undefined || !run.isOn || toldMs[scope] === run.sinceMs) return;
      toldMs[scope] = run.sinceMs;
      const id = room.scopeAt(scope);
      if (run.otherForMs < settings.of('server-back', id).offFor) return;
      if (offForMs.size >= keptMax) offForMs.clear();
      offForMs.set(id, run.otherForMs);
      backs.add(scope, run.otherForMs, nowMs);
    },
    tick: (nowMs) => backs.tick(nowMs),
    find(scope, nowMs): Finding | undefined {
      const back = backs.of(scope, nowMs);
      if (back === undefined) return undefined;
      return { level: back.isNow ? 'raised' : 'clear', value: back.what / 60_000, unit: 'min' };
    },
    text: (server) => `${named(server)} is on again, after ${inWords(offForMs.get(server) ?? 0)} off.`,
    save: () => (isKeeper ? runs.save() : undefined),
    load(saved) {
      if (isKeeper) runs.load(saved as Parameters<RunMemory['load']>[0]);
    },
  };
}

const keptMax = 20_000;
