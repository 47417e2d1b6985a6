import { expect } from 'vitest';
import { parse } from 'yaml';
import { Alerts } from '../../src/alerts/alerts.ts';
import type { MonthSoFar, Outside, ServiceState } from '../../src/alerts/outside.ts';
import { type AlertSettings, alerts as alertSchema } from '../../src/config/alert-settings.ts';
import { durationMs } from '../../src/config/values.ts';
import type { AlertRule, Notice } from '../../src/model/alert.ts';
import type { AlertEvent, PowerEvent } from '../../src/model/event.ts';
import type { PowerState } from '../../src/model/figure.ts';
import type { IdleVerdict } from '../../src/model/idle.ts';
import type { PowerTree } from '../../src/model/power-tree.ts';
import { emptyReading, type Reading, splitOutlet } from '../../src/model/reading.ts';
import { Room } from '../../src/model/room.ts';
import type { ServerObserver } from '../../src/model/server-observer.ts';

type Figures = Partial<Pick<Reading, 'watts' | 'volts' | 'amps' | 'voltAmps' | 'on'>>;
/** Watts alone, or more; `null`: the meter says nothing any more. */
export type Draws = Record<string, number | Figures | null>;

const message = { topic: '', payload: new Uint8Array(), retained: false, qos: 0, sequence: 0 } as const;

export const startMs = Date.UTC(2026, 5, 1, 8);
const stepMs = 5_000;

/** A room with feeds A (A1, A2) and B (B1, B2), 16 A each. */
export function roomOf(servers: PowerTree['servers']): PowerTree {
  const breakers = (feed: string) =>
    ['1', '2'].map((n) => ({ name: `${feed}${n}`, amps: 16, curve: 'C' as const }));
  return {
    name: 'made',
    timezone: 'Europe/London',
    feeds: ['A', 'B'].map((name) => ({ name, volts: 230, breakers: breakers(name) })),
    racks: [{ name: 'r1' }],
    servers,
  };
}

/** `server('s1')`: two supplies, on A1 and B1, in rack r1. */
export function server(name: string, [a, b]: [string, string?] = ['A1', 'B1']): PowerTree['servers'][number] {
  return {
    name,
    rack: 'r1',
    inputs: [
      { outlet: `pdu-${a}/${name}`, breaker: a },
      ...(b === undefined ? [] : [{ outlet: `pdu-${b}/${name}`, breaker: b }]),
    ],
  };
}

/**
 * A scripted room on a clock of its own: what its meters say from which moment on, and afterwards what was told when.
 * Meters report every 5 s, alerts are ticked each second; no time passes outside.
 */
export class Timeline {
  readonly told: Notice[] = [];
  readonly shown: AlertEvent[] = [];
  readonly tree: PowerTree;
  readonly settings: AlertSettings;
  idle: IdleVerdict[] = [];
  months = new Map<string, MonthSoFar>();
  service: ServiceState = {
    brokerReady: true,
    storeOk: true,
    backlogReadings: 0,
    backlogBytes: 0,
    backlogBytesMax: 1_000_000,
  };
  carried = new Set<string>();
  offline = new Set<string>();
  alerts: Alerts;
  nowMs = startMs;
  #room: Room;
  #draws: Draws = {};
  readonly #states = new Map<string, PowerState>();
  #orders: { atMs: number; work: () => void }[] = [];

  constructor(tree: PowerTree, yaml = '{}') {
    this.tree = tree;
    this.settings = alertSchema.parse(parse(yaml));
    this.#room = this.#makeRoom();
    this.alerts = this.#makeAlerts();
  }

  get room(): Room {
    return this.#room;
  }

