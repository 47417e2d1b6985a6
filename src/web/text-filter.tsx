import { useEffect, useRef } from 'preact/hooks';
import { replaceQuery } from './routes.ts';

/** As near as a browser tells: a pointer that hovers comes with keys. */
const hasKeyboard = matchMedia('(hover: hover)').matches;

/** A filter by words, kept in the address as `q`; `/` leads to it, Escape empties it. */
export function TextFilter({ text, label }: { readonly text: string; readonly label: string }) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== '/' || isTyping(event)) return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  return (
    <input
      ref={input}
      type="search"
      class="filter"
      placeholder={hasKeyboard ? 'Filter  ( / )' : 'Filter'}
      aria-label={label}
      autocomplete="off"
      spellcheck={false}
      value={text}
      onInput={({ currentTarget }) => replaceQuery({ q: currentTarget.value })}
      onKeyDown={(event) => {
        if (event.key === 'Escape') replaceQuery({ q: undefined });
      }}
    />
  );
}

/** A key that is meant for a field, or for the browser. */
export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement;
  return (
    event.ctrlKey ||
    event.metaKey ||
    event.altKey ||
    target.closest('input:not([type="radio"], [type="checkbox"]), select, textarea, [contenteditable]') !==
      null
  );
}

/** All words are found in the text. */
export function hasWords(text: string, words: string): boolean {
  const lower = text.toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => lower.includes(word));
}
