import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashOf, parseRoute, serverHash } from '../../src/web/routes.ts';

describe('addresses of views', () => {
  it.each([
    ['', { view: 'room' }],
    ['#/', { view: 'room' }],
    ['#/starts', { view: 'starts' }],
    ['#/starts?scope=rack%3Ar1&open=abc', { view: 'starts', scope: 'rack:r1', open: 'abc' }],
    ['#/idle', { view: 'idle' }],
    ['#/devices', { view: 'devices' }],
    ['#/server/hv-01', { view: 'server', name: 'hv-01' }],
    ['#/server/plug%2F1%2F0', { view: 'server', name: 'plug/1/0' }],
    // As somebody may type it.
    ['#/server/plug/1/0', { view: 'server', name: 'plug/1/0' }],
    ['#/server/', { view: 'not-found', path: 'server/' }],
    ['#/nowhere', { view: 'not-found', path: 'nowhere' }],
  ])('%s leads to %o', (hash, route) => {
    expect(parseRoute(hash)).toEqual(route);
  });

  it('lead to the same server again, whatever it is called', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (name) => {
        expect(parseRoute(serverHash(`server:${name}`))).toEqual({ view: 'server', name });
        expect(parseRoute(hashOf({ view: 'starts', scope: `server:${name}` }))).toEqual({
          view: 'starts',
          scope: `server:${name}`,
        });
      }),
    );
  });

  it('never throw, whatever stands in the address bar', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseRoute(`#/${text}`)));
    expect(parseRoute('#/server/%')).toEqual({ view: 'server', name: '%' });
  });
});