  /** From this moment on. `at('90s', { 'pdu-A1/s1': 0 })` */
  at(time: string, what: Draws | (() => void)): this {
    const work = typeof what === 'function' ? what : () => Object.assign(this.#draws, what);
    this.#orders.push({ atMs: startMs + msOf(time), work });
    return this;
  }

  /** Something the detectors found, with the next tick. */
  event(time: string, event: PowerEvent): this {
    return this.at(time, () => this.alerts.event(event));
  }

  /** The state a detector would have found. */
  state(time: string, scope: string, state: PowerState): this {
    return this.at(time, () => void this.#states.set(scope, state));
  }

  /** The service is stopped (or killed: nothing saved) and started again, with what it saved. */
  restart(time: string, options: { killed?: boolean } = {}): this {
    return this.at(time, () => {
      const saved = options.killed ? undefined : JSON.parse(JSON.stringify(this.alerts.save(this.nowMs)));
      this.#room = this.#makeRoom();
      this.alerts = this.#makeAlerts();
      if (saved !== undefined) this.alerts.load(saved, this.nowMs);
      this.alerts.takeUp(this.stored(), this.nowMs);
    });
  }

  /** What the store would have: the last word on each alert. */
  stored() {
    return [...new Map(this.shown.map(({ alert }) => [alert.id, alert])).values()];
  }

  run(until: string): this {
    const endMs = startMs + msOf(until);
    this.#orders.sort((a, b) => a.atMs - b.atMs);
    for (; this.nowMs <= endMs; this.nowMs += 1000) {
      for (; this.#orders[0] !== undefined && this.#orders[0].atMs <= this.nowMs; )
        this.#orders.shift()!.work();
      if ((this.nowMs - startMs) % stepMs === 0) this.#report();
      this.#room.tick(this.nowMs);
      this.alerts.tick(this.nowMs);
    }
    return this;
  }

  // ── what is expected ─────────────────────────────────────────────────────────────────────────────────

  /** Told exactly once as this, between the two moments. */
  expectBetween(from: string, to: string, kind: Notice['kind'], rule: AlertRule, scope: string): Notice {
    const found = this.#told(kind, rule, scope);
    expect(
      found.map(({ atMs }) => this.#clock(atMs)),
      `${kind} ${rule} ${scope}`,
    ).toHaveLength(1);
    const [notice] = found;
    const seconds = (notice!.atMs - startMs) / 1000;
    expect(seconds, `${kind} ${rule} ${scope}`).toBeGreaterThanOrEqual(msOf(from) / 1000);
    expect(seconds, `${kind} ${rule} ${scope}`).toBeLessThanOrEqual(msOf(to) / 1000);
    return notice!;
  }

  /** Everything that was told, as `firing redundancy-lost server:s1`. */
  expectTold(...lines: string[]): this {
    expect(this.told.map(({ kind, alert }) => `${kind} ${alert.rule} ${alert.scope}`)).toEqual(lines);
    return this;
  }

  #told(kind: Notice['kind'], rule: AlertRule, scope: string): Notice[] {
    return this.told.filter(
      (one) => one.kind === kind && one.alert.rule === rule && one.alert.scope === scope,
    );
  }

  #clock(atMs: number): string {
    return `${(atMs - startMs) / 1000} s`;
  }

  #report(): void {
    for (const [outlet, draw] of Object.entries(this.#draws)) {
      if (draw === null) continue;
      const figures = typeof draw === 'number' ? { watts: draw, volts: 230, amps: draw / 230 } : draw;
      const reading = emptyReading(splitOutlet(outlet).device, outlet, {
        ...message,
        receivedAtMs: this.nowMs,
      });
      this.#room.apply({ ...reading, ...figures }, stepMs);
    }
  }

  #makeRoom(): Room {
    const ids: string[] = [];
    const observer: ServerObserver = {
      opened(scope, id) {
        ids[scope] = id;
      },
      observe: () => {},
      observeInput: () => {},
      lost: () => {},
      stateOf: (scope) => this.#states.get(ids[scope]!),
      idleWattsOf: () => Number.NaN,
    };
    const room = new Room({ tree: this.tree, rollUp: () => {}, observer });
    room.tick(this.nowMs);
    return room;
  }

  #makeAlerts(): Alerts {
    const outside: Outside = {
      service: () => this.service,
      idle: () => this.idle,
      month: (scope) => this.months.get(scope),
      carriedBefore: (outlet) => this.carried.has(outlet),
      isOnline: (device) => (this.offline.has(device) ? false : undefined),
    };
    return new Alerts({
      room: this.#room,
      tree: this.tree,
      settings: this.settings,
      outside,
      teller: { tell: (notice) => void this.told.push(notice) },
      event: (event) => void this.shown.push(event),
    });
  }
}

export function msOf(time: string): number {
  return time === '0s' ? 0 : durationMs(time)!;
}
