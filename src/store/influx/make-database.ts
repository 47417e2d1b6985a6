import type { Log } from '../../base/log.ts';
import { StoreError } from '../store.ts';
import type { InfluxAsker } from './ask.ts';
import type { Policy } from './layout.ts';
import { identifier } from './names.ts';

/**
 * Makes the database and its retention policies where they are missing, and gives existing policies the
 * durations of the settings. `raw` is the default policy, so that a plain `FROM reading` finds something.
 * Resolves with the error when the server does not let us (no admin rights; 2.x and 3 keep policies elsewhere):
 * whether writing works all the same is for the caller to try. Rejects when the server cannot be asked at all.
 */
export async function makeDatabase(
  asker: InfluxAsker,
  database: string,
  policies: readonly Policy[],
  log: Log | undefined,
): Promise<StoreError | undefined> {
  const change = async (statement: string) => {
    await asker.ask({ statement, changes: true });
    log?.info({ statement }, 'InfluxDB was set up');
  };
  try {
    if (!(await databases(asker)).includes(database)) await change(createDatabase(database, policies[0]!));
    const existing = await durations(asker, database);
    for (const policy of policies) {
      const durationMs = existing.get(policy.name);
      if (durationMs === undefined) await change(createPolicy(database, policy));
      else if (durationMs !== policy.durationMs) await change(alterPolicy(database, policy));
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof StoreError) || (error.code !== 'forbidden' && error.code !== 'refused'))
      throw error;
    return new StoreError(error.code, `${error.message}. ${advice(database, policies)}`, { cause: error });
  }
}

async function databases(asker: InfluxAsker): Promise<unknown[]> {
  const series = await asker.ask({ statement: 'SHOW DATABASES' });
  return series.flatMap((one) => (one.values ?? []).map((row) => row[0]));
}

/** Duration by policy name, in ms; 0: for ever. */
async function durations(asker: InfluxAsker, database: string): Promise<Map<unknown, number>> {
  const [series] = await asker.ask({ statement: `SHOW RETENTION POLICIES ON ${identifier(database)}` });
  const name = series?.columns.indexOf('name') ?? -1;
  const duration = series?.columns.indexOf('duration') ?? -1;
  return new Map((series?.values ?? []).map((row) => [row[name], goDurationMs(String(row[duration]))]));
}

function createDatabase(database: string, policy: Policy): string {
  return `CREATE DATABASE ${identifier(database)} WITH ${lasting(policy, ' REPLICATION 1')} NAME ${identifier(policy.name)}`;
}

function createPolicy(database: string, policy: Policy): string {
  const byDefault = policy.name === 'raw' ? ' DEFAULT' : '';
  return `CREATE RETENTION POLICY ${identifier(policy.name)} ON ${identifier(database)} ${lasting(policy, ' REPLICATION 1')}${byDefault}`;
}

function alterPolicy(database: string, policy: Policy): string {
  return `ALTER RETENTION POLICY ${identifier(policy.name)} ON ${identifier(database)} ${lasting(policy)}`;
}

function lasting(policy: Policy, replication = ''): string {
  const duration = policy.durationMs === 0 ? 'INF' : seconds(policy.durationMs);
  return `DURATION ${duration}${replication} SHARD DURATION ${seconds(policy.shardMs)}`;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)}s`;
}

/** `720h0m0s` → ms. */
function goDurationMs(text: string): number {
  const units: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000 };
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)([hms])/g)) ms += Number(amount) * units[unit!]!;
  return ms;
}

function advice(database: string, policies: readonly Policy[]): string {
  const statements = [
    createDatabase(database, policies[0]!),
    ...policies.slice(1).map((policy) => createPolicy(database, policy)),
    `GRANT ALL ON ${identifier(database)} TO "…"`,
  ];
  return `An admin can make what is needed: ${statements.join('; ')}`;
}
