import { z } from 'zod';
import { alertRules, severities } from '../model/alert.ts';
import { name, note, path, secretText } from './setting-note.ts';
import { brokerUrl, httpUrl, port, text } from './values.ts';

export const notifyKinds = [
  'email',
  'webhook',
  'slack',
  'teams',
  'discord',
  'ntfy',
  'gotify',
  'alertmanager',
  'mqtt',
] as const;
export type NotifyKind = (typeof notifyKinds)[number];

const addressKinds = 'webhook, slack, teams, discord, ntfy, gotify, alertmanager';

/** A secret, and the file it may stand in instead. */
function secretPair<K extends string>(key: K, sentence: string) {
  const pair = {
    [key]: note(secretText.optional(), {
      sentence,
      expected: 'text (in quotes when it looks like a number)',
      example: "'a long secret'",
      secret: true,
    }),
    [`${key}File`]: note(path.optional(), {
      sentence: `File that holds the ${key} instead.`,
      expected: 'the path of a file that can be read',
      example: `/run/secrets/notify-${key}`,
    }),
  };
  return pair as Record<K | `${K}File`, z.ZodOptional<z.ZodString>>;
}

/** One level or more of an MQTT topic, no wildcard, not the broker's own. */
const topicPrefix = text(100).regex(/^[^+#$/][^+#]*$/u);

const channel = z.strictObject({
  name: note(text(50).regex(/^[\p{L}\p{N}][\p{L}\p{N} ._-]*$/u), {
    sentence: 'What routes, log and page call it.',
    expected: 'a name of 1 to 50 letters, digits, spaces, . _ and -',
    example: 'admins',
  }),
  kind: note(z.enum(notifyKinds), {
    sentence: 'How to tell.',
    expected: `one of ${notifyKinds.join(', ')}`,
    example: 'email',
  }),
  url: note(z.union([httpUrl, brokerUrl]).optional(), {
    sentence: `Address (${addressKinds}); for mqtt another broker than the one in use.`,
    expected: 'an address that begins with https:// or http:// (mqtt: mqtt:// or mqtts://)',
    example: 'https://ops.example.org/rackwatt',
    secret: true,
  }),
  urlFile: note(path.optional(), {
    sentence: 'File that holds the address instead: with Slack, Teams and Discord it is a secret.',
    expected: 'the path of a file that can be read',
    example: '/run/secrets/slack-url',
  }),
  ...secretPair('token', 'Token to show (ntfy, gotify, webhook, alertmanager).'),
  ...secretPair('secret', 'Signs each message, so that a webhook can tell that it is from here.'),
  username: note(text(1_000).optional(), {
    sentence: 'User name at the mail server, the address or the other broker.',
    expected: 'text',
    example: 'rackwatt',
  }),
  ...secretPair('password', 'Password that goes with it.'),
  topic: note(
    z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}$/)
      .optional(),
    {
      sentence: 'Topic at ntfy. Whoever knows it can read: choose one that nobody guesses, or use a token.',
      expected: '1 to 64 letters, digits, _ and -',
      example: 'rackwatt-x7Kq2',
    },
  ),
  host: note(text(255).optional(), {
    sentence: 'Mail server.',
    expected: 'a host name or IP address',
    example: 'smtp.example.org',
  }),
  port: note(port.min(1).optional(), {
    sentence: 'Its port. Without it 587, with security: tls 465, with none 25.',
    expected: 'a TCP port, a whole number from 1 to 65535',
    example: '587',
  }),
  security: note(z.enum(['starttls', 'tls', 'none']).prefault('starttls'), {
    sentence:
      'starttls: begins in the clear and must go over to TLS. tls: from the first byte. none: in the clear.',
    expected: 'starttls, tls or none',
    example: 'tls',
  }),
  from: note(mailAddress().optional(), {
    sentence: 'Sender of the mails.',
    expected: 'an address such as rackwatt@example.org, or "Server room <rackwatt@example.org>"',
    example: 'rackwatt@example.org',
  }),
  to: note(z.array(mailAddress()).min(1).max(100).optional(), {
    sentence: 'Who gets the mails.',
    expected: 'a list of addresses such as admins@example.org',
    example: '[ admins@example.org, duty@example.org ]',
  }),
  ca: note(path.optional(), {
    sentence:
      'File with the authority that signed the mail server or the other broker (PEM), where the system does not know it.',
    expected: 'the path of a file that can be read',
    example: '/etc/rackwatt/ca.pem',
  }),
  prefix: note(topicPrefix.prefault('rackwatt'), {
    sentence: 'Where the topics of mqtt begin; one for each rackwatt at a broker.',
    expected: 'levels of a topic, without + and #',
    example: 'rackwatt/room-1',
  }),
  homeAssistant: note(z.boolean().prefault(true), {
    sentence: 'Whether figures are published too, and announced to Home Assistant.',
    expected: 'true or false',
    example: 'false',
  }),
  discoveryPrefix: note(topicPrefix.prefault('homeassistant'), {
    sentence: 'Where Home Assistant looks for announcements.',
    expected: 'levels of a topic, without + and #',
    example: 'homeassistant',
  }),
  figuresSeconds: note(z.number().min(1).max(3_600).prefault(10), {
    sentence: 'How often figures that have changed are published, s.',
    expected: 'a number of seconds from 1 to 3600',
    example: '30',
  }),
  ignoreQuietHours: note(z.boolean().prefault(false), {
    sentence: 'Whether it is told in quiet hours too.',
    expected: 'true or false',
    example: 'true',
  }),
});

