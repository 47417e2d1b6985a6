import { DeliveryError } from './channel.ts';
import { plainLine, shownOrigin } from './mask.ts';

export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Takes secrets out of what the other side says. */
  mask(text: string): string;
  /** A page for people is no answer of such a service: somebody else has answered. */
  readonly refusesHtml?: boolean;
}

const answerMsMax = 10_000;
/** Of an answer, to say why it was refused. */
const answerBytesMax = 16_384;

/**
 * Posts JSON once. A 2xx is all that is wanted of the answer. Redirects are not followed: they would carry what is
 * secret to an address that nobody has set. Rejects with a DeliveryError.
 */
export async function postJson(post: Post, signal: AbortSignal): Promise<void> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(answerMsMax)]);
  const answer = await ask(post, limit);
  if (answer.ok && !(post.refusesHtml && isHtml(answer))) {
    // Taken; nobody waits for the rest of what it has to say.
    await answer.body?.cancel().catch(() => undefined);
    return;
  }
  const said = plainLine(post.mask(await beginningOf(answer)));
  throw refusal(answer, post, said === '' || isHtml(answer) ? '' : `: ${said}`);
}

async function ask({ url, headers, body, mask }: Post, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'User-Agent': 'rackwatt',
        // Kept for the next alert it would be closed by the other side when we use it again.
        Connection: 'close',
        ...headers,
      },
      body,
      redirect: 'manual',
      signal,
    });
  } catch (error) {
    throw new DeliveryError(`${shownOrigin(url)} ${plainLine(mask(whyNot(error)))}`);
  }
}

function refusal(answer: Response, { url }: Post, said: string): DeliveryError {
  const { status } = answer;
  const where = shownOrigin(url);
  if (answer.ok)
    return new DeliveryError(
      `${where} answered with a page instead of taking the message; is the address right?`,
    );
  if (status >= 300 && status < 400) {
    const to = URL.parse(answer.headers.get('location') ?? '', url);
    const lead = to === null ? 'elsewhere' : `to ${shownOrigin(to.href)}`;
    return new DeliveryError(
      `${where} redirects ${lead} (${status}); set the address it is really reached at`,
    );
  }
  const waitMs = retryAfterMs(answer.headers.get('retry-after'));
  const refusesMessage = [400, 413, 415, 422].includes(status);
  return new DeliveryError(`${where} ${hintOf(status)} (${status})${said}`, { refusesMessage, waitMs });
}

function hintOf(status: number): string {
  switch (status) {
    case 401:
    case 403:
      return 'does not let us in; look at token, username and password';
    case 404:
    case 405:
    case 410:
      return 'has nothing at this address; look at the url';
    case 429:
      return 'asks for fewer messages';
    default:
      return status >= 500 ? 'is not able to take messages' : 'refused the message';
  }
}

function retryAfterMs(header: string | null): number | undefined {
  const seconds = Number(header ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : undefined;
}

function isHtml(answer: Response): boolean {
  return /^\s*(text\/html|application\/xhtml)/i.test(answer.headers.get('content-type') ?? '');
}

async function beginningOf(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of answer.body ?? []) {
      chunks.push(chunk);
      bytes += chunk.byteLength;
      if (bytes >= answerBytesMax) break;
    }
  } catch {
    // What has come so far has to do.
  }
  return Buffer.concat(chunks).subarray(0, answerBytesMax).toString('utf8');
}

/** What went wrong on the way, without the address, in which there may be secrets. */
function whyNot(error: unknown): string {
  const { name } = error as Error;
  if (name === 'TimeoutError') return `did not answer within ${answerMsMax / 1_000} s`;
  if (name === 'AbortError') return 'was not waited for: rackwatt is stopping';
  const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
  if (cause?.message === 'bad port')
    return 'has a port that is kept for other protocols, so HTTP is not spoken there';
  if (cause?.name === 'HTTPParserError') return 'answers with something that is not HTTP';
  return explainCode(cause?.code) ?? `cannot be reached (${cause?.code ?? cause?.message ?? name})`;
}

/** Words for what the system, TLS and HTTP say in codes; also of mail servers. */
export function explainCode(code: string | undefined): string | undefined {
  if (code === undefined) return undefined;
  return Object.hasOwn(words, code) ? words[code] : undefined;
}

const unknownAuthority =
  'has a certificate that nobody known here has signed; name its authority (NODE_EXTRA_CA_CERTS, with e-mail also ca)';

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses the connection: nothing listens there',
  ENOTFOUND: 'cannot be found: no such host',
  EAI_AGAIN: 'cannot be looked up: the name server does not answer',
  ECONNRESET: 'broke off the connection',
  UND_ERR_SOCKET: 'broke off the connection',
  ETIMEDOUT: 'does not answer',
  UND_ERR_CONNECT_TIMEOUT: 'does not answer',
  EHOSTUNREACH: 'cannot be reached from here: no route',
  ENETUNREACH: 'cannot be reached from here: no route',
  CERT_HAS_EXPIRED: 'has a certificate that has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'has a certificate for another name',
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  ERR_SSL_WRONG_VERSION_NUMBER: 'does not speak TLS on this port',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'does not speak TLS on this port',
};
