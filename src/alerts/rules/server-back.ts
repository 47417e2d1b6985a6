import { Happenings } from '../happenings.ts';
import type { Finding, Rule } from '../rule.ts';
import type { RuleParts } from '../rule-parts.ts';
import { RunMemory } from '../run-memory.ts';
import { named } from '../scope-words.ts';
import { inWords } from '../why.ts';

/** A server of the settings draws again after it was off for long. */
export function serverBack({ room, topology, settings, look }: RuleParts): Rule {
  const backs = new Happenings<number>(look);
  const runs = new RunMemory(room);
  const offForMs = new Map<string, number>();
  return {
    name: 'server-back',
    kinds: ['server'],
    scopes: () => backs.scopes(),
    changed(scope, nowMs) {
      const id = room.scopeAt(scope);
      if (topology().inputsOf(id).length === 0) return;
      const before = runs.update(scope, nowMs)?.before;
      if (before === undefined || before.isOn || before.forMs < settings.of('server-back', id).offFor) return;
      if (offForMs.size >= keptMax) offForMs.clear();
      offForMs.set(id, before.forMs);
      backs.add(scope, before.forMs, nowMs);
    },
    tick: (nowMs) => backs.tick(nowMs),
    find(scope, nowMs): Finding | undefined {
      const back = backs.of(scope, nowMs);
      if (back === undefined) return undefined;
      return { level: back.isNow ? 'raised' : 'clear', value: back.what / 60_000, unit: 'min' };
    },
    text: (server) => `${named(server)} is on again, after ${inWords(offForMs.get(server) ?? 0)} off.`,
    save: () => runs.save(),
    load: (saved) => runs.load(saved as Parameters<RunMemory['load']>[0]),
  };
}

const keptMax = 20_000;
