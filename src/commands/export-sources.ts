import { localSteps } from '../analysis/local-time.ts';
import { makeTariff } from '../analysis/tariff.ts';
import { treeAt } from '../analysis/tree-at.ts';
import { askEnergy } from '../api/ask-energy.ts';
import { energyCsv } from '../api/energy.ts';
import { startsCsv } from '../api/starts.ts';
import { readTime } from '../api/time.ts';
import { makeStore, type PartsOptions } from '../app-parts.ts';
import { CarbonFactors } from '../carbon-factors.ts';
import { storePlace } from '../config/store-place.ts';
import { exportCsv } from '../exporting.ts';
import { scopeMatches } from '../model/scope.ts';
import { outletsIn } from '../outlets-in.ts';
import type { Store } from '../store/store.ts';
import { ArgumentError } from './argument-error.ts';

export const exportKinds = ['raw', 'minute', 'quarter', 'energy', 'starts'] as const;
export type ExportKind = (typeof exportKinds)[number];

export interface ExportArguments {
  readonly kind: ExportKind;
  /** Scopes and patterns; none: all there is. */
  readonly scopes: readonly string[];
  /** ISO 8601 or epoch ms; without an offset in the room's zone. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** Of energy: hour, day, week, month, year. */
  readonly by: string;
  /** A file; standard output without it. */
  readonly out?: string | undefined;
  readonly gzip: boolean;
}

const dayMs = 24 * 3_600_000;
const startsMax = 10_000;

/** History as CSV from a store that nobody else has open. Throws a StoreError, or an Error that says what is wrong. */
export async function* exportedText(options: ExportArguments, parts: PartsOptions): AsyncGenerator<string> {
  const { room, store: settings } = parts.settings;
  const nowMs = parts.clock.nowMs();
  const toMs = timeOf('to', options.to, room.timezone) ?? nowMs;
  const fromMs =
    timeOf('from', options.from, room.timezone) ?? toMs - (options.kind === 'energy' ? 31 : 1) * dayMs;
  if (fromMs >= toMs) throw new ArgumentError('--from must be before --to');
  const kept = await makeStore(parts);
  const { store } = kept;
  try {
    await store.open();
    const known = await store.knownScopes();
    const scopes = scopesOf(options.scopes, known);
    if (options.kind === 'starts') {
      yield startsCsv(
        await store.starts({
          fromMs,
          toMs,
          scopes: options.scopes.length > 0 ? scopes : undefined,
          limit: startsMax,
        }),
      );
    } else if (options.kind === 'energy') {
      const by = localSteps.find((step) => step === options.by);
      if (by === undefined) throw new ArgumentError(`--by ${options.by} is none of ${localSteps.join(', ')}`);
      const factors = new CarbonFactors({
        settings: room.carbon,
        timezone: room.timezone,
        folder: storePlace(settings, parts.demo).folder,
        clock: parts.clock,
        log: parts.log,
      });
      await factors.open();
      const prices = {
        tariff: room.tariff && makeTariff(room.tariff, room.timezone),
        carbon: factors.carbon(),
      };
      yield* energyCsv(
        {
          prices,
          energy: (question) =>
            askEnergy(store, question, {
              ...prices,
              minutesKeptMs: settings.retention.minuteMs,
              openMinute: () => undefined,
            }),
        },
        { scopes, by, fromMs, toMs, timezone: room.timezone, withTotals: false, nowMs },
      );
    } else yield* readingsOf(store, options, { known, scopes, fromMs, toMs, parts });
  } finally {
    await kept.close();
  }
}

function readingsOf(
  store: Store,
  { kind, scopes: named }: ExportArguments,
  asked: {
    known: readonly string[];
    scopes: readonly string[];
    fromMs: number;
    toMs: number;
    parts: PartsOptions;
  },
): AsyncGenerator<string> {
  const { known, scopes, fromMs, toMs, parts } = asked;
  const tree = treeAt(parts.settings.room, toMs);
  const claimed = new Set(tree.servers.flatMap(({ inputs }) => inputs.map(({ outlet }) => outlet)));
  const prefix = 'outlet:';
  const unclaimed = known
    .filter((scope) => scope.startsWith(prefix))
    .map((scope) => scope.slice(prefix.length))
    .filter((outlet) => !claimed.has(outlet));
  return exportCsv(store, {
    tier: kind as 'raw' | 'minute' | 'quarter',
    scopes,
    outlets: named.length === 0 ? undefined : scopes.flatMap((scope) => outletsIn(scope, tree, unclaimed)),
    fromMs,
    toMs,
  });
}

function scopesOf(named: readonly string[], known: readonly string[]): string[] {
  if (named.length === 0) return [...known];
  return named.flatMap((scope) => {
    const found = known.filter((other) => scopeMatches(scope, other));
    if (found.length === 0)
      throw new ArgumentError(
        `the store has no history of ${scope}; it has ${known.slice(0, 8).join(', ')}${known.length > 8 ? ', …' : ''}`,
      );
    return found;
  });
}

function timeOf(name: string, text: string | undefined, timezone: string): number | undefined {
  if (text === undefined) return undefined;
  const atMs = readTime(text, timezone);
  if (atMs === undefined)
    throw new ArgumentError(`--${name} ${text} is no time: write ISO 8601 (2026-01-15T12:00) or epoch ms`);
  return atMs;
}
