import type { Alert, AlertRule, Severity, Silence } from '../model/alert.ts';
import type { Figure } from '../model/figure.ts';
import type { IdleVerdict } from '../model/idle.ts';
import type { Quantity } from '../model/quantity.ts';
import type { Tier } from '../model/roll-up.ts';
import type { StartRecord } from '../model/start.ts';

/** The answers of the REST API under `/api/v1`, as types only: shared with the page. Times are epoch ms. */

/** `GET /room` */
export interface RoomAnswer {
  atMs: number;
  name: string;
  /** IANA zone of the room's days. */
  timezone: string;
  /** A simulated room. */
  demo: boolean;
  figures: Record<string, Figure>;
}

/** `GET /tree` */
export interface TreeAnswer {
  name: string;
  timezone: string;
  demo: boolean;
  feeds: {
    name: string;
    volts?: number;
    /** Of each phase. */
    amps?: number;
    breakers: { name: string; amps?: number; curve?: 'B' | 'C' | 'D'; phase?: 'L1' | 'L2' | 'L3' }[];
  }[];
  racks: { name: string }[];
  servers: {
    name: string;
    scope: string;
    rack?: string;
    idleLimitWatts?: number;
    inputs: { outlet: string; breaker?: string; feed?: string }[];
  }[];
  /** Outlets seen that no server claims; each is its own server `server:<outlet>`. */
  unclaimed: { outlet: string; device: string; name?: string }[];
}

/** `GET /history?scope&from&to&points&quantity`: aligned columns; `null`: not observed. */
export interface HistoryAnswer {
  scope: string;
  quantity: Quantity;
  /** The coarsest it was answered from. */
  tier: Tier;
  /** All of them, the oldest first. One that is coarser than `stepMs` tells the same of several buckets. */
  tiers: { tier: Tier; fromMs: number; toMs: number }[];
  /** Other quantities than watts, of several outlets: how many there are, and how many told it. */
  outlets?: { all: number; told: number };
  /** Sums of this time are being made again since the settings say otherwise who was plugged in where: some are of before. */
  remaking?: boolean;
  stepMs: number;
  /** Starts of the buckets. */
  atMs: number[];
  mean: (number | null)[];
  min: (number | null)[];
  max: (number | null)[];
}

/** `GET /history` with several scopes, or a pattern. */
export interface HistoriesAnswer {
  series: HistoryAnswer[];
}

/** `GET /energy?scope&from&to&by&totals`. What is not known is `null`, never 0. */
export interface EnergyAnswer {
  by: 'hour' | 'day' | 'week' | 'month' | 'year';
  /** IANA zone of the buckets. */
  timezone: string;
  fromMs: number;
  toMs: number;
  /** Sums of this time are being made again since the settings say otherwise who was plugged in where: some are of before. */
  remaking?: boolean;
  /** ISO 4217; absent: no tariff is set. */
  currency?: string;
  /** How cost was found. */
  tariff?: {
    basis: string;
    timezone: string;
    /** Past prices that were corrected, within the time asked for. */
    corrections: {
      fromMs: number;
      toMs: number;
      pricePerKwh: number;
      why: string;
      atMs: number;
      who?: string;
    }[];
  };
  /** How grams were found; absent: no factor is known. */
  carbon?: {
    basis: string;
    kind: string;
    extent: string;
    pue?: number;
    factors: {
      fromMs: number;
      toMs: number;
      gramsPerKwh: number;
      source: string;
      /** A yearly figure that stands in for a year none is known of. */
      isStandIn: boolean;
      year?: number;
    }[];
    /** So many more were used. */
    factorsLeftOut: number;
  };
  /** Scope by scope, the oldest first. */
  rows: EnergyRow[];
  /** One for each scope; absent with `totals=false`. */
  totals?: EnergyTotalRow[];
}

export interface EnergyRow {
  scope: string;
  fromMs: number;
  toMs: number;
  wattHours: number | null;
  /** The share of the time passed for which the energy is known, 0…1. */
  coverage: number;
  /** Of the energy alone, with taxes. */
  cost: number | null;
  /** CO₂e. */
  grams: number | null;
  /** Wh, by how they are known. */
  parts: { counter: number | null; integrated: number | null; spread: number | null };
  /** Drawn while no price held: not in `cost`. Absent: none. */
  unpricedWattHours?: number;
  /** Drawn while no factor held: not in `grams`. Absent: none. */
  uncountedWattHours?: number;
}

