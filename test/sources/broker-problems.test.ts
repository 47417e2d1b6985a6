import { describe, expect, it } from 'vitest';
import { type BrokerAccess, clientOptions, shownUrl } from '../../src/sources/broker-access.ts';
import { explainBrokerProblem, explainDisconnect } from '../../src/sources/broker-problems.ts';

const plain: BrokerAccess = { url: 'mqtt://broker:1883' };
const secure: BrokerAccess = { url: 'mqtts://broker:8883' };
const failed = (code: string | number, message = 'failed') => Object.assign(new Error(message), { code });

describe('what goes wrong on the way to the broker', () => {
  it.each([
    ['a version of MQTT it does not speak', failed(1), plain, /set mqtt\.protocol to 5/],
    [
      'the same the other way round',
      failed(132),
      { ...plain, protocol: '5' as const },
      /set mqtt\.protocol to 3\.1\.1/,
    ],
    ['the client id', failed(133), plain, /"rackwatt"; set another mqtt\.clientId/],
    ['a broker that is busy', failed(3), plain, /too busy/],
    ['the password', failed(4), plain, /bad user name or password; check mqtt\.username and mqtt\.password/],
    ['no login given', failed(135), plain, /wants a user name and password; set mqtt\.username/],
    [
      'a login in the URL',
      failed(5),
      { url: 'mqtt://me:pw@broker' },
      /bad user name or password, or this user may not/,
    ],
    [
      'a host nobody knows',
      failed('ENOTFOUND'),
      plain,
      /mqtt:\/\/broker:1883: no such host; check the name in mqtt\.url/,
    ],
    [
      'both addresses of a host refused',
      new AggregateError([failed('ECONNREFUSED')]),
      plain,
      /nothing answers there/,
    ],
    ['no route', failed('EHOSTUNREACH'), plain, /no route to that host/],
    ['silence', failed('', 'connack timeout'), plain, /gives no MQTT answer/],
    ['a port with TLS', undefined, plain, /may be a TLS port/],
    ['a port without TLS', failed('ECONNRESET', 'read ECONNRESET'), secure, /may not speak TLS/],
    [
      'another protocol behind the TLS port',
      failed('ERR_SSL_WRONG_VERSION_NUMBER'),
      secure,
      /does not speak TLS/,
    ],
    ['an unknown authority', failed('SELF_SIGNED_CERT_IN_CHAIN'), secure, /certificate in mqtt\.ca/],
    ['an old certificate', failed('CERT_HAS_EXPIRED'), secure, /has expired/],
    [
      'a certificate for another host',
      failed('ERR_TLS_CERT_ALTNAME_INVALID', "IP: 10.0.0.1 is not in the cert's list"),
      secure,
      /for another host.*10\.0\.0\.1/,
    ],
    [
      'a missing client certificate',
      failed('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'),
      secure,
      /set mqtt\.cert and mqtt\.key/,
    ],
    [
      'a client certificate nobody trusts',
      failed('ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'),
      secure,
      /does not accept the client certificate in mqtt\.cert/,
    ],
    [
      'a key for another certificate',
      failed('ERR_OSSL_X509_KEY_VALUES_MISMATCH'),
      secure,
      /mqtt\.key does not belong to/,
    ],
    ['anything else', failed('EWEIRD', 'strange'), plain, /^mqtt:\/\/broker:1883: strange$/],
  ])('is said in words: %s', (_, error, access, words) => {
    expect(explainBrokerProblem(error, access, 'rackwatt')).toMatch(words);
  });

  it('never shows a password', () => {
    for (const error of [undefined, failed(5), failed('ENOTFOUND'), failed('EWEIRD')]) {
      expect(explainBrokerProblem(error, { url: 'mqtt://me:topsecret@broker' }, 'rackwatt')).not.toContain(
        'topsecret',
      );
    }
    expect(shownUrl({ url: 'mqtts://me:topsecret@broker:8883/' })).toBe('mqtts://broker:8883');
  });

  it('says why a broker of MQTT 5 ended a connection', () => {
    expect(explainDisconnect(139)).toBe('the broker ended the connection: broker shutting down');
    expect(explainDisconnect(200)).toBe('the broker ended the connection: reason 200');
  });
});

describe('how a broker is reached', () => {
  it.each([
    ['mqtt://broker', { protocol: 'mqtt', host: 'broker', port: 1883 }],
    ['tcp://broker:18', { protocol: 'mqtt', host: 'broker', port: 18 }],
    ['ssl://broker', { protocol: 'mqtts', host: 'broker', port: 8883 }],
    ['mqtt://[::1]:1884', { protocol: 'mqtt', host: '::1', port: 1884 }],
    ['wss://broker/mqtt?key=1', { protocol: 'wss', hostname: 'broker', port: 443, path: '/mqtt?key=1' }],
    ['ws://[::1]/', { protocol: 'ws', hostname: '[::1]', port: 80, path: '/' }],
    ['mqtt://me:p%40ss@broker', { username: 'me', password: 'p@ss' }],
  ])('%s', (url, options) => {
    expect(clientOptions({ url })).toMatchObject(options);
  });

  it('lets the settings win over the URL, and shows certificates only where there is TLS', () => {
    const pem = { ca: 'ca', cert: 'cert', key: 'key' };
    const access = { url: 'mqtt://me:old@broker', password: 'new', ...pem };
    expect(clientOptions(access)).toMatchObject({ username: 'me', password: 'new' });
    expect(clientOptions(access)).not.toHaveProperty('cert');
    expect(clientOptions({ url: 'mqtts://broker', ...pem })).toMatchObject(pem);
  });
});