const route = z.strictObject({
  channels: note(z.array(name).min(1).max(100), {
    sentence: 'Where to.',
    expected: 'a list of names of channels',
    example: '[ admins ]',
  }),
  severities: note(z.array(z.enum(severities)).min(1).optional(), {
    sentence: 'Only alerts that are so grave; absent: all.',
    expected: 'a list of info, warning and critical',
    example: '[ critical ]',
  }),
  rules: note(z.array(z.enum(alertRules)).min(1).optional(), {
    sentence: 'Only alerts of these rules; absent: all.',
    expected: `a list of ${alertRules.join(', ')}`,
    example: '[ feed-lost, redundancy-lost ]',
  }),
  scopes: note(z.array(text(600)).min(1).max(1_000).optional(), {
    sentence: 'Only alerts of these scopes and what lies in them; absent: all.',
    expected: "a list of scopes or patterns such as 'rack:r1' and 'server:hv-*'",
    example: "[ 'rack:r1', 'server:hv-*' ]",
  }),
});

export const weekDays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/);

const quietSpan = z.strictObject({
  from: note(timeOfDay, {
    sentence: 'Local time of the room.',
    expected: "a time such as '22:00', in quotes",
    example: "'22:00'",
  }),
  to: note(timeOfDay, {
    sentence: 'Local time; before from: of the next day.',
    expected: "a time such as '07:00', in quotes",
    example: "'07:00'",
  }),
  days: note(z.array(z.enum(weekDays)).min(1).max(7).optional(), {
    sentence: 'Days it begins on; absent: every day.',
    expected: `a list of ${weekDays.join(', ')}`,
    example: '[ fri, sat ]',
  }),
});

/** Whom to tell, and how. */
export const notify = z.strictObject({
  channels: note(z.array(channel).max(50).prefault([]), {
    sentence: `Who is told: name, kind (${notifyKinds.join(', ')}) and what the kind needs (docs/notifications.md). Try one with: rackwatt notify --test NAME`,
    expected: 'a list of channels, each with name and kind',
    example: '[ { name: ops, kind: webhook, url: https://ops.example.org/rackwatt } ]',
  }),
  routes: note(z.array(route).max(200).prefault([]), {
    sentence:
      'Which alerts go where: channels, and severities, rules or scopes. A channel that no route names is told of everything.',
    expected: 'a list of routes, each with channels',
    example: '[ { channels: [ ops ], severities: [ critical ] } ]',
  }),
  quietHours: note(z.array(quietSpan).max(50).prefault([]), {
    sentence:
      'When people are left alone, in local time of the room. Critical alerts pass; what was held is told as one digest afterwards.',
    expected: "a list such as [ { from: '22:00', to: '07:00' } ]",
    example: "[ { from: '22:00', to: '07:00', days: [ mon, tue ] } ]",
  }),
  digestAbove: note(z.int().min(1).max(100).prefault(3), {
    sentence: 'More alerts than this that wait at once are told in one message.',
    expected: 'a whole number from 1 to 100',
    example: '5',
  }),
  gatherSeconds: note(z.number().min(0).max(600).prefault(5), {
    sentence: 'How long the first of several alerts waits for the others, s.',
    expected: 'a number of seconds from 0 to 600',
    example: '30',
  }),
  messagesPerMinute: note(z.number().positive().max(600).prefault(6), {
    sentence: 'So many messages a channel gets at most; what is more waits and becomes a digest.',
    expected: 'a number above 0, at most 600',
    example: '1',
  }),
  pageUrl: note(httpUrl.optional(), {
    sentence: 'Address of the live page as people reach it, for the links in messages.',
    expected: 'an address that begins with http:// or https://',
    example: 'https://rackwatt.example.org',
    defaultText: 'http.host and http.port',
  }),
});

export type NotifySettings = z.output<typeof notify>;
export type NotifyChannelSettings = NotifySettings['channels'][number];

/** `name@host`, or `Words <name@host>`; nothing that could begin another header or recipient. */
function mailAddress() {
  const address = '[^\\s<>,;:"()@]+@[^\\s<>,;:"()@]+';
  return text(320).regex(new RegExp(`^(${address}|[^<>,;:"()@]* ?<${address}>)$`, 'u'));
}
