import { describe, expect, test } from 'vitest';
import { isLoopback } from '../../src/base/loopback.ts';
import { hashOfToken, makeToken } from '../../src/base/token.ts';
import { loadSettings } from '../../src/config/load.ts';
import { asVariables, refused } from './refused.ts';

const hash = hashOfToken(makeToken());
const other = hashOfToken(makeToken());
const token = `{ name: wall, hash: ${hash}, role: view }`;
const load = (yaml: string) => loadSettings({ env: asVariables(yaml), cwd: '/' });
const mistakes = (yaml: string) => refused({ env: asVariables(yaml) });

describe('an address the network can reach', () => {
  const open = [
    '0.0.0.0',
    '::',
    '192.168.1.2',
    'server.example',
    'localhost.example',
    '::ffff:192.168.1.2',
    'fe80::1',
    '126.255.255.255',
    '0',
    '127.1',
    '[::]',
  ];
  test.each(open)('such as %s is refused without a token, and told how to get one', (host) => {
    expect(isLoopback(host)).toBe(false);
    const [problem] = refused({ env: { RACKWATT_HTTP_HOST: host } });
    expect(problem).toMatchObject({
      where: 'RACKWATT_HTTP_HOST',
      found: expect.stringContaining('no access.tokens'),
      expected: expect.stringContaining('rackwatt token create'),
    });
    expect(mistakes(`{ http: { host: '${host}' }, access: { tokens: [] } }`)).toMatchObject([
      { setting: 'access.tokens' },
    ]);
    const { settings, warnings } = load(`{ http: { host: '${host}' }, access: { tokens: [${token}] } }`);
    expect(settings.http.host).toBe(host);
    expect(warnings).toMatchObject([expect.stringContaining('without http.tls')]);
  });

  test.each(['127.0.0.1', '127.1.2.3', 'localhost', 'LocalHost', '::1', '[::1]', '::ffff:127.0.0.1'])(
    'is not %s, which needs none',
    (host) => {
      expect(isLoopback(host)).toBe(true);
      const { settings, warnings } = loadSettings({ env: { RACKWATT_HTTP_HOST: host }, cwd: '/' });
      expect([settings.http.host, warnings]).toEqual([host, []]);
    },
  );
});

describe('tokens', () => {
  test('have a name, a hash, a role, and perhaps an end', () => {
    const expires = (at: string) => `{ name: wall, hash: ${hash}, role: view, expires: '${at}' }`;
    for (const [text, expiresAtMs] of [
      ['2027-01-31', Date.UTC(2027, 0, 31)],
      ['2027-01-31T12:00Z', Date.UTC(2027, 0, 31, 12)],
      ['2027-01-31T12:00:30+01:00', Date.UTC(2027, 0, 31, 11, 0, 30)],
    ] as const)
      expect(load(`{ access: { tokens: [${expires(text)}] } }`).settings.access.tokens).toEqual([
        { name: 'wall', hash, role: 'view', expiresAtMs },
      ]);
    expect(load(`{ access: { tokens: [${token}] } }`).settings.access).toEqual({
      tokens: [{ name: 'wall', hash, role: 'view', expiresAtMs: undefined }],
      sessionMs: 7 * 86_400_000,
    });
    for (const text of ['soon', '2027-02-30T00:00', '2027-13-01', '90d', '2027-01-31 12:00'])
      expect(mistakes(`{ access: { tokens: [${expires(text)}] } }`)).toMatchObject([
        { setting: 'access.tokens[0].expires' },
      ]);
  });

  test.each([
    ['{ name: a, hash: secret, role: view }', 'access.tokens[0].hash'],
    [`{ name: a, hash: '${hash.slice(0, -1)}', role: view }`, 'access.tokens[0].hash'],
    [`{ name: a, hash: ${hash}, role: admin }`, 'access.tokens[0].role'],
    [`{ hash: ${hash}, role: view }`, 'access.tokens[0].name'],
    [`{ name: a, hash: ${hash}, role: view, roles: [] }`, 'access.tokens[0].roles'],
    [`${token}, { name: wall, hash: ${other}, role: view }`, 'access.tokens[1].name'],
    [`${token}, { name: b, hash: ${hash}, role: operate }`, 'access.tokens[1].hash'],
  ])('such as %s are refused, and a hash is not repeated', (tokens, setting) => {
    const problems = mistakes(`{ access: { tokens: [${tokens}] } }`);
    expect(problems.map((problem) => problem.setting)).toEqual([setting]);
    expect(JSON.stringify(problems)).not.toContain('secret');
    expect(JSON.stringify(problems.map(({ found }) => found))).not.toContain(hash.slice(0, 20));
  });
});

describe('behind a proxy', () => {
  test('networks are addresses, with or without a length', () => {
    const { settings } = load(`{ http: { trustProxy: [127.0.0.1, 10.0.0.0/8, '::1', 'fd00::/8'] } }`);
    expect(settings.http.trustProxy).toHaveLength(4);
    for (const wrong of ['proxy', '10.0.0.0/33', '10.0.0.0/8/8', '10.0.0/8', '10.0.0.0/x', '/8'])
      expect(mistakes(`{ http: { trustProxy: ['${wrong}'] } }`)).toMatchObject([
        { setting: 'http.trustProxy[0]' },
      ]);
  });

  test('names come in one spelling, without anything that no name has', () => {
    expect(load('{ http: { names: [Power.Example.COM] } }').settings.http.names).toEqual([
      'power.example.com',
    ]);
    for (const wrong of ['a b', 'https://a', 'a/b', 'a\\r\\nX: y'])
      expect(mistakes(`{ http: { names: ["${wrong}"] } }`)).toMatchObject([{ setting: 'http.names[0]' }]);
  });

  test('a certificate needs its key', () => {
    expect(mistakes(`{ http: { tls: { cert: '${import.meta.filename}' } } }`)).toMatchObject([
      { setting: 'http.tls.cert', found: 'cert without key' },
    ]);
  });
});
