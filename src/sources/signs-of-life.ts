import type { MqttClient } from 'mqtt';
import type { Clock } from '../base/clock.ts';

/** What the system holds for us is read within less, unless we get no turn at all. */
const lastLookMs = 500;

/**
 * Lets a connection live as long as anything comes over it. mqtt.js gives a broker up that has not answered its ping for
 * half the keep-alive, though messages come all the while: behind a long queue of them the answer comes later than that, and
 * since everything unacknowledged is sent anew on the next connection, it would come late there too, and so on for ever. Nor
 * does it look whether the answer lies there unread, because we were held up ourselves.
 *
 * Stands in for `onKeepaliveTimeout`, which mqtt.js (5.16) calls again after each further half of the keep-alive until an
 * answer has come; `silence.test.ts` fails when a later version does it another way.
 */
export function trustSignsOfLife(client: MqttClient, clock: Clock): void {
  const ping = client.sendPing.bind(client);
  const giveUp = client.onKeepaliveTimeout.bind(client);
  let hasHeard = false;
  client.stream.on('data', () => {
    hasHeard = true;
  });
  client.sendPing = () => {
    hasHeard = false;
    ping();
  };
  const judge = () => {
    if (hasHeard) client.sendPing();
    else giveUp();
  };
  client.onKeepaliveTimeout = () => {
    if (hasHeard) judge();
    else clock.after(lastLookMs, () => client.connected && judge());
  };
}
