import type { IdleVerdict } from '../model/idle.ts';

/** What rules ask of those who are no part of the room; each answers at once, from what is at hand. */
export interface Outside {
  /** How broker, store and backlog are. */
  service(): ServiceState;
  /** Every idle level held against its limit. */
  idle(): readonly IdleVerdict[];
  /** What a scope has drawn this month, as last asked of the store. */
  month(scope: string): MonthSoFar | undefined;
  /** Has this outlet ever carried a load, as far as the store reaches back? Undefined: it is being looked up. */
  carriedBefore(outlet: string): boolean | undefined;
  /** The device's last will or hello, as last heard; undefined: it never said. */
  isOnline(device: string): boolean | undefined;
}

export interface ServiceState {
  readonly brokerReady: boolean;
  readonly brokerProblem?: string | undefined;
  readonly storeOk: boolean;
  readonly storeProblem?: string | undefined;
  readonly backlogReadings: number;
  readonly backlogBytes: number;
  readonly backlogBytesMax: number;
}

export interface MonthSoFar {
  readonly fromMs: number;
  readonly toMs: number;
  /** Until when it was counted. */
  readonly atMs: number;
  readonly wattHours: number;
  /** In the currency of the tariff; absent without one. */
  readonly cost?: number | undefined;
  readonly currency?: string | undefined;
}