export interface EnergyTotalRow extends EnergyRow {
  /** The highest mean of 15 and of 30 minutes. */
  peak15: EnergyPeak | null;
  peak30: EnergyPeak | null;
  /** Mean ÷ `peak15`, 0…1. */
  loadFactor: number | null;
  /** As long before; of a period under way, as much of the one before. */
  before: {
    fromMs: number;
    toMs: number;
    wattHours: number | null;
    coverage: number;
    cost: number | null;
    grams: number | null;
    /** `null` where either time is known for less than nine tenths. */
    differencePercent: number | null;
  };
  /** Of the room: what is paid besides the energy, without taxes; `demand` of whole months only. */
  charges?: { fixed: number; capacity: number; demand: number | null; tax: number };
  /** What counters proved against what the watts came to; absent: not both known, or not asked for. */
  reconciled?: {
    counterWattHours: number;
    integratedWattHours: number;
    /** Watts against counter. */
    differencePercent: number;
    /** In words, beyond 2 %. */
    problem?: string;
  };
  /** Of a device: what it took in as a whole less what its outlets gave. */
  loss?: { wattHours: number; percent: number };
}

export interface EnergyPeak {
  fromMs: number;
  toMs: number;
  watts: number;
}

/** `GET /starts?scope&from&to&limit`: newest first. One that is not complete is still under way. */
export interface StartsAnswer {
  rows: readonly StartRow[];
}

export type StartRow = Omit<StartRecord, 'trace'>;

/** `GET /starts/:id`: with the trace. */
export type StartAnswer = StartRecord;

/** `GET /idle?scope`: high ones first, those that cost most in a year on top. */
export interface IdleAnswer {
  /** Of `yearCost`, ISO 4217; absent: no tariff is set. */
  currency?: string;
  rows: readonly IdleVerdict[];
}

/** `GET /sag`: the supply behind each breaker, feed or (where no breaker is named) device, highest impedance first. */
export interface SagAnswer {
  rows: readonly SagAnswerRow[];
  /** Those that nothing can be said of yet: fewer than five clean steps of load were seen there, or they cost no volts. */
  learning: readonly { scope: string; steps: number }[];
}

export interface SagAnswerRow {
  /** `breaker:…`, `feed:…` or `device:…` */
  scope: string;
  ohms: number;
  /** Steps of load it was learnt from. */
  steps: number;
  /** 0…1. */
  confidence: number;
  /** What a usual start takes more than before; absent while none was seen. */
  ampsPerStart?: number;
  /** When so many start at the same moment. `percent` of the supply's volts, where those are known. */
  predicted: readonly { starts: number; voltsDrop: number; percent?: number }[];
}

/** `GET /alerts?state&scope&rule&from&to&limit`: those firing first, then the newest. Without `state`: firing and pending. */
export interface AlertsAnswer {
  rows: readonly Alert[];
}

/** `POST /alerts/:id/ack` takes this and answers with the alert. */
export interface AckRequest {
  by: string;
  note?: string;
}

/** `GET /silences`: those that hold or will, the next to end first. */
export interface SilencesAnswer {
  rows: readonly Silence[];
}

/** `POST /silences` takes this and answers 201 with the silence; `DELETE /silences/:id` ends one. */
export interface SilenceRequest {
  scopes?: string[];
  rules?: AlertRule[];
  /** Absent: now. */
  from?: number | string;
  /** This or `minutes`. */
  to?: number | string;
  minutes?: number;
  by: string;
  note?: string;
}

/** `GET /alerts/rules?rule&scope`: every rule as it stands, and for each scope it looks at why it does not fire. */
export interface AlertRulesAnswer {
  rows: readonly AlertRuleRow[];
}

export interface AlertRuleRow {
  rule: AlertRule;
  /** One sentence. */
  meaning: string;
  enabled: boolean;
  severity: Severity;
  /** The nearest to firing first. */
  scopes: readonly AlertRuleScope[];
  /** So many more are looked at. */
  scopesLeftOut: number;
}

export interface AlertRuleScope {
  scope: string;
  state: 'ok' | 'pending' | 'firing' | 'unknown' | 'off';
  value?: number;
  raiseLimit?: number;
  clearLimit?: number;
  unit?: string;
  /** Of `pending`: it fires in so long; of `firing` below the clear limit: it resolves in so long. */
  dwellLeftMs?: number;
  /** Why, in words: why it does not fire, or what is missing to tell. */
  why: string;
}

/** `GET /notifiers`: who is told, and how that went. */
export interface NotifiersAnswer {
  rows: readonly NotifierRow[];
}

