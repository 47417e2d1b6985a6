import { startOfLocalDay, startOfNextLocalDay } from './local-day.ts';

/** Wh drawn since local midnight by each scope, from the minutes that are closed. */
export class DayEnergy {
  readonly #timezone: string;
  /** By scope; NaN: nothing observed yet. */
  readonly #wattHours: number[] = [];
  /** From before the start, by scope id, for scopes not met yet. */
  readonly #unclaimed = new Map<string, number>();
  #fromMs = 0;
  #toMs = 0;

  constructor(timezone: string) {
    this.#timezone = timezone;
  }

  /** When the day began, epoch ms. */
  get fromMs(): number {
    return this.#fromMs;
  }

  /** Makes room for the next scope. */
  open(id: string): void {
    this.#wattHours.push(this.#unclaimed.get(id) ?? Number.NaN);
    this.#unclaimed.delete(id);
  }

  /** Adds what a minute that began at `minuteMs` brought; yesterday's last minute closes after midnight. */
  add(scope: number, minuteMs: number, wattHours: number): void {
    if (minuteMs >= this.#fromMs) this.#add(scope, wattHours);
  }

  /** Adds what was drawn today before the start; `scope` is −1 while the room does not know the scope. */
  addEarlier(scope: number, id: string, wattHours: number): void {
    if (scope >= 0) this.#add(scope, wattHours);
    else this.#unclaimed.set(id, wattHours);
  }

  /** NaN when nothing was observed today. */
  of(scope: number): number {
    return this.#wattHours[scope]!;
  }

  /** Begins a new day when `nowMs` lies in another; says whether that ended an earlier one. */
  tick(nowMs: number): boolean {
    if (nowMs >= this.#fromMs && nowMs < this.#toMs) return false;
    const first = this.#toMs === 0;
    this.#fromMs = startOfLocalDay(nowMs, this.#timezone);
    this.#toMs = startOfNextLocalDay(nowMs, this.#timezone);
    if (first) return false;
    this.#unclaimed.clear();
    this.#wattHours.fill(Number.NaN);
    return true;
  }

  #add(scope: number, wattHours: number): void {
    const before = this.#wattHours[scope]!;
    this.#wattHours[scope] = Number.isNaN(before) ? wattHours : before + wattHours;
  }
}
