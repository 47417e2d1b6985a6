import { freshWatts } from './live-series.ts';
import type { PresentProps } from './present.ts';
import { Quantity } from './quantity.tsx';

/** Where in the room the power goes, rack by rack. */
export function Racks({ present }: PresentProps) {
  const racks = present.tree.answer.value.value?.racks ?? [];
  if (racks.length === 0) return null;
  const format = present.format.value;
  const loads = racks.map(({ name }) => {
    const figure = present.figure(`rack:${name}`);
    return { name, watts: freshWatts(figure), partial: figure?.basis === 'partial' };
  });
  const mostWatts = Math.max(...loads.map(({ watts }) => watts ?? 0), 1);
  return (
    <section class="panel" aria-labelledby="racks-title">
      <div class="panel-head">
        <h2 id="racks-title">Racks</h2>
      </div>
      <ul class="gauges">
        {loads.map(({ name, watts, partial }) => (
          <li class="gauge gauge-rack" key={name}>
            <span class="gauge-name">{name}</span>
            <span class="bar" aria-hidden="true">
              <span
                class="bar-fill"
                style={{ transform: `scaleX(${((watts ?? 0) / mostWatts).toFixed(4)})` }}
              />
            </span>
            <span class="gauge-text figure">
              <Quantity shown={format.power(watts)} atLeast={partial} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
