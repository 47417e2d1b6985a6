import { between, hashText, signed, unit, wander } from './chance.ts';
import { cycleMs } from './cycle.ts';
import type { Machine } from './machines.ts';
import { type Reboot, rebootsOf } from './reboots.ts';

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** Distance of the points between which the quiet part of the draw runs straight. */
export const knotMs = 5 * minuteMs;

/** Extra draw for a while: a job, a woken disk shelf. Times are ms from the begin of the cycle. */
export interface Pulse {
  readonly fromMs: number;
  readonly toMs: number;
  readonly watts: number;
  /** Up and down around `watts` within a job. */
  readonly swingWatts: number;
  /** Disks spinning up: on top, for `spikeMs` or so. */
  readonly spikeWatts: number;
  readonly spikeMs: number;
}

/** Four weeks of one machine. */
export interface Workload {
  readonly seed: number;
  /** Watts without jobs and starts, one each `knotMs`, the first again at the end. */
  readonly knots: Float32Array;
  /** In order, none overlaps another, none goes beyond the cycle. */
  readonly pulses: readonly Pulse[];
  readonly reboots: readonly Reboot[];
}

export function workloadOf(machine: Machine, roomSeed: number): Workload {
  const seed = hashText(roomSeed, machine.name);
  const reboots = rebootsOf(machine, seed, roomSeed);
  return { seed, knots: knotsOf(machine, seed), pulses: pulsesOf(machine, seed, reboots), reboots };
}

// ── the quiet part ─────────────────────────────────────────────────────────────────────────────────────

/** Local hour and how busy an office is then. */
const officeDay: readonly (readonly [number, number])[] = [
  [0, 0.02],
  [6, 0.03],
  [7.5, 0.2],
  [9, 0.74],
  [10.25, 0.98],
  [12, 0.9],
  [12.75, 0.72],
  [13.75, 0.9],
  [15.5, 0.96],
  [17, 0.72],
  [18.5, 0.34],
  [20.5, 0.15],
  [23, 0.03],
  [24, 0.02],
];
/** Monday first. */
const officeWeek = [0.95, 1, 0.97, 0.98, 0.88, 0.14, 0.1] as const;

function knotsOf(machine: Machine, seed: number): Float32Array {
  const count = cycleMs / knotMs;
  const knots = new Float32Array(count + 1);
  for (let k = 0; k < count; k += 1) knots[k] = quietWatts(machine, seed, k * knotMs);
  knots[count] = knots[0]!;
  return knots;
}

function quietWatts(machine: Machine, seed: number, atMs: number): number {
  const { idleWatts, busyWatts } = machine;
  const breath = wander(seed, atMs, 47 * minuteMs);
  switch (machine.work) {
    case 'office':
    case 'database': {
      const day = Math.floor(atMs / dayMs);
      const ebb = 0.88 + 0.12 * signed(seed, day, 1);
      const gusts = 1 + 0.16 * breath + 0.12 * wander(seed + 1, atMs, 13 * minuteMs);
      const share = officeCurve((atMs % dayMs) / hourMs) * officeWeek[day % 7]! * ebb * gusts;
      return idleWatts + (busyWatts - idleWatts) * Math.min(1, share);
    }
    case 'steady': {
      const day = Math.floor(atMs / dayMs);
      const traffic = officeCurve((atMs % dayMs) / hourMs) * officeWeek[day % 7]!;
      return idleWatts + (busyWatts - idleWatts) * 0.7 * traffic + 0.004 * idleWatts * breath;
    }
    case 'batch':
    case 'training':
    case 'runner':
    case 'backup':
    case 'tape':
    case 'files':
      return idleWatts * (1 + 0.008 * breath);
    case 'screen':
      return idleWatts;
  }
}

function officeCurve(hour: number): number {
  let next = 1;
  while (officeDay[next]![0] <= hour) next += 1;
  const [fromHour, from] = officeDay[next - 1]!;
  const [toHour, to] = officeDay[next]!;
  return from + ((to - from) * (hour - fromHour)) / (toHour - fromHour);
}

// ── jobs ───────────────────────────────────────────────────────────────────────────────────────────────

