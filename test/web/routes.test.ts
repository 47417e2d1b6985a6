import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashOf, parseRoute, serverHash } from '../../src/web/routes.ts';
import { anyCharacter } from '../base/any-character.ts';

describe('addresses of views', () => {
  it.each([
    ['', { view: 'room', query: {} }],
    ['#/', { view: 'room', query: {} }],
    ['#/?range=24h&sort=-age', { view: 'room', query: { range: '24h', sort: '-age' } }],
    ['#/starts', { view: 'starts', query: {} }],
    ['#/starts?scope=rack%3Ar1&open=abc', { view: 'starts', query: { scope: 'rack:r1', open: 'abc' } }],
    ['#/starts?scope=', { view: 'starts', query: {} }],
    ['#/energy?by=day', { view: 'energy', query: { by: 'day' } }],
    ['#/alerts', { view: 'alerts', query: {} }],
    ['#/server/hv-01', { view: 'server', name: 'hv-01', query: {} }],
    ['#/server/plug%2F1%2F0', { view: 'server', name: 'plug/1/0', query: {} }],
    // As somebody may type it.
    ['#/server/plug/1/0', { view: 'server', name: 'plug/1/0', query: {} }],
    ['#/server/', { view: 'not-found', path: 'server/', query: {} }],
    ['#/nowhere', { view: 'not-found', path: 'nowhere', query: {} }],
  ])('%s leads to %o', (hash, route) => {
    expect(parseRoute(hash)).toEqual(route);
  });

  it('lead to the same server again, whatever it is called', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (name) => {
        expect(parseRoute(serverHash(`server:${name}`))).toEqual({ view: 'server', name, query: {} });
        const place = { view: 'starts', query: { scope: `server:${name}` } } as const;
        expect(parseRoute(hashOf(place))).toEqual(place);
      }),
    );
  });

  it('never throw, whatever stands in the address bar', () => {
    fc.assert(fc.property(fc.string({ unit: anyCharacter }), (text) => void parseRoute(`#/${text}`)));
    expect(parseRoute('#/server/%')).toEqual({ view: 'server', name: '%', query: {} });
  });
});
