import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { Readable } from 'node:stream';

export interface ServiceAsk {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
  readonly signal?: AbortSignal;
}

/** Asks an address; like `fetch`, which is one. */
export type AskService = (url: string, ask: ServiceAsk) => Promise<Response>;

/**
 * For the service of these settings: whoever shows the very certificate that they name is that service, whatever name
 * stands in it and whoever signed it. Nothing is sent to anybody else. Throws when the file cannot be read.
 */
export function askWithCertificate(certFile: string): AskService {
  const pem = readFileSync(certFile, 'utf8');
  const { fingerprint256 } = new X509Certificate(pem);
  return async (url, { method = 'GET', headers, body, signal }) => {
    const asked = request(url, {
      method,
      headers: { ...headers, ...(body && { 'Content-Length': body.byteLength }) },
      ca: pem,
      // The certificate itself is trusted, not only one that signed it.
      allowPartialTrustChain: true,
      checkServerIdentity: (_, shown) =>
        shown.fingerprint256 === fingerprint256
          ? undefined
          : new Error('another certificate than that of http.tls'),
      ...(signal && { signal }),
    });
    asked.end(body);
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    const text = Readable.toWeb(answer) as ReadableStream<Uint8Array>;
    return new Response(text, { status: answer.statusCode ?? 502 });
  };
}
