import type { IncomingMessage } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AskerReader, countedAs } from '../../src/api/asker.ts';
import { anyCharacter } from '../base/any-character.ts';

const read = (trusted: string[], peer: string, headers: Record<string, string> = {}) =>
  new AskerReader(trusted).read({ headers, socket: { remoteAddress: peer } } as unknown as IncomingMessage);

describe('who asks', () => {
  it('is the peer, whatever it says, unless it is trusted', () => {
    const said = {
      host: 'a:80',
      'x-forwarded-for': '1.2.3.4',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'b',
    };
    expect(read([], '10.0.0.1', said)).toEqual({ address: '10.0.0.1', host: 'a:80', secure: false });
    expect(read(['10.0.0.0/8'], '::ffff:10.0.0.1', said)).toEqual({
      address: '1.2.3.4',
      host: 'b',
      secure: true,
    });
  });

  it.each([
    ['6.6.6.6, 1.2.3.4', '1.2.3.4'],
    ['6.6.6.6, 1.2.3.4, 10.0.0.9', '1.2.3.4'],
    ['10.0.0.8, 10.0.0.9', '10.0.0.8'],
    ['1.2.3.4, nonsense', '10.0.0.1'],
    ['[2001:db8::1]:4711', '2001:db8::1'],
    ['1.2.3.4:4711', '1.2.3.4'],
    ['', '10.0.0.1'],
    [',,,', '10.0.0.1'],
  ])(
    'through trusted proxies that say %j is %s: nobody can put another address in front',
    (said, address) => {
      expect(read(['10.0.0.0/8'], '10.0.0.1', { 'x-forwarded-for': said }).address).toBe(address);
    },
  );

  it('of IPv6 is counted by the network it has for itself', () => {
    for (const [address, network] of [
      ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
      ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
      ['2001:db8::9', '2001:db8:0:0::/64'],
      ['::1', '0:0:0:0::/64'],
      ['1.2.3.4', '1.2.3.4'],
    ])
      expect(countedAs(address!)).toBe(network);
  });

  it('is found or not, whatever the headers are', () => {
    const text = fc.string({ unit: anyCharacter });
    fc.assert(
      fc.property(text, text, text, (host, forwarded, proto) => {
        const headers = {
          host,
          'x-forwarded-for': forwarded,
          'x-forwarded-proto': proto,
          'x-forwarded-host': host,
        };
        const asker = read(['127.0.0.1'], '127.0.0.1', headers);
        expect(asker.address).toMatch(/^[0-9a-f.:%]+$/i);
        if (asker.host !== undefined) expect(asker.host).toMatch(/^[a-z0-9_.:[\]-]+$/);
      }),
    );
  });
});
