import type { IdleBaseline } from '../model/idle.ts';
import type { ServerHardware } from '../model/power-tree.ts';

/** Machines to compare one with. */
export interface PeerGroup {
  /** Idle draw of the middle one. */
  readonly medianWatts: number;
  /** The others, without the machine itself. */
  readonly count: number;
  readonly by: 'hardware' | 'busy-draw';
}

/** Fewer others say nothing about what is usual. */
export const peersMin = 5;
/** Machines of like busy draw: from about half of it to about twice. */
const stepRatio = 1.25;
const stepsAround = 2;

/** A draw is busy from so many times the idle level on: switches and disk shelves draw the same all day. */
const busyRatioMin = 1.5;

/** Was it ever really busy, so that its busy draw says what kind of machine it is? */
export function wasBusy({ idleWatts, busyWatts }: IdleBaseline): boolean {
  return idleWatts !== undefined && busyWatts !== undefined && busyWatts >= busyRatioMin * idleWatts;
}

/** Finds for a machine those of its kind, among all that are judged together. */
export class IdlePeers {
  readonly #hardwareOf: (scope: string) => ServerHardware | undefined;
  readonly #byHardware = new Map<string, number[]>();
  readonly #byStep = new Map<number, number[]>();
  readonly #around = new Map<number, readonly number[]>();

  constructor(baselines: readonly IdleBaseline[], hardwareOf: (scope: string) => ServerHardware | undefined) {
    this.#hardwareOf = hardwareOf;
    for (const baseline of baselines) {
      const { idleWatts, learning, basis } = baseline;
      if (idleWatts === undefined || learning || basis !== 'measured') continue;
      const kind = hardwareKey(hardwareOf(baseline.scope));
      if (kind !== undefined) addTo(this.#byHardware, kind, idleWatts);
      const step = stepOf(baseline);
      if (step !== undefined) addTo(this.#byStep, step, idleWatts);
    }
    for (const group of this.#byHardware.values()) group.sort(ascending);
  }

  /** Undefined: too few are alike. */
  of(baseline: IdleBaseline): PeerGroup | undefined {
    const self = baseline.learning || baseline.basis !== 'measured' ? 0 : 1;
    const kind = hardwareKey(this.#hardwareOf(baseline.scope));
    const sameHardware = kind === undefined ? [] : (this.#byHardware.get(kind) ?? []);
    if (sameHardware.length - self >= peersMin) return groupOf(sameHardware, self, 'hardware');
    const step = stepOf(baseline);
    const alike = step === undefined ? [] : this.#stepsAround(step);
    return alike.length - self >= peersMin ? groupOf(alike, self, 'busy-draw') : undefined;
  }

  #stepsAround(step: number): readonly number[] {
    let found = this.#around.get(step);
    if (found === undefined) {
      const steps = Array.from({ length: 2 * stepsAround + 1 }, (_, i) => step - stepsAround + i);
      found = steps.flatMap((near) => this.#byStep.get(near) ?? []).sort(ascending);
      this.#around.set(step, found);
    }
    return found;
  }
}

function groupOf(sorted: readonly number[], self: number, by: PeerGroup['by']): PeerGroup {
  const middle = (sorted.length - 1) / 2;
  const medianWatts = (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
  return { medianWatts, count: sorted.length - self, by };
}

/** Undefined where nothing is known of the hardware. */
function hardwareKey(hardware: ServerHardware | undefined): string | undefined {
  if (hardware === undefined) return undefined;
  const { sockets, memoryGb, drives, redundantSupplies } = hardware;
  const parts = [sockets, memoryGb, drives, redundantSupplies];
  return parts.every((part) => part === undefined) ? undefined : parts.join(' ');
}

function stepOf(baseline: IdleBaseline): number | undefined {
  return wasBusy(baseline) ? Math.round(Math.log(baseline.busyWatts!) / Math.log(stepRatio)) : undefined;
}

function addTo<K>(groups: Map<K, number[]>, key: K, watts: number): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [watts]);
  else group.push(watts);
}

function ascending(a: number, b: number): number {
  return a - b;
}
