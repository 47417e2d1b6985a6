import type { PresentProps } from './present.ts';
import { Quantity } from './quantity.tsx';
import type { Query } from './routes.ts';

/** What the room drew over days, weeks, months and years. */
export function EnergyView({ present }: PresentProps & { readonly route: { readonly query: Query } }) {
  const today = present.figure('room')?.todayWattHours;
  return (
    <section class="panel" aria-labelledby="energy-title">
      <div class="panel-head">
        <h2 id="energy-title">Energy</h2>
      </div>
      {today === undefined ? (
        <p class="empty">No energy is known of today.</p>
      ) : (
        <p class="figure">
          <Quantity shown={present.format.value.energy(today)} /> today
        </p>
      )}
    </section>
  );
}
