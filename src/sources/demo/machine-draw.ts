import { ripple, rippleIntegral, signed, surge, surgeIntegral } from './chance.ts';
import { calendarFromMs, cycleMs, inCycle } from './cycle.ts';
import type { LocalCalendar } from './local-calendar.ts';
import type { Machine } from './machines.ts';
import type { Reboot } from './reboots.ts';
import { Spans } from './spans.ts';
import { knotMs, type Pulse, type Workload } from './workload.ts';

const wattMsPerWattHour = 3_600_000;
/** Lengths of the quick ups and downs that are always there; both divide the cycle. */
const ripplesMs = [7_000, 45_000] as const;
const swingMs = 41_000;
/** A surge has died away by then. */
const surgeMs = 30_000;

interface EnergySums {
  readonly knots: Float64Array;
  readonly pulses: Float64Array;
  reboots: Float64Array;
  /** Of the whole cycle. */
  cycle: number;
}

export type Phase = 'standby' | 'starting' | 'running';

/**
 * What one machine draws at any moment, and what it has drawn since the calendar began: both as formulas of the
 * room's local time, so that the counter is the exact integral of the watts.
 */
export class MachineDraw {
  readonly machine: Machine;
  readonly #calendar: LocalCalendar;
  readonly #work: Workload;
  readonly #pulses: Spans;
  readonly #reboots: Spans;
  /** Watt-ms up to each knot, pulse and reboot; made when first asked for. */
  #sums: EnergySums | undefined;
  /** Watt-ms to add after each change of the clock: hours that were skipped or came twice. */
  readonly #changes: number[] = [0];

  constructor(machine: Machine, work: Workload, calendar: LocalCalendar) {
    this.machine = machine;
    this.#calendar = calendar;
    this.#work = work;
    this.#pulses = new Spans(work.pulses, cycleMs);
    this.#reboots = new Spans(work.reboots, cycleMs);
  }

