import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv4 } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** Where a request came from, and under which name, as far as those in between can be believed. */
export interface Asker {
  /** IP address, IPv4 where it is one. */
  readonly address: string;
  /** Host and port as the browser wrote them; undefined: unreadable or absent. */
  readonly host: string | undefined;
  /** Encrypted on its way to us, or to the proxy before us. */
  readonly secure: boolean;
}

/** Reads `X-Forwarded-…` of trusted proxies alone; everybody else could write anything there. */
export class AskerReader {
  readonly #trusted = new BlockList();

  /** `trusted`: addresses and networks, already checked. */
  constructor(trusted: readonly string[]) {
    for (const network of trusted) {
      const [address = '', bits] = network.split('/');
      const family = isIPv4(address) ? 'ipv4' : 'ipv6';
      if (bits === undefined) this.#trusted.addAddress(address, family);
      else this.#trusted.addSubnet(address, Number(bits), family);
    }
  }

  read(request: IncomingMessage): Asker {
    const { headers, socket } = request;
    const peer = plainAddress(socket.remoteAddress ?? '') ?? 'unknown';
    const encrypted = (socket as Partial<TLSSocket>).encrypted === true;
    if (!this.isTrusted(peer)) return { address: peer, host: hostIn(headers.host), secure: encrypted };
    return {
      address: this.#furthest(peer, oneText(headers['x-forwarded-for'])),
      host: hostIn(lastOf(oneText(headers['x-forwarded-host'])) ?? headers.host),
      secure: encrypted || lastOf(oneText(headers['x-forwarded-proto'])) === 'https',
    };
  }

  isTrusted(address: string): boolean {
    const family = isIP(address);
    return family !== 0 && this.#trusted.check(address, family === 4 ? 'ipv4' : 'ipv6');
  }

  /** From the nearest proxy outwards, as long as who says so is trusted. */
  #furthest(peer: string, forwardedFor: string | undefined): string {
    let address = peer;
    for (const said of forwardedFor?.split(',').reverse() ?? []) {
      if (!this.isTrusted(address)) break;
      const next = plainAddress(said.trim());
      if (next === undefined) break;
      address = next;
    }
    return address;
  }
}

/** `::ffff:10.0.0.1`, `10.0.0.1:4711` and `[fd00::1]:4711` as plain addresses; undefined when it is none. */
function plainAddress(text: string): string | undefined {
  const bare = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text)?.[1] ?? text.replace(/^([\d.]+):\d{1,5}$/, '$1');
  const mapped = /^::ffff:([\d.]+)$/i.exec(bare)?.[1];
  if (mapped !== undefined && isIPv4(mapped)) return mapped;
  return isIP(bare) === 0 ? undefined : bare.toLowerCase();
}

function hostIn(header: string | undefined): string | undefined {
  return header !== undefined && hostPattern.test(header) ? header.toLowerCase() : undefined;
}

const hostPattern = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9_.-]{1,253})(:\d{1,5})?$/i;

/** Without the port. */
export function nameOfHost(host: string): string {
  return host.replace(/:\d{1,5}$/, '');
}

function oneText(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.join(',');
}

/** The nearest proxy wrote last. */
function lastOf(list: string | undefined): string | undefined {
  return list?.split(',').at(-1)?.trim();
}

/** By whom attempts are counted: whoever has one IPv6 address has 2^64 of them. */
export function countedAs(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head.split(':').filter((group) => group !== '');
  const zeros = tail === undefined ? 0 : 8 - groups.length - tail.split(':').filter(Boolean).length;
  return `${[...groups, ...Array<string>(Math.max(0, zeros)).fill('0')].slice(0, 4).join(':')}::/64`;
}
