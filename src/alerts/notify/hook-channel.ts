import type { Channel, Message, Place } from './channel.ts';
import { type Post, postJson } from './http-post.ts';
import { masker, secretsIn, shownOrigin } from './mask.ts';

/** How one kind of service wants to be told: pure, a message in, JSON out. */
export interface HookFormat {
  readonly kind: string;
  /** Incidents one message can hold. */
  readonly toldMax: number;
  /** Where to, from the address in the settings; absent: there. */
  address?(url: string): string;
  headers?(hook: Hook, body: string): Record<string, string>;
  body(message: Message, place: Place, hook: Hook): object;
  /** It may answer with a page for people. */
  readonly mayAnswerHtml?: boolean;
}

/** What the settings say of one hook. */
export interface Hook {
  readonly url: string;
  readonly token?: string | undefined;
  readonly secret?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Of ntfy. */
  readonly topic?: string | undefined;
}

/** A channel that posts JSON to an address. */
export function makeHookChannel(format: HookFormat, hook: Hook, place: Place): Channel {
  const url = format.address?.(withoutLogin(hook.url)) ?? withoutLogin(hook.url);
  const mask = masker([...secretsIn(hook.url), hook.token, hook.secret, hook.password]);
  return {
    kind: format.kind,
    target: shownOrigin(url),
    reader: 'people',
    toldMax: format.toldMax,
    async send(message, signal) {
      const body = JSON.stringify(format.body(message, place, hook));
      const headers = { ...loginHeader(hook), ...format.headers?.(hook, body) };
      const post: Post = { url, headers, body, mask, refusesHtml: !format.mayAnswerHtml };
      await postJson(post, signal);
      return {};
    },
  };
}

/** `fetch` takes no address with a login in it; the login goes where it belongs. */
export function withoutLogin(url: string): string {
  const plain = new URL(url);
  plain.username = '';
  plain.password = '';
  return plain.href;
}

/** Of the settings, or of the address. */
export function loginHeader({ url, token, username, password }: Hook): Record<string, string> {
  const inUrl = new URL(url);
  const user = username ?? decodeURIComponent(inUrl.username);
  const secret = password ?? decodeURIComponent(inUrl.password);
  if (token !== undefined) return { Authorization: `Bearer ${token}` };
  if (user === '' && secret === '') return {};
  return { Authorization: `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}` };
}

/** At most so many characters, cut with a sign that it was. */
export function clipped(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  // Not through the middle of a pair.
  return `${text.slice(0, lengthMax - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
