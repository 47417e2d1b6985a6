import type { StartAnswer } from '../../src/api/shapes.ts';
import type { IdleVerdict } from '../../src/model/idle.ts';

const secondMs = 1_000;

/** A server's start as a meter sees it: off, surge, boot plateau, settled; every number a plain function of what is given. */
export function makeStart(
  scope: string,
  atMs: number,
  { settledWatts = 120, complete = true, sampleMs = secondMs, concurrent = [] as string[] } = {},
): StartAnswer {
  const settleMs = 180 * secondMs;
  const endMs = complete ? settleMs + 60 * secondMs : 6 * secondMs;
  const peakWatts = settledWatts * 2.6;
  const trace = { atMs: [] as number[], watts: [] as number[], volts: [] as (number | null)[] };
  for (let afterMs = -8 * secondMs; afterMs <= endMs; afterMs += sampleMs) {
    const watts = wattsAfter(afterMs, settledWatts, settleMs);
    trace.atMs.push(atMs + afterMs);
    trace.watts.push(watts);
    trace.volts.push(afterMs % (2 * sampleMs) === 0 ? Math.round((231 - watts / 160) * 100) / 100 : null);
  }
  return {
    id: `${Math.floor(atMs).toString(36)}-${scope.replace(/\W/g, '')}`,
    scope,
    outlets: [scope.replace('server:srv-', 'pdu-a/'), scope.replace('server:srv-', 'pdu-b/')],
    atMs,
    detectedAtMs: atMs + sampleMs,
    fromWatts: 8.4,
    peakWatts,
    peakAtMs: atMs + 2 * secondMs,
    peakIs: 'lower-bound',
    sampleMs,
    voltsBefore: 231,
    voltsMin: Math.round((231 - peakWatts / 160) * 100) / 100,
    concurrent,
    inrushEstimate: { ampsPeak: 70, supplies: 2, rule: '35 A crest for each supply that gets mains' },
    complete,
    trace,
    ...(complete && { settledWatts, settleMs, wattHours: (settledWatts * 1.35 * settleMs) / 3_600_000 }),
  };
}

function wattsAfter(afterMs: number, settledWatts: number, settleMs: number): number {
  if (afterMs < 0) return 8.4;
  const ripple = 1 + 0.03 * Math.sin(afterMs / 3_000);
  if (afterMs <= 4 * secondMs) return settledWatts * 2.6 - Math.abs(afterMs - 2 * secondMs) * 0.05;
  if (afterMs < settleMs) return settledWatts * 1.4 * ripple;
  return settledWatts * ripple;
}

const yearHours = 8_760;

/** One machine that burns a kilowatt for nothing, others above and below their limits, and some not judged yet. */
export function makeIdle(names: readonly string[]): IdleVerdict[] {
  return names.map((name, i): IdleVerdict => {
    const scope = `server:${name}`;
    const known = { scope, hoursObserved: 40 + 37 * i, sinceMs: 1_795_000_000_000 };
    if (i >= names.length - 1)
      return {
        scope,
        basis: 'unknown',
        confidence: 0,
        hoursObserved: 0,
        idleShare: 0,
        sinceMs: 0,
        verdict: 'learning',
      };
    if (i >= names.length - 2) {
      const learning = { ...known, hoursObserved: 0.7, idleWatts: 88.2, idleShare: 0.9, confidence: 0.06 };
      return { ...learning, basis: 'measured', verdict: 'learning' };
    }
    const idleWatts = i === 0 ? 1_012.5 : 260 - 18 * i;
    const limitWatts = i === 0 ? 350 : 190;
    const idleShare = 0.92 - 0.03 * i;
    return {
      ...known,
      idleWatts,
      basis: 'measured',
      confidence: Math.min(0.97, 0.3 + 0.1 * i),
      idleShare,
      busyWatts: idleWatts * 1.8,
      limitWatts,
      limitRule:
        i % 2 === 0
          ? 'set for this server (idleLimitWatts)'
          : "yardstick EU 2019/424, without the processor's allowance: 38 W for two sockets + 5 W for 32 GB of memory",
      verdict: idleWatts > limitWatts ? 'high' : 'ok',
      yearWattHours: idleWatts * idleShare * yearHours,
    };
  });
}
