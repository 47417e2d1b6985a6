/** `room.tariff` as the admin writes it. Prices are without taxes, in the currency; times are local. */
export interface TariffSettings extends TariffTerms {
  /** ISO 4217. */
  readonly currency: string;
  /** Terms that held for a time. Without them the terms beside `currency` hold at all times. */
  readonly versions?: readonly TariffVersionSettings[] | undefined;
  readonly corrections?: readonly CorrectionSettings[] | undefined;
}

export interface TariffTerms {
  /** Where no row of `timeOfUse` tells otherwise. */
  readonly pricePerKwh?: number | undefined;
  readonly timeOfUse?: readonly TimeOfUse[] | undefined;
  readonly fixedPerDay?: number | undefined;
  readonly fixedPerMonth?: number | undefined;
  readonly demand?: DemandTerms | undefined;
  readonly capacity?: CapacityTerms | undefined;
  /** On everything above. */
  readonly taxPercent?: number | undefined;
}

export interface TariffVersionSettings extends TariffTerms {
  /** Local date or time, inclusive; absent: since ever. */
  readonly validFrom?: string | undefined;
  /** Exclusive; absent: until the next version begins, or for ever. */
  readonly validTo?: string | undefined;
}

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof weekdays)[number];

/** A price at certain hours; what is absent is no limit. */
export interface TimeOfUse {
  readonly name?: string | undefined;
  readonly days?: readonly Weekday[] | undefined;
  /** `HH:MM` of the local clock. After `to`, it runs over midnight into the day after. */
  readonly from?: string | undefined;
  /** Exclusive; `24:00` and `00:00` are midnight. */
  readonly to?: string | undefined;
  /** 1…12: those of the clock at that moment. */
  readonly months?: readonly number[] | undefined;
  readonly pricePerKwh: number;
}

/** For the month's highest mean. */
export interface DemandTerms {
  readonly pricePerKw: number;
  readonly minutes: 15 | 30;
}

/** For what is allocated, used or not, by the month: by kVA or by A. */
export interface CapacityTerms {
  readonly kva?: number | undefined;
  readonly pricePerKva?: number | undefined;
  readonly amps?: number | undefined;
  readonly pricePerAmp?: number | undefined;
}

/** A past price that was wrong: holds for exactly its own range. */
export interface CorrectionSettings {
  readonly from: string;
  readonly to: string;
  readonly pricePerKwh: number;
  readonly why: string;
  /** When it was entered. Of two for one time the later one holds. */
  readonly at: string;
  readonly who?: string | undefined;
}