function pulsesOf(machine: Machine, seed: number, reboots: readonly Reboot[]): Pulse[] {
  const range = machine.busyWatts - machine.idleWatts;
  switch (machine.work) {
    case 'training':
      return oneAfterAnother(seed, range, { gap: [15, 110], length: [35, 260], swing: 0.17 });
    case 'batch':
      return oneAfterAnother(seed, range, { gap: [12, 150], length: [15, 110], swing: 0.04 });
    case 'runner':
      return buildJobs(seed, range, reboots);
    case 'database':
      return nightly(seed, 1.25, 1.2, 0.5 * range, 0);
    case 'backup':
      return nightly(seed, 1, 3.2, 0.85 * range, 0);
    case 'tape':
      return nightly(seed, 4.5, 1.4, 0.8 * range, 0.35 * range);
    case 'files':
      return diskDays(seed, range);
    case 'screen':
      return workdays(seed, range);
    case 'office':
    case 'steady':
      return [];
  }
}

interface JobHabit {
  /** Minutes between jobs, from and to. */
  readonly gap: readonly [number, number];
  /** Minutes a job takes, from and to. */
  readonly length: readonly [number, number];
  /** Share of the job's watts it swings up and down. */
  readonly swing: number;
}

function oneAfterAnother(seed: number, range: number, habit: JobHabit): Pulse[] {
  const pulses: Pulse[] = [];
  let fromMs = 0;
  for (let i = 0; ; i += 1) {
    fromMs += between(...habit.gap, seed, i, 2) * minuteMs;
    const toMs = fromMs + between(...habit.length, seed, i, 3) * minuteMs;
    if (toMs >= cycleMs) return pulses;
    const watts = between(0.6, 0.82, seed, i, 4) * range;
    pulses.push({ fromMs, toMs, watts, swingWatts: habit.swing * range, spikeWatts: 0, spikeMs: 1 });
    fromMs = toMs;
  }
}

/** A runner builds between two set-ups; at night and at weekends seldom. */
function buildJobs(seed: number, range: number, reboots: readonly Reboot[]): Pulse[] {
  const pulses: Pulse[] = [];
  for (let i = 0; i + 1 < reboots.length; i += 1) {
    const fromMs = reboots[i]!.toMs + between(10, 90, seed, i, 5) * secondMs;
    const roomMs = reboots[i + 1]!.fromMs - fromMs - 20 * secondMs;
    const toMs = fromMs + roomMs * between(0.45, 1, seed, i, 6);
    const day = Math.floor(fromMs / dayMs);
    const demand = 0.15 + 0.85 * officeCurve((fromMs % dayMs) / hourMs) * officeWeek[day % 7]!;
    if (unit(seed, i, 7) > demand) continue;
    const watts = between(0.55, 0.88, seed, i, 8) * range;
    pulses.push({ fromMs, toMs, watts, swingWatts: 0.1 * range, spikeWatts: 0, spikeMs: 1 });
  }
  return pulses;
}

function nightly(seed: number, hour: number, hours: number, watts: number, spikeWatts: number): Pulse[] {
  return Array.from({ length: 28 }, (_, day) => {
    const fromMs = day * dayMs + hour * hourMs + between(0, 9, seed, day, 9) * minuteMs;
    const toMs = fromMs + hours * between(0.75, 1.2, seed, day, 10) * hourMs;
    return { fromMs, toMs, watts, swingWatts: 0.07 * watts, spikeWatts, spikeMs: 2 * secondMs };
  });
}

/** Disks sleep at night, wake for the backup, and again when the first of the office comes. */
function diskDays(seed: number, range: number): Pulse[] {
  const spin = { watts: 0.86 * range, swingWatts: 0.06 * range, spikeWatts: 0.75 * range };
  return Array.from({ length: 28 }, (_, day) => {
    const weekend = day % 7 >= 5;
    const opensMs = day * dayMs + between(6.6, 7.7, seed, day, 11) * hourMs;
    const closesMs = day * dayMs + (weekend ? 9 : 20.5) * hourMs + between(0, 90, seed, day, 12) * minuteMs;
    const backupMs = day * dayMs + 0.97 * hourMs + between(0, 5, seed, day, 13) * minuteMs;
    const backedUpMs = backupMs + between(2.3, 3.6, seed, day, 14) * hourMs;
    return [
      { ...spin, fromMs: backupMs, toMs: backedUpMs, spikeMs: 3.5 * secondMs },
      { ...spin, fromMs: opensMs, toMs: closesMs, spikeMs: 3.5 * secondMs },
    ];
  }).flat();
}

function workdays(seed: number, range: number): Pulse[] {
  return Array.from({ length: 28 }, (_, day) => ({
    fromMs: day * dayMs + between(8, 8.6, seed, day, 15) * hourMs,
    toMs: day * dayMs + between(17.4, 18.5, seed, day, 16) * hourMs,
    watts: 0.9 * range,
    swingWatts: 0.08 * range,
    spikeWatts: 0,
    spikeMs: 1,
  })).filter((_, day) => day % 7 < 5);
}