export interface NotifierRow {
  name: string;
  kind: string;
  /** Where to, without secrets. */
  target: string;
  state: 'ok' | 'failing' | 'idle';
  waiting: number;
  sent: number;
  failed: number;
  /** Fell off a full queue, or too old to tell. */
  dropped: number;
  /** Of one that publishes figures: scopes beyond its limit; absent: none. */
  figuresLeftOut?: number;
  lastSentAtMs?: number;
  lastProblem?: string;
  lastProblemAtMs?: number;
}

/** `GET /devices` */
export interface DevicesAnswer {
  rows: DeviceRow[];
}

export interface DeviceRow {
  /** Topics nobody could read are summed under the device `?`. */
  device: string;
  family: string;
  /** As the device calls itself. */
  name?: string;
  model?: string;
  firmware?: string;
  /** Outlet ids. */
  outlets: readonly string[];
  /** Newest message; absent when only retained ones were seen. */
  lastAtMs?: number;
  /** Absent: the device never told. */
  online?: boolean;
  /** No fresh reading for three expected intervals. */
  silent: boolean;
  messages: number;
  /** Messages and fields dropped, by reason. */
  rejects: Readonly<Record<string, number>>;
}

/** `GET /session`, and what `POST /session` answers; it takes `{"token"}`. `DELETE /session` signs out. */
export interface SessionAnswer {
  /** Of the token; `anyone` where none is needed. */
  name: string;
  /** view: see everything; operate: change things too. */
  role: 'view' | 'operate';
  basis: 'token' | 'session' | 'open';
  /** Absent: never. */
  expiresAtMs?: number;
}

/** `GET /audit?limit`: newest first. */
export interface AuditAnswer {
  rows: readonly AuditRow[];
}

export interface AuditRow {
  atMs: number;
  /** Name of the token. */
  who: string;
  basis: 'token' | 'session' | 'open';
  /** Where it came from. */
  address: string;
  /** `POST /api/v1/silences`, `sign-in`, … */
  action: string;
  /** As answered; 0: the asker went away. */
  status: number;
  /** JSON of what was sent, cut after 1,000 characters. */
  body?: string;
}

/** `POST /import`, `GET /import` */
export interface ImportAnswer {
  job: string;
  /** `taking`: more parts may come; `making`: roll-ups and energy follow. */
  state: 'taking' | 'making' | 'done' | 'failed';
  problem?: string;
  /** What kind of file it was taken for. */
  form?: string;
  readings: number;
  /** Of them those older than raw readings are kept: roll-ups alone follow. */
  tooOld: number;
  /** Roll-ups that came as such. */
  rollUps: number;
  /** Days of outlets made again, of all that are to be made. */
  daysMade: number;
  days: number;
  /** Outlets' days whose minutes stay: too many readings. */
  notRemade: number;
  fromMs?: number | undefined;
  toMs?: number | undefined;
  /** Of the part just sent: lines that were not taken, by reason, with the first of them. */
  leftOut: {
    reason: string;
    text: string;
    count: number;
    lines: readonly number[];
    details: readonly string[];
  }[];
}

/** `GET /healthz` */
export interface HealthAnswer {
  status: 'alive';
}

/** `GET /readyz`: 200 when all are ok, else 503. */
export interface ReadyAnswer {
  ready: boolean;
  broker: { ok: boolean; state: string; url: string; problem?: string };
  store: {
    ok: boolean;
    kind: string;
    problem?: string;
    /** Damaged files that are kept for rescue. */
    setAside?: readonly string[];
    /** Points it refused for good: bytes of them in files, and how many were not kept since the start. */
    refused?: { bytes: number; notKept: number };
  };
  /** Not ok: its disk takes nothing, or readings were lost since the start. */
  backlog: {
    ok: boolean;
    readings: number;
    bytes: number;
    oldestAtMs?: number;
    problem?: string;
    /** Readings that fell off: it was full, or they had waited for too long. */
    dropped?: number;
    /** Damaged places found in its files. */
    damaged?: number;
    /** Parts kept beside as files, for a person to look at. */
    setAside?: number;
  };
  /** Messages that wait to be read, and those of QoS 0 let go of since the start because too many came. */
  intake: { waiting: number; dropped: { repeats: number; newest: number } };
}

/** RFC 9457. The kinds are listed in `problem.ts`. */
export interface Problem {
  /** `urn:rackwatt:problem:<code>` */
  type: string;
  title: string;
  status: number;
  /** What is wrong with this very question, and what would be right. */
  detail?: string;
  /** The path that was asked. */
  instance?: string;
  /** The parameter at fault. */
  parameter?: string;
  /** For an unknown scope: those that come nearest. */
  nearest?: string[];
}
