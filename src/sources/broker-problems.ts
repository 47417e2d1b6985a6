import { type BrokerAccess, shownUrl, usesTls } from './broker-access.ts';

/**
 * What an error on the way to the broker means, in words an admin can act on, naming the setting to mend.
 * `undefined` stands for a connection that was closed without a word before the broker had accepted it.
 */
export function explainBrokerProblem(error: unknown, access: BrokerAccess, clientId: string): string {
  const { code, message } = parts(error);
  if (error === undefined || code === 'ECONNRESET' || code === 'EPIPE') return closedBeforeAnswer(access);
  if (typeof code === 'number') return explainRefusal(code, access, clientId) ?? message;
  return (
    explainNetwork(code, message, access) ??
    explainTls(code, message, access) ??
    `${shownUrl(access)}: ${message}`
  );
}

/** Why a broker ended a connection it had accepted (MQTT 5 says so, 3.1.1 does not). */
export function explainDisconnect(reasonCode: number): string {
  return `the broker ended the connection: ${disconnectReasons[reasonCode] ?? `reason ${reasonCode}`}`;
}

const disconnectReasons: Readonly<Record<number, string>> = {
  129: 'malformed packet',
  130: 'protocol error',
  135: 'not authorised',
  137: 'broker busy',
  139: 'broker shutting down',
  141: 'no sign of life from us in time',
  142: 'session taken over',
  143: 'topic filter invalid',
  147: 'receive maximum exceeded',
  149: 'packet too large',
  150: 'message rate too high',
  151: 'quota exceeded',
  152: 'administrative action',
  156: 'use another server',
  157: 'server moved',
  161: 'subscription identifiers not supported',
  162: 'wildcard subscriptions not supported',
};

/** Two instances with one client id throw each other out. */
export function twinProblem(clientId: string, consequence: string): string {
  return (
    `another program uses the client id "${clientId}" on this broker (a second rackwatt?): ${consequence}; ` +
    'stop one of them or set another mqtt.clientId'
  );
}

export function refusalProblem(refused: readonly string[]): string | undefined {
  if (refused.length === 0) return undefined;
  return (
    `the broker refused ${refused.length} of our subscriptions (${refused.slice(0, 3).map(clipped).join(', ')}): ` +
    'allow them in its access list, or name others in mqtt.topics'
  );
}

function clipped(filter: string): string {
  return filter.length > 40 ? `${filter.slice(0, 40)}…` : filter;
}

/** CONNACK codes: 1 to 5 are MQTT 3.1.1 §3.2.2.3, from 128 on MQTT 5 §3.2.2.2. */
function explainRefusal(code: number, access: BrokerAccess, clientId: string): string | undefined {
  switch (code) {
    case 1:
    case 132:
      return access.protocol === '5'
        ? 'refused: the broker does not speak MQTT 5; set mqtt.protocol to 3.1.1'
        : 'refused: the broker does not speak MQTT 3.1.1; set mqtt.protocol to 5';
    case 2:
    case 133:
      return `refused: the broker does not accept the client id "${clientId}"; set another mqtt.clientId`;
    case 3:
    case 136:
    case 137:
      return 'refused: the broker is not available or too busy at the moment';
    case 4:
    case 134:
      return 'refused: bad user name or password; check mqtt.username and mqtt.password';
    case 5:
    case 135:
      return explainNotAuthorised(access);
    case 138:
      return 'refused: the broker has banned this client; ask its admin';
    default:
      return undefined;
  }
}

/** mosquitto answers "not authorised" to a wrong password as well, and to a missing one. */
function explainNotAuthorised(access: BrokerAccess): string {
  return access.username === undefined && !/\/\/[^/]*@/.test(access.url)
    ? 'refused: not authorised: the broker wants a user name and password; set mqtt.username and mqtt.password'
    : 'refused: not authorised: bad user name or password, or this user may not connect; check mqtt.username and mqtt.password';
}

function explainNetwork(code: string, message: string, access: BrokerAccess): string | undefined {
  const url = shownUrl(access);
  switch (code) {
    case 'ECONNREFUSED':
      return `${url}: nothing answers there (connection refused); see that the broker runs, and that host and port in mqtt.url are right`;
    case 'ENOTFOUND':
    case 'EAI_NODATA':
      return `${url}: no such host; check the name in mqtt.url`;
    case 'EAI_AGAIN':
      return `${url}: the name service does not answer, so the host in mqtt.url cannot be looked up`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `${url}: no route to that host (${code}); check the network and mqtt.url`;
    case 'ETIMEDOUT':
      return `${url}: no answer in time; a firewall may be in between`;
    default:
      if (message === 'connack timeout') {
        return `${url}: something is there but gives no MQTT answer; check host and port in mqtt.url`;
      }
      if (message === 'Keepalive timeout') return `${url}: the broker has fallen silent`;
      return undefined;
  }
}

const noTlsThere =
  'the other side does not speak TLS; use mqtt:// (ws://) in mqtt.url, or the port of its TLS listener (often 8883)';

function explainTls(code: string, message: string, access: BrokerAccess): string | undefined {
  const url = shownUrl(access);
  switch (code) {
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return `${url}: the broker's certificate is signed by nobody we know; give its authority's certificate in mqtt.ca`;
    case 'CERT_SIGNATURE_FAILURE':
      return `${url}: the broker's certificate is not signed by the authority in mqtt.ca`;
    case 'CERT_HAS_EXPIRED':
      return `${url}: the broker's certificate has expired (or this machine's clock is wrong)`;
    case 'CERT_NOT_YET_VALID':
      return `${url}: the broker's certificate is not valid yet (or this machine's clock is wrong)`;
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `${url}: the broker's certificate is for another host; use that name in mqtt.url (${message})`;
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return `${url}: ${noTlsThere}`;
    default:
      return explainTlsAlert(code, message, url);
  }
}

function explainTlsAlert(code: string, message: string, url: string): string | undefined {
  if (code.includes('CERTIFICATE_REQUIRED') || code.includes('HANDSHAKE_FAILURE')) {
    return `${url}: the broker wants a client certificate; set mqtt.cert and mqtt.key`;
  }
  if (
    code.includes('ALERT_UNKNOWN_CA') ||
    code.includes('ALERT_BAD_CERTIFICATE') ||
    code.includes('DECRYPT_ERROR')
  ) {
    return `${url}: the broker does not accept the client certificate in mqtt.cert`;
  }
  if (code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH')
    return 'mqtt.key does not belong to the certificate in mqtt.cert';
  if (code.startsWith('ERR_OSSL_PEM') || /PEM/.test(message)) {
    return `mqtt.ca, mqtt.cert or mqtt.key is not in PEM form (${message})`;
  }
  if (code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS')) return `${url}: TLS failed: ${message}`;
  return undefined;
}

function closedBeforeAnswer(access: BrokerAccess): string {
  const why = usesTls(access)
    ? 'it may not speak TLS (then mqtt:// or ws:// in mqtt.url), or want a client certificate (mqtt.cert, mqtt.key)'
    : 'it may be a TLS port (then mqtts:// or wss:// in mqtt.url), or no MQTT port at all';
  return `${shownUrl(access)}: the connection was closed before the broker answered; ${why}`;
}

function parts(error: unknown): { code: string | number; message: string } {
  if (!(error instanceof Error)) return { code: '', message: String(error) };
  // A host with several addresses fails with one error for each; the first tells.
  if (error instanceof AggregateError && error.errors.length > 0) return parts(error.errors[0]);
  const code =
    'code' in error && (typeof error.code === 'number' || typeof error.code === 'string') ? error.code : '';
  return { code, message: error.message };
}
