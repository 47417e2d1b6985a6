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
    breakers: { name: string; amps?: number; curve?: 'B' | 'C' | 'D' }[];
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
  tier: Tier;
  stepMs: number;
  /** Starts of the buckets. */
  atMs: number[];
  mean: (number | null)[];
  min: (number | null)[];
  max: (number | null)[];
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
  rows: readonly IdleVerdict[];
}

/** `GET /sag`: the supply behind each breaker (or, unwired, device), highest impedance first. */
export interface SagAnswer {
  rows: readonly SagAnswerRow[];
}

export interface SagAnswerRow {
  /** `breaker:…` or `device:…` */
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

/** `GET /healthz` */
export interface HealthAnswer {
  status: 'alive';
}

/** `GET /readyz`: 200 when all are ok, else 503. */
export interface ReadyAnswer {
  ready: boolean;
  broker: { ok: boolean; state: string; url: string; problem?: string };
  store: { ok: boolean; kind: string; problem?: string };
  backlog: { ok: boolean; readings: number; bytes: number; oldestAtMs?: number; problem?: string };
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
