import { between, unit } from './chance.ts';
import { cycleMs } from './cycle.ts';
import { type Machine, machines } from './machines.ts';

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** One runner is set up anew in each slot; two in a row are at least three minutes apart. */
const slotMs = 7 * minuteMs;
const slotJitterMs = 4 * minuteMs;

/** Off, power-on spike, boot plateau, settling: then the machine works on. */
export interface Reboot {
  readonly fromMs: number;
  readonly toMs: number;
  readonly offMs: number;
  readonly bootMs: number;
  readonly settleMs: number;
  readonly peakWatts: number;
  /** From power-on to the peak. */
  readonly spikeMs: number;
  readonly plateauWatts: number;
}

/** All restarts of a machine within the cycle, in order. */
export function rebootsOf(machine: Machine, seed: number, roomSeed: number): Reboot[] {
  const startsMs = { often: runnerStarts, monthly: patchNight, never: () => [] }[machine.reboots](
    machine,
    roomSeed,
  );
  return startsMs.map((fromMs, i) => rebootAt(machine, seed, fromMs, i)).filter(({ toMs }) => toMs < cycleMs);
}

/** Runners take turns in pairs, and chance chooses in the pair: none is due again while it still boots. */
function runnerStarts(machine: Machine, roomSeed: number): number[] {
  const runners = machines.filter(({ reboots }) => reboots === 'often');
  const place = runners.indexOf(machine);
  const pairs = runners.length / 2;
  const slots = Array.from({ length: cycleMs / slotMs }, (_, slot) => slot);
  return slots
    .filter((slot) => 2 * (slot % pairs) + (unit(roomSeed, slot, 17) < 0.5 ? 0 : 1) === place)
    .map((slot) => slot * slotMs + unit(roomSeed, slot, 18) * slotJitterMs);
}

/** Tuesday night between two and five, each machine once in four weeks, one after the other. */
function patchNight(machine: Machine): number[] {
  const place = machines.filter(({ reboots }) => reboots === 'monthly').indexOf(machine);
  const night = (place % 4) * 7 + 1;
  return [night * dayMs + 2.1 * hourMs + Math.floor(place / 4) * 13 * minuteMs];
}

function rebootAt(machine: Machine, seed: number, fromMs: number, i: number): Reboot {
  const offMs = between(10, 55, seed, i, 19) * secondMs;
  const bootMs = between(62, 115, seed, i, 20) * secondMs;
  const settleMs = between(6, 14, seed, i, 21) * secondMs;
  const plateauShare = between(1.16, 1.34, seed, i, 22);
  return {
    fromMs,
    toMs: fromMs + offMs + bootMs + settleMs,
    offMs,
    bootMs,
    settleMs,
    peakWatts: machine.idleWatts * machine.surge * between(0.92, 1.12, seed, i, 23),
    spikeMs: between(1.3, 2.6, seed, i, 24) * secondMs,
    plateauWatts: machine.idleWatts * plateauShare,
  };
}
