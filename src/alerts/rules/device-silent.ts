import { parseScope } from '../../model/scope.ts';
import type { Finding, Rule } from '../rule.ts';
import type { RuleParts } from '../rule-parts.ts';
import { scopesOfKind } from '../scope-numbers.ts';
import { capital, listed, named } from '../scope-words.ts';
import { inWords } from '../why.ts';

/** A meter of the settings that this run has not heard is waited for so long: the slowest usual one reports every 300 s. */
const awaitMs = 10 * 60_000;
/** One that nobody claims is forgotten after so long. */
const forgetMs = 30 * 86_400_000;

interface Known {
  /** Last reading of any run, epoch ms. */
  heardMs: number;
}

export function deviceSilent({ room, topology, outside, look }: RuleParts): Rule {
  /** By device, what earlier runs have heard. */
  const known = new Map<string, Known>();
  let startedMs = 0;
  let lookedAllMs = 0;

  const heardMs = (device: string) => {
    let newest = known.get(device)?.heardMs ?? 0;
    for (const outlet of room.outletsOf(device)) newest = Math.max(newest, room.lastHeardMs(outlet));
    return newest;
  };
  const isFresh = (device: string) => room.outletsOf(device).some((outlet) => room.isFresh(outlet));
  const isClaimed = (scope: string) => topology().inputsOn(scope).length > 0;

  return {
    name: 'device-silent',
    kinds: ['device'],
    scopes: () => scopesOfKind(room, 'device'),
    tick(nowMs) {
      if (startedMs === 0) startedMs = nowMs;
      // What never speaks changes nothing: once a minute all are looked at that have not been heard.
      if (nowMs - lookedAllMs < 60_000) return;
      lookedAllMs = nowMs;
      for (const scope of scopesOfKind(room, 'device')) {
        const device = parseScope(room.scopeAt(scope))!.name;
        if (isFresh(device)) known.set(device, { heardMs: nowMs });
        else look(scope);
      }
    },
    find(scope, nowMs): Finding | undefined {
      const id = room.scopeAt(scope);
      const device = parseScope(id)!.name;
      if (isFresh(device)) return { level: 'clear' };
      const lastMs = heardMs(device);
      const heardNow = room.outletsOf(device).some((outlet) => room.lastHeardMs(outlet) > 0);
      const gone = outside.isOnline(device) === false;
      if (!isClaimed(id) && (lastMs === 0 || nowMs - lastMs > forgetMs))
        return gone ? { level: 'raised', why: 'its last will says that it is gone' } : undefined;
      if (gone) return { level: 'raised', why: 'its last will says that it is gone' };
      if (heardNow) return { level: 'raised', ...since(lastMs, nowMs) };
      if (startedMs === 0 || nowMs - startedMs < awaitMs)
        return { level: 'unknown', why: 'It has not been heard since the start, and is waited for.' };
      return { level: 'raised', ...since(lastMs, nowMs) };
    },
    text(scope, _, why) {
      const servers = topology().serversOn(scope);
      const unknown =
        servers.length === 0
          ? 'what it measures'
          : `what ${listed(servers)} ${servers.length === 1 ? 'draws' : 'draw'}`;
      return `${capital(named(scope))} is silent: ${why}. Until it speaks again ${unknown} is not known. Look at its power and its network.`;
    },
    touched: (scope) => topology().serversOn(scope),
    save: () => Object.fromEntries([...known].map(([device, { heardMs: ms }]) => [device, ms])),
    load(saved, nowMs) {
      for (const [device, ms] of Object.entries(saved as Record<string, number>)) {
        if (!Number.isFinite(ms) || nowMs - ms > forgetMs || known.size >= devicesMax) continue;
        known.set(device, { heardMs: ms });
      }
    },
  };
}

/** As many as a room may have outlets. */
const devicesMax = 200_000;

function since(lastMs: number, nowMs: number): { why: string } {
  return {
    why:
      lastMs === 0
        ? 'it has never been heard'
        : `it was last heard ${new Date(lastMs).toISOString().slice(0, 16).replace('T', ' ')} UTC, ${inWords(nowMs - lastMs)} ago`,
  };
}
