import type { TreeAnswer } from '../api/shapes.ts';
import type { Figure } from '../model/figure.ts';
import {
  type BreakerLoad,
  breakerLoad,
  type Circuit,
  feedCircuits,
  type LoadLevel,
  summedFigure,
  usableShare,
} from './breaker-load.ts';
import { joined } from './format.ts';
import { knownOfAll, knownText } from './known.ts';
import { freshWatts } from './live-series.ts';
import { Panel } from './panel.tsx';
import type { PresentProps } from './present.ts';
import { Quantity, Unknown } from './quantity.tsx';

type Feed = TreeAnswer['feeds'][number];

/** Each feed with its breakers, as gauges against the amps that may be used for long. */
export function Feeds({ present }: PresentProps) {
  const feeds = present.tree.answer.value.value?.feeds ?? [];
  if (feeds.length === 0) return null;
  return (
    <Panel
      name="feeds"
      look="feeds"
      title="Feeds and breakers"
      head={<span class="count">of usable amps</span>}
    >
      {feeds.map((feed) => (
        <FeedLoads present={present} feed={feed} key={feed.name} />
      ))}
      <p class="hint known">
        {knownOfAll(
          feeds.flatMap(({ name, breakers }) =>
            [`feed:${name}`, ...breakers.map((breaker) => `breaker:${breaker.name}`)].map((scope) =>
              present.figure(scope),
            ),
          ),
          present,
        )}
      </p>
      <p class="hint">
        Usable for continuous load: {present.format.value.percent(usableShare)} of a rating, the mark. It does
        not replace an electrician's assessment.
      </p>
    </Panel>
  );
}

function FeedLoads({ present, feed }: PresentProps & { readonly feed: Feed }) {
  const format = present.format.value;
  const figure = present.figure(`feed:${feed.name}`);
  const watts = freshWatts(figure);
  const roomWatts = freshWatts(present.figure('room'));
  const share = watts !== undefined && roomWatts ? watts / roomWatts : undefined;
  const known = figure?.basis === 'partial' ? { atLeast: true } : {};
  return (
    <div class="feed">
      <h3 title={knownText(figure, present)}>
        <span>Feed {feed.name}</span>
        <span class="figure">
          {share !== undefined && <span class="aside">{format.percent(share)} of the room</span>}
          <Quantity shown={format.power(watts)} {...known} />
        </span>
      </h3>
      <ul class="gauges">
        {feedCircuits(feed).map((circuit) => (
          <Gauge present={present} key={circuit.name} {...circuit} />
        ))}
        {feed.breakers.map(({ name, amps, curve }) => (
          <Gauge
            present={present}
            key={name}
            name={name}
            scopes={[`breaker:${name}`]}
            ratingAmps={amps}
            curve={curve}
          />
        ))}
      </ul>
    </div>
  );
}

const levelWord: Record<LoadLevel, string> = {
  normal: '',
  high: 'high',
  critical: 'critical',
  over: 'over its rating',
  unknown: '',
};

interface GaugeProps extends PresentProps, Circuit {
  readonly curve?: string | undefined;
}

function Gauge({ present, name, scopes, ratingAmps, curve }: GaugeProps) {
  const format = present.format.value;
  // Asked for here: a figure handed in is the same object when it has changed, and nothing would be drawn anew.
  const figure = summedFigure(scopes.map((scope) => present.figure(scope)));
  const atLeast = figure?.basis === 'partial';
  const load = breakerLoad(figure?.stale ? undefined : figure, ratingAmps);
  const rating = ratingAmps === undefined ? 'no rating in the settings' : format.rating(ratingAmps);
  const word = levelWord[load.level];
  return (
    <li
      class="gauge"
      data-level={load.level}
      title={`${[rating, curve && `curve ${curve}`].filter(Boolean).join(', ')}; ${knownText(figure, present)}`}
    >
      <span class="gauge-name">{name}</span>
      <GaugeBar load={load} />
      <span class="gauge-text figure">
        {ratingAmps === undefined ? (
          <Quantity shown={format.amps(load.amps)} atLeast={atLeast} />
        ) : (
          <>
            <Quantity shown={{ ...format.amps(load.amps), unit: '' }} atLeast={atLeast} />
            <span class="aside"> of {format.rating(ratingAmps * usableShare)}</span>
          </>
        )}
      </span>
      <span class="gauge-share figure">
        <GaugeShare present={present} load={load} figure={figure} />
        {word !== '' && <strong> {word}</strong>}
      </span>
    </li>
  );
}

interface GaugeShareProps extends PresentProps {
  readonly load: BreakerLoad;
  readonly figure: Figure | undefined;
}

/** Where amps are not metered the watts still say something. */
function GaugeShare({ present, load, figure }: GaugeShareProps) {
  const format = present.format.value;
  if (load.usedShare !== undefined) return <span>{format.percent(load.usedShare)}</span>;
  const watts = freshWatts(figure);
  return watts === undefined ? <Unknown /> : <span>{joined(format.power(watts))}</span>;
}

function GaugeBar({ load }: { readonly load: BreakerLoad }) {
  return (
    <span class="bar" aria-hidden="true">
      <span class="bar-fill" style={{ transform: `scaleX(${Math.min(1, load.share ?? 0).toFixed(4)})` }} />
      <span class="bar-mark" style={{ left: `${usableShare * 100}%` }} />
    </span>
  );
}
