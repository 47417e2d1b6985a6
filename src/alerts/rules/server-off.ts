import type { Finding, Rule } from '../rule.ts';
import type { RuleParts } from '../rule-parts.ts';
import type { RunMemory } from '../run-memory.ts';
import { named } from '../scope-words.ts';
import { amount } from '../why.ts';

/** Only servers of the settings: what nobody named may come and go as it likes. */
export function serverOff({ room, topology }: RuleParts, runs: RunMemory): Rule {
  return {
    name: 'server-off',
    kinds: ['server'],
    *scopes() {
      for (const server of topology().servers()) yield room.indexOf(server);
    },
    find(scope, nowMs): Finding | undefined {
      if (!runs.isNamed(scope)) return undefined;
      const run = runs.update(scope, nowMs);
      if (run === undefined) return { level: 'unknown', why: 'Not all of its inputs are heard.' };
      const value = room.sumAt(scope, 'watts');
      if (run.isOn)
        return { level: 'clear', value, unit: 'W', why: () => `It is on, at ${amount(value, 'W')}.` };
      return run.ran
        ? { level: 'raised', value, unit: 'W' }
        : { level: 'clear', value, unit: 'W', why: 'It is off, and was not seen running before.' };
    },
    text: (server, { value = 0 }) =>
      `${named(server)} is off: it draws ${amount(value, 'W')}, and was running before.`,
    save: () => runs.save(),
    load: (saved) => runs.load(saved as Parameters<RunMemory['load']>[0]),
  };
}
