import type { IdleVerdict } from '../model/idle.ts';
import { verdictWord } from './idle-words.ts';

/** A verdict in a word, and how the baseline behind it is known where that is less than measured. */
export function VerdictTag({ row }: { readonly row: Pick<IdleVerdict, 'verdict' | 'basis'> }) {
  return (
    <>
      <span class="tag verdict" data-verdict={row.verdict}>
        {verdictWord[row.verdict]}
      </span>
      {row.basis === 'estimated' && <span class="word">estimated</span>}
    </>
  );
}
