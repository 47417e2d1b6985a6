import type { ReadyAnswer } from '../api/shapes.ts';
import { counted } from './format.ts';

/** What was let go of or set aside since the service started, the gravest first, one sentence each; none when all is well. */
export function lossSentences({ intake, backlog, store }: ReadyAnswer): string[] {
  const { repeats, newest } = intake.dropped;
  const { bytes = 0, notKept = 0 } = store.refused ?? {};
  const told: readonly (readonly [count: number | undefined, one: string, what: string])[] = [
    [backlog.dropped, 'reading', 'fell off the full backlog on disk: missing in the history'],
    [newest, 'message', 'lost because too many came at once (QoS 0)'],
    [notKept, 'point', 'that the store refused for good, lost: the disk was full of such'],
    [backlog.damaged, 'damaged place', 'in the backlog on disk'],
    [repeats, 'message', 'of a flood skipped, each followed by a newer one of the same meter'],
    [Math.ceil(bytes / 1000), 'kB', 'of points that the store refused for good, kept as files'],
    [backlog.setAside, 'part', 'of the backlog set aside as a file'],
    [store.setAside?.length, 'damaged file', 'of the store set aside'],
  ];
  return told.flatMap(([count = 0, one, what]) =>
    count > 0 ? [`${counted(count, one, one === 'kB' ? one : undefined)} ${what}`] : [],
  );
}
