import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/**
 * Nothing but this machine itself reaches it. A name other than localhost may mean any address, today or tomorrow,
 * so it counts as open to the network.
 */
export function isLoopback(host: string): boolean {
  const address = /^\[.*\]$/.test(host) ? host.slice(1, -1) : host;
  if (address.toLowerCase() === 'localhost') return true;
  const family = isIP(address);
  // ::ffff:127.0.0.1 is found by the IPv4 rule.
  return family !== 0 && loopback.check(address, family === 4 ? 'ipv4' : 'ipv6');
}
