import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { AllCounts, DoorCounts, RoadCounts } from './metric-counts.ts';
import { type MetricRow, metricRows } from './metric-rows.ts';

/** Seldom enough not to wake an idle machine all the time; what holds up the loop for longer is seen all the same. */
const lagResolutionMs = 50;

/** `GET /metrics`, in Prometheus' text format: ours as `rackwatt_…`, and those every Node process has. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #counts: () => AllCounts;
  readonly #lag: ReturnType<typeof monitorEventLoopDelay>;
  /** Those of the scrape under way. */
  #now: AllCounts | undefined;

  constructor(counts: () => RoadCounts, door: DoorCounts) {
    this.#counts = () => ({
      ...counts(),
      guard: door.guard(),
      auditLost: door.auditLost(),
      gate: door.gate(),
    });
    this.#lag = monitorEventLoopDelay({ resolution: lagResolutionMs });
    this.#lag.enable();
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: lagResolutionMs });
    for (const row of metricRows) this.#register(row);
    this.#registerLag();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  async text(): Promise<string> {
    this.#now = this.#counts();
    return this.#registry.metrics();
  }

  stop(): void {
    this.#lag.disable();
    this.#registry.clear();
  }

  #register({ name, help, kind, labels = [], read }: MetricRow): void {
    const current = () => read(this.#now ?? this.#counts());
    const options = { name: `rackwatt_${name}`, help, labelNames: labels, registers: [this.#registry] };
    if (kind === 'counter') {
      new Counter({
        ...options,
        collect() {
          this.reset();
          for (const [value, ...of] of current()) this.inc(labelled(labels, of), value);
        },
      });
    } else {
      new Gauge({
        ...options,
        collect() {
          this.reset();
          for (const [value, ...of] of current()) this.set(labelled(labels, of), value);
        },
      });
    }
  }

  /** Since the last scrape. */
  #registerLag(): void {
    const lag = this.#lag;
    new Gauge({
      name: 'rackwatt_event_loop_lag_seconds',
      help: 'How late timers were since the last scrape',
      labelNames: ['quantile'],
      registers: [this.#registry],
      collect() {
        for (const quantile of [0.5, 0.99, 1]) {
          const lateMs = lag.percentile(quantile * 100) / 1e6 - lagResolutionMs;
          this.set({ quantile: `${quantile}` }, Math.max(0, lateMs) / 1000);
        }
        lag.reset();
      },
    });
  }
}

function labelled(names: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, i) => [name, values[i]!]));
}