  watts(atMs: number): number {
    return this.wattsInCycle(inCycle(this.#calendar.localMs(atMs)));
  }

  phase(atMs: number): Phase {
    const inMs = inCycle(this.#calendar.localMs(atMs));
    const reboot = this.#reboots.around(inMs);
    if (reboot < 0) return 'running';
    return inMs - this.#reboots.fromMs[reboot]! < this.#work.reboots[reboot]!.offMs ? 'standby' : 'starting';
  }

  /** Does the draw jump between two moments of the cycle: a restart, a job that begins or ends? */
  jumpsIn(fromInMs: number, toInMs: number): boolean {
    const reboot = this.#reboots.next(fromInMs);
    if (reboot < this.#reboots.count && this.#reboots.fromMs[reboot]! < toInMs) return true;
    const pulse = this.#pulses.next(fromInMs - surgeMs);
    for (let i = pulse; i < this.#pulses.count && this.#pulses.fromMs[i]! < toInMs; i += 1) {
      const pulseToMs = this.#pulses.toMs[i]!;
      if (this.#pulses.fromMs[i]! + surgeMs > fromInMs || (pulseToMs >= fromInMs && pulseToMs < toInMs))
        return true;
    }
    return false;
  }

  /** Wh since the calendar began; at least 0, never falls. */
  wattHours(atMs: number): number {
    const changes = this.#calendar.changesUntil(atMs);
    for (let i = this.#changes.length - 1; i < changes.length; i += 1) {
      const { atMs: changeMs, beforeMs, afterMs } = changes[i]!;
      const twice = this.#sinceCalendar(changeMs + beforeMs) - this.#sinceCalendar(changeMs + afterMs);
      this.#changes.push(this.#changes[i]! + twice);
    }
    const wattMs = this.#sinceCalendar(this.#calendar.localMs(atMs)) + this.#changes[changes.length]!;
    return Math.max(0, wattMs / wattMsPerWattHour);
  }

  /** The draw at a moment of the cycle. */
  wattsInCycle(inMs: number): number {
    const reboot = this.#reboots.around(inMs);
    if (reboot >= 0) {
      const { offMs } = this.#work.reboots[reboot]!;
      const sinceMs = inMs - this.#reboots.fromMs[reboot]!;
      return (
        this.#rebootWatts(this.#work.reboots[reboot]!, sinceMs) + (sinceMs < offMs ? 0 : this.#ripples(inMs))
      );
    }
    return this.#quiet(inMs) + this.#pulse(inMs) + this.#ripples(inMs);
  }

  // ── watts ────────────────────────────────────────────────────────────────────────────────────────────

  #quiet(inMs: number): number {
    const k = Math.floor(inMs / knotMs);
    const from = this.#work.knots[k]!;
    return from + (this.#work.knots[k + 1]! - from) * (inMs / knotMs - k);
  }

  #pulse(inMs: number): number {
    const i = this.#pulses.around(inMs);
    if (i < 0) return 0;
    const pulse = this.#work.pulses[i]!;
    const sinceMs = inMs - pulse.fromMs;
    const cell = Math.floor(sinceMs / swingMs);
    const swing = pulse.swingWatts * signed(this.#work.seed, i, cell) * ripple(sinceMs / swingMs - cell);
    return (
      pulse.watts + swing + (pulse.spikeWatts === 0 ? 0 : pulse.spikeWatts * surge(sinceMs / pulse.spikeMs))
    );
  }

  #ripples(inMs: number): number {
    let watts = 0;
    for (let scale = 0; scale < ripplesMs.length; scale += 1) {
      const cellMs = ripplesMs[scale]!;
      const cell = Math.floor(inMs / cellMs);
      watts += this.#rippleWatts(scale, cell, cellMs) * ripple(inMs / cellMs - cell);
    }
    return watts;
  }

  /** A busy machine is a restless one; what hardly changes with work hardly ripples. */
  #rippleWatts(scale: number, cell: number, cellMs: number): number {
    const { idleWatts, busyWatts } = this.machine;
    const quietWatts = this.#work.knots[Math.floor((cell * cellMs) / knotMs)]!;
    const lively = 0.003 * idleWatts + 0.025 * Math.min(idleWatts * 0.5, busyWatts - idleWatts);
    const busy = 0.08 * Math.max(0, quietWatts - idleWatts);
    return (lively + busy) * signed(this.#work.seed, cell, 30 + scale);
  }

  #rebootWatts(reboot: Reboot, sinceMs: number): number {
    const onMs = sinceMs - reboot.offMs;
    if (onMs < 0) return this.machine.standbyWatts;
    const { plateauWatts, peakWatts, spikeMs, bootMs } = reboot;
    if (onMs < bootMs) return plateauWatts + (peakWatts - plateauWatts) * surge(onMs / spikeMs);
    const settled = (onMs - bootMs) / reboot.settleMs;
    return plateauWatts + (this.machine.idleWatts - plateauWatts) * settled;
  }

  // ── energy, in watt-ms ───────────────────────────────────────────────────────────────────────────────

  #sinceCalendar(localMs: number): number {
    const cycles = Math.floor((localMs - calendarFromMs) / cycleMs);
    return cycles * this.#energySums().cycle + this.#energy(inCycle(localMs));
  }

  /** From the begin of the cycle to `inMs`. */
  #energy(inMs: number): number {
    const sums = this.#energySums();
    const next = this.#reboots.next(inMs);
    const plain = this.#plainEnergy(inMs, sums) + this.#ripplesEnergy(inMs);
    const sinceMs = next < this.#reboots.count ? inMs - this.#reboots.fromMs[next]! : 0;
    const running = sinceMs > 0 ? this.#rebootDifference(this.#work.reboots[next]!, sinceMs, sums) : 0;
    return plain + sums.reboots[next]! + running;
  }

  /** As if the machine never restarted, without ripples. */
  #plainEnergy(inMs: number, sums: EnergySums): number {
    const k = Math.min(Math.floor(inMs / knotMs), this.#work.knots.length - 2);
    const f = inMs / knotMs - k;
    const from = this.#work.knots[k]!;
    const quiet = sums.knots[k]! + knotMs * f * (from + ((this.#work.knots[k + 1]! - from) * f) / 2);
    const next = inMs < cycleMs ? this.#pulses.next(inMs) : this.#pulses.count;
    const sinceMs = next < this.#pulses.count ? inMs - this.#pulses.fromMs[next]! : 0;
    return quiet + sums.pulses[next]! + (sinceMs > 0 ? this.#pulseEnergy(next, sinceMs) : 0);
  }

  #pulseEnergy(i: number, sinceMs: number): number {
    const pulse: Pulse = this.#work.pulses[i]!;
    const cell = Math.floor(sinceMs / swingMs);
    const swing = pulse.swingWatts * signed(this.#work.seed, i, cell) * swingMs;
    return (
      pulse.watts * sinceMs +
      swing * rippleIntegral(sinceMs / swingMs - cell) +
      pulse.spikeWatts * pulse.spikeMs * surgeIntegral(sinceMs / pulse.spikeMs)
    );
  }

  /** A ripple that is over has added nothing: only the running ones count. */
  #ripplesEnergy(inMs: number): number {
    let wattMs = 0;
    for (let scale = 0; scale < ripplesMs.length; scale += 1) {
      const cellMs = ripplesMs[scale]!;
      const cell = Math.floor(inMs / cellMs);
      const f = inMs / cellMs - cell;
      if (f > 0) wattMs += this.#rippleWatts(scale, cell, cellMs) * cellMs * rippleIntegral(f);
    }
    return wattMs;
  }

  /** What a reboot has drawn after `sinceMs` more than the machine would have without it. */
  #rebootDifference(reboot: Reboot, sinceMs: number, sums: EnergySums): number {
    const offMs = Math.min(sinceMs, reboot.offMs);
    const bootMs = Math.min(Math.max(0, sinceMs - reboot.offMs), reboot.bootMs);
    const settleMs = Math.max(0, sinceMs - reboot.offMs - reboot.bootMs);
    const { plateauWatts, peakWatts, spikeMs } = reboot;
    const drawn =
      this.machine.standbyWatts * offMs +
      plateauWatts * (bootMs + settleMs) +
      (peakWatts - plateauWatts) * spikeMs * surgeIntegral(bootMs / spikeMs) +
      ((this.machine.idleWatts - plateauWatts) * settleMs * settleMs) / (2 * reboot.settleMs);
    const { fromMs } = reboot;
    const plain = this.#plainEnergy(fromMs + sinceMs, sums) - this.#plainEnergy(fromMs, sums);
    const ripples = this.#ripplesEnergy(fromMs + offMs) - this.#ripplesEnergy(fromMs);
    return drawn - plain - ripples;
  }

  #energySums(): EnergySums {
    if (this.#sums !== undefined) return this.#sums;
    const { knots, pulses, reboots } = this.#work;
    const sums: EnergySums = {
      knots: upTo(knots.length - 1, (k) => ((knots[k]! + knots[k + 1]!) / 2) * knotMs),
      pulses: upTo(pulses.length, (i) => this.#pulseEnergy(i, pulses[i]!.toMs - pulses[i]!.fromMs)),
      reboots: new Float64Array(0),
      cycle: 0,
    };
    sums.reboots = upTo(reboots.length, (i) =>
      this.#rebootDifference(reboots[i]!, reboots[i]!.toMs - reboots[i]!.fromMs, sums),
    );
    sums.cycle = this.#plainEnergy(cycleMs, sums) + sums.reboots.at(-1)!;
    this.#sums = sums;
    return sums;
  }
}

/** Sums of the first 0, 1, … `count` items. */
function upTo(count: number, item: (i: number) => number): Float64Array {
  const sums = new Float64Array(count + 1);
  for (let i = 0; i < count; i += 1) sums[i + 1] = sums[i]! + item(i);
  return sums;
}
