import type { TreeAnswer } from '../api/shapes.ts';
import { type BreakerLoad, breakerLoad, criticalShare, type LoadLevel } from './breaker-load.ts';
import { joined } from './format.ts';
import { freshWatts } from './live-series.ts';
import type { PresentProps } from './present.ts';
import { Quantity } from './quantity.tsx';

type Feed = TreeAnswer['feeds'][number];
type Breaker = Feed['breakers'][number];

/** Each feed with its breakers as gauges against their ratings. */
export function Feeds({ present }: PresentProps) {
  const feeds = present.tree.answer.value.value?.feeds ?? [];
  if (feeds.length === 0) return null;
  return (
    <section class="panel" aria-labelledby="feeds-title">
      <div class="panel-head">
        <h2 id="feeds-title">Feeds and breakers</h2>
      </div>
      {feeds.map((feed) => (
        <FeedLoads present={present} feed={feed} key={feed.name} />
      ))}
      <p class="hint">
        The mark at {present.format.value.percent(criticalShare)} is the usual planning limit for continuous
        load. It does not replace an electrician's assessment.
      </p>
    </section>
  );
}

function FeedLoads({ present, feed }: PresentProps & { readonly feed: Feed }) {
  const format = present.format.value;
  const figure = present.figure(`feed:${feed.name}`);
  const watts = freshWatts(figure);
  const roomWatts = freshWatts(present.figure('room'));
  const share = watts !== undefined && roomWatts ? watts / roomWatts : undefined;
  return (
    <div class="feed">
      <h3>
        <span>Feed {feed.name}</span>
        <span class="figure">
          {share !== undefined && <span class="aside">{format.percent(share)}</span>}
          <Quantity shown={format.power(watts)} atLeast={figure?.basis === 'partial'} />
        </span>
      </h3>
      <ul class="gauges">
        {feed.breakers.map((breaker) => (
          <BreakerGauge present={present} breaker={breaker} key={breaker.name} />
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

function BreakerGauge({ present, breaker }: PresentProps & { readonly breaker: Breaker }) {
  const format = present.format.value;
  const figure = present.figure(`breaker:${breaker.name}`);
  const partial = figure?.basis === 'partial';
  const load = breakerLoad(figure?.stale ? undefined : figure, breaker.amps);
  return (
    <li class="gauge" data-level={load.level}>
      <span class="gauge-name" title={breaker.curve && `Curve ${breaker.curve}`}>
        {breaker.name}
      </span>
      <GaugeBar load={load} />
      <span class="gauge-text figure">
        {breaker.amps === undefined ? (
          <Quantity shown={format.amps(load.amps)} atLeast={partial} />
        ) : (
          <>
            <Quantity shown={{ ...format.amps(load.amps), unit: '' }} atLeast={partial} />
            <span class="aside"> of {format.rating(breaker.amps)}</span>
          </>
        )}
      </span>
      <span class="gauge-share figure">
        {load.share === undefined ? joined(format.power(freshWatts(figure))) : format.percent(load.share)}
        {levelWord[load.level] !== '' && <strong> {levelWord[load.level]}</strong>}
      </span>
    </li>
  );
}

function GaugeBar({ load }: { readonly load: BreakerLoad }) {
  return (
    <span class="bar" aria-hidden="true">
      <span class="bar-fill" style={{ transform: `scaleX(${Math.min(1, load.share ?? 0).toFixed(4)})` }} />
      <span class="bar-mark" style={{ left: `${criticalShare * 100}%` }} />
    </span>
  );
}
