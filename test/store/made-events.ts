import type { IdleEvent, StartEvent } from '../../src/model/event.ts';
import type { IdleVerdict } from '../../src/model/idle.ts';
import type { StartRecord } from '../../src/model/start.ts';

/** A start as it is announced; what is given takes the place of what is made up. */
export function announcedStart(scope: string, atMs: number, given: Partial<StartRecord> = {}): StartRecord {
  return {
    id: `${Buffer.from(scope).toString('base64url')}-${Math.round(atMs * 1000)}`,
    scope,
    outlets: ['pdu-a/7', 'pdu "b"\\ü/7'],
    atMs,
    detectedAtMs: atMs + 2000,
    fromWatts: 4.2,
    peakWatts: 412.7,
    peakAtMs: atMs + 1000,
    peakIs: 'lower-bound',
    sampleMs: 1000,
    voltsBefore: 230.4,
    concurrent: [],
    complete: false,
    trace: { atMs: [atMs - 1000, atMs, atMs + 1000], watts: [4.2, 180.25, 412.7] },
    ...given,
  };
}

/** The same start when it has settled. */
export function completeStart(announced: StartRecord, given: Partial<StartRecord> = {}): StartRecord {
  const { atMs } = announced;
  const offsets = Array.from({ length: 120 }, (_, i) => i * 1000 - 1000);
  return {
    ...announced,
    settledWatts: 187.3,
    settleMs: 93_000,
    wattHours: 5.234_567,
    voltsMin: 226.9,
    concurrent: ['server:hv-02', 'server:hv 03, =x'],
    inrushEstimate: {
      ampsPeak: 38.5,
      supplies: 2,
      rule: 'two supplies of 500 W: "cold", 115 % \\ line\nbreak',
    },
    complete: true,
    trace: {
      atMs: offsets.map((offset) => atMs + offset),
      watts: offsets.map((offset) => 180 + Math.round(2000 * Math.sin(offset)) / 10),
      volts: offsets.map((_, i) => (i % 3 === 0 ? null : 230 - i / 100)),
    },
    ...given,
  };
}

export function startEvent(start: StartRecord): StartEvent {
  return { kind: 'start', scope: start.scope, atMs: start.atMs, start };
}

export function idleEvent(scope: string, atMs: number, given: Partial<IdleEvent> = {}): IdleEvent {
  return {
    kind: 'idle',
    scope,
    atMs,
    change: 'learnt',
    idleWatts: 87.5,
    sinceMs: atMs - 3_600_000,
    ...given,
  };
}

export function idleVerdict(scope: string, given: Partial<IdleVerdict> = {}): IdleVerdict {
  return {
    scope,
    idleWatts: 87.5,
    offWatts: 4.1,
    basis: 'measured',
    confidence: 0.93,
    hoursObserved: 170.25,
    idleShare: 0.8,
    sinceMs: 1_700_000_000_000,
    busyWatts: 300,
    limitWatts: 60.2,
    limitRule: 'the "allowance" of its hardware, EU 2019/424',
    verdict: 'high',
    yearWattHours: 613_200,
    yearCost: 153.3,
    yearGrams: 107_310.5,
    ...given,
  };
}
