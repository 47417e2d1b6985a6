/** The room as its admin describes it: who is fed from where. Names are unique within their kind. */
export interface PowerTree {
  readonly name: string;
  /** IANA zone; days begin at its midnight. */
  readonly timezone: string;
  readonly feeds: readonly Feed[];
  readonly racks: readonly Rack[];
  readonly servers: readonly Server[];
}

export interface Feed {
  readonly name: string;
  /** Nominal, phase to neutral. */
  readonly volts?: number | undefined;
  /** Rating of each phase. */
  readonly amps?: number | undefined;
  readonly breakers: readonly Breaker[];
}

export interface Breaker {
  readonly name: string;
  /** Rating. */
  readonly amps?: number | undefined;
  /** Trip curve of IEC 60898-1. */
  readonly curve?: 'B' | 'C' | 'D' | undefined;
  /** The one of its feed that it is on; breakers without one share one phase. */
  readonly phase?: Phase | undefined;
}

export type Phase = 'L1' | 'L2' | 'L3';

export interface Rack {
  readonly name: string;
}

export interface Server {
  readonly name: string;
  readonly rack?: string | undefined;
  /** One for each power supply. */
  readonly inputs: readonly ServerInput[];
  readonly idleLimitWatts?: number | undefined;
  readonly hardware?: ServerHardware | undefined;
}

export interface ServerInput {
  /** `<device>/<label>` of the outlet the supply is plugged into. */
  readonly outlet: string;
  readonly breaker?: string | undefined;
  /** Local date or time from which it was plugged in there; absent: since ever. */
  readonly from?: string | undefined;
  /** Until when; absent: for ever. */
  readonly to?: string | undefined;
}

export interface ServerHardware {
  readonly sockets?: number | undefined;
  readonly memoryGb?: number | undefined;
  readonly drives?: number | undefined;
  readonly redundantSupplies?: number | undefined;
}
