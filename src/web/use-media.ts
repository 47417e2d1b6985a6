import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

/** Does the window match this media query? Followed as it changes. */
export function useMedia(media: string): boolean {
  const matches = useSignal(matchMedia(media).matches);
  useEffect(() => {
    const list = matchMedia(media);
    const look = () => {
      matches.value = list.matches;
    };
    look();
    list.addEventListener('change', look);
    return () => list.removeEventListener('change', look);
  }, [media]);
  return matches.value;
}
