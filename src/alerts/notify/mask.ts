/** Shorter ones would blot out plain words. */
const secretLengthMin = 4;

/** Takes secrets out of text that people will see, also where they stand in it as part of an address. */
export function masker(secrets: readonly (string | undefined)[]): (text: string) => string {
  const forms = secrets.flatMap((secret) =>
    secret === undefined || secret.length < secretLengthMin
      ? []
      : [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), base64(secret)],
  );
  // The longest first: one may be a part of another.
  const sorted = [...new Set(forms)].sort((one, other) => other.length - one.length);
  return (text) => sorted.reduce((masked, secret) => masked.replaceAll(secret, '…'), text);
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** What of an address is nobody's secret: where it leads, not the path (a token, with most webhooks). */
export function shownOrigin(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null ? 'no address' : `${parsed.protocol}//${parsed.host}`;
}

/** The parts of an address that may be secret: user, password, path, its longer steps, and what follows it. */
export function secretsIn(url: string): string[] {
  const parsed = URL.parse(url);
  if (parsed === null) return [url];
  const { username, password, pathname, search, searchParams } = parsed;
  const steps = pathname.split('/').filter((step) => step.length >= tokenLengthMin);
  const plain = [username, password].map((text) => decodeURIComponent(text));
  return [url, parsed.href, ...plain, `${pathname}${search}`, ...steps, ...searchParams.values()].filter(
    (text) => text.length > 1,
  );
}

/** `hooks` and `workflows` are plain words, a token is longer. */
const tokenLengthMin = 12;

const shownLengthMax = 200;

/** Text of the other side for people: one line, bounded, nothing a terminal would obey. */
export function plainLine(text: string): string {
  const line = text
    .slice(0, 4 * shownLengthMax)
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029\s]+/gu, ' ')
    .trim();
  return line.length > shownLengthMax ? `${line.slice(0, shownLengthMax)}…` : line;
}
