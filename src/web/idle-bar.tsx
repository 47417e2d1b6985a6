import type { IdleVerdict } from '../model/idle.ts';

interface IdleBarProps {
  readonly row: Pick<IdleVerdict, 'idleWatts' | 'limitWatts' | 'verdict'>;
  /** The longest bar stands for so much. */
  readonly mostWatts: number;
}

/** An idle baseline against its limit: the mark is the limit, what lies beyond it is drawn in another colour. */
export function IdleBar({ row: { idleWatts = 0, limitWatts, verdict }, mostWatts }: IdleBarProps) {
  const share = (watts: number) => Math.min(1, watts / Math.max(mostWatts, 1));
  const within = Math.min(idleWatts, limitWatts ?? idleWatts);
  return (
    <span class="bar idle-bar" data-verdict={verdict} aria-hidden="true">
      <span class="bar-over" style={{ transform: `scaleX(${share(idleWatts).toFixed(4)})` }} />
      <span class="bar-fill" style={{ transform: `scaleX(${share(within).toFixed(4)})` }} />
      {limitWatts !== undefined && (
        <span class="bar-mark" style={{ left: `${(share(limitWatts) * 100).toFixed(2)}%` }} />
      )}
    </span>
  );
}
