import { noBreak, type Shown, unknownText } from './format.ts';

/** A number with its unit set apart; what is not known is a dash, and said as a word to a screen reader. */
export function Quantity({ shown, atLeast = false }: { readonly shown: Shown; readonly atLeast?: boolean }) {
  if (shown.text === unknownText) return <Unknown />;
  return (
    <span class="quantity">
      {atLeast && (
        <>
          <span class="at-least" aria-hidden="true">
            ≥{noBreak}
          </span>
          <span class="unseen">at least </span>
        </>
      )}
      {shown.text}
      <span class="unit"> {shown.unit}</span>
    </span>
  );
}

export function Unknown() {
  return (
    <span class="unknown">
      <span aria-hidden="true">{unknownText}</span>
      <span class="unseen">unknown</span>
    </span>
  );
}
