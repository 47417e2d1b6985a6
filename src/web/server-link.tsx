import type { PresentProps } from './present.ts';
import { serverHash } from './routes.ts';

/** A server's name, leading to its own view. */
export function ServerLink({ present, scope }: PresentProps & { readonly scope: string }) {
  const name = present.nameOf(scope);
  return (
    <a class="server-link" href={serverHash(scope)} title={name}>
      {name}
    </a>
  );
}
