import { type Loss, lossOf, type Reconciled, reconcile } from '../analysis/energy-checks.ts';
import { totalLabel } from '../model/reading.ts';
import { tierStepMs } from '../model/roll-up.ts';
import { scopeId } from '../model/scope.ts';
import type { TimeRange } from './energy-columns.ts';
import type { AskedStore } from './store-until.ts';

export interface EnergyChecks {
  readonly reconciled: Reconciled | undefined;
  /** Of a device that tells what it takes in as a whole, beside its outlets. */
  readonly loss: Loss | undefined;
}

/** More quarters than of one scope's month are only gone through when that is asked for. */
const quartersByItself = 31 * 96 + 4;

/** Whether a question so large is answered with checks though nobody asked for them. */
export function isCheckedByItself(scopes: number, { fromMs, toMs }: TimeRange): boolean {
  return (scopes * (toMs - fromMs)) / tierStepMs.quarter <= quartersByItself;
}

/** Holds what was booked of a scope in a time against itself. Rejects with a StoreError. */
export async function askChecks(
  store: AskedStore,
  scope: string,
  { fromMs, toMs }: TimeRange,
): Promise<EnergyChecks> {
  const rows = await store.rollUps({ tier: 'quarter', scope, fromMs, toMs });
  return { reconciled: reconcile(rows), loss: await askLoss(store, scope, { fromMs, toMs }) };
}

async function askLoss(store: AskedStore, scope: string, range: TimeRange): Promise<Loss | undefined> {
  const device = scopeId('device', '');
  if (!scope.startsWith(device)) return undefined;
  const beginning = `${scopeId('outlet', scope.slice(device.length))}/`;
  const outlets = await store.energyRows({ tier: 'quarter', scopes: [`${beginning}*`], ...range });
  const total = outlets.get(`${beginning}${totalLabel}`);
  if (total === undefined) return undefined;
  outlets.delete(`${beginning}${totalLabel}`);
  // A device's name may be the beginning of another's.
  const own = [...outlets].filter(([id]) => !id.slice(beginning.length).includes('/'));
  return lossOf(
    total,
    own.map(([, rows]) => rows),
  );
}
