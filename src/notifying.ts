import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { makeAlertmanagerChannel } from './alerts/notify/alertmanager.ts';
import type { Channel, Place } from './alerts/notify/channel.ts';
import { makeEmailChannel } from './alerts/notify/email.ts';
import { type HookFormat, makeHookChannel } from './alerts/notify/hook-channel.ts';
import { discordHook } from './alerts/notify/hooks/discord.ts';
import { gotifyHook } from './alerts/notify/hooks/gotify.ts';
import { ntfyHook } from './alerts/notify/hooks/ntfy.ts';
import { ownHook } from './alerts/notify/hooks/own.ts';
import { slackHook } from './alerts/notify/hooks/slack.ts';
import { teamsHook } from './alerts/notify/hooks/teams.ts';
import { makeMqttChannel } from './alerts/notify/mqtt/channel.ts';
import type { BrokerWay } from './alerts/notify/mqtt/link.ts';
import type { NotifierRules } from './alerts/notify/notifier.ts';
import { Notifiers, type NotifiersOptions } from './alerts/notify/notifiers.ts';
import { isQuiet, type QuietSpan } from './alerts/notify/quiet-hours.ts';
import type { NotifierRow } from './api/shapes.ts';
import type { Clock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import { brokerLogin } from './config/broker-login.ts';
import { notifySecrets } from './config/notify-secrets.ts';
import {
  type NotifyChannelSettings,
  type NotifyKind,
  type NotifySettings,
  weekDays,
} from './config/notify-settings.ts';
import type { Settings } from './config/schema.ts';
import type { RoomView } from './model/room-view.ts';
import { clientOptions, shownUrl } from './sources/broker-access.ts';
import { explainBrokerProblem } from './sources/broker-problems.ts';

/** What the channels are made of, as the settings say it. */
export interface NotifyingOptions {
  readonly settings: Settings;
  readonly room: { readonly name: string; readonly timezone: string };
  /** Of the broker in use; known once it runs. */
  brokerUrl(): string;
  /** Of the page, as it is served; known once it is. */
  httpUrl(): string;
  /** Whose figures are published; absent: none are (a command). */
  readonly view?: RoomView | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** Every channel of the settings, by name. Throws a NotifySecretError. */
export function makeChannels(options: NotifyingOptions): { name: string; channel: Channel }[] {
  return options.settings.notify.channels.map((channel) => ({
    name: channel.name,
    channel: makeChannel(channel, options),
  }));
}

/** All who are told, with their queues. Throws a NotifySecretError. */
export function makeNotifiers(
  options: NotifyingOptions & Pick<NotifiersOptions, 'folder' | 'containersOf'>,
): Notifiers {
  const { notify } = options.settings;
  const channels = makeChannels(options).map((made, i) => ({
    ...made,
    rules: rulesOf(notify, notify.channels[i]!, options.room.timezone),
  }));
  return new Notifiers({ ...options, channels, routes: notify.routes });
}

/** The rows of `GET /api/v1/notifiers`. */
export function notifierRows(notifiers: Notifiers): NotifierRow[] {
  return notifiers.states().map(({ name, kind, target, state, counts, figuresLeftOut }) => {
    const { waiting, sent, failed, dropped, lastSentAtMs, lastProblem, lastProblemAtMs } = counts;
    return {
      name,
      kind,
      target,
      state,
      waiting,
      sent,
      failed,
      dropped,
      ...(figuresLeftOut > 0 && { figuresLeftOut }),
      ...(lastSentAtMs !== undefined && { lastSentAtMs }),
      ...(lastProblem !== undefined && { lastProblem }),
      ...(lastProblemAtMs !== undefined && { lastProblemAtMs }),
    };
  });
}

const hooks: Readonly<Record<Exclude<NotifyKind, 'email' | 'mqtt' | 'alertmanager'>, HookFormat>> = {
  webhook: ownHook,
  slack: slackHook,
  teams: teamsHook,
  discord: discordHook,
  ntfy: ntfyHook,
  gotify: gotifyHook,
};

function makeChannel(channel: NotifyChannelSettings, options: NotifyingOptions): Channel {
  const place = placeOf(options);
  const { kind } = channel;
  if (kind === 'mqtt') return makeMqtt(channel, options, place);
  if (kind === 'email') {
    const { host = '', from = '', to = [], security, username } = channel;
    const { password } = notifySecrets(channel);
    const port = channel.port ?? { starttls: 587, tls: 465, none: 25 }[security];
    return makeEmailChannel(
      { host, port, security, username, password, from, to, ca: pem(channel.ca) },
      place,
    );
  }
  const { topic, username } = channel;
  const { url = '', ...secrets } = notifySecrets(channel);
  const hook = { url, ...secrets, topic, username };
  return kind === 'alertmanager'
    ? makeAlertmanagerChannel(hook, place)
    : makeHookChannel(hooks[kind], hook, place);
}

function makeMqtt(channel: NotifyChannelSettings, options: NotifyingOptions, place: Place): Channel {
  const { settings, view, clock, log } = options;
  const { prefix, homeAssistant, discoveryPrefix, figuresSeconds, username } = channel;
  const { url, password } = notifySecrets(channel);
  const { clientId } = settings.mqtt;
  // Two connections with one id throw each other out; a command must not throw out the service.
  const ownId = `${clientId}-notify-${channel.name}${view === undefined ? `-${randomUUID().slice(0, 8)}` : ''}`;
  const access = () =>
    url === undefined
      ? brokerLogin(settings, settings.mqtt.url ?? options.brokerUrl())
      : { url, username, password, ca: pem(channel.ca) };
  const way = (): BrokerWay => ({
    options: clientOptions(access()),
    url: shownUrl(access()),
    explain: (error) => explainBrokerProblem(error, access(), ownId),
  });
  const target =
    url === undefined
      ? settings.mqtt.url === undefined
        ? 'the built-in broker'
        : shownUrl({ url: settings.mqtt.url })
      : shownUrl({ url });
  return makeMqttChannel({
    target: `${target}, ${prefix}/#`,
    prefix,
    discoveryPrefix: homeAssistant ? discoveryPrefix : undefined,
    figuresEveryMs: figuresSeconds * 1_000,
    clientId: ownId,
    way,
    room: view,
    place,
    clock,
    log,
  });
}

function pem(path: string | undefined): string | undefined {
  return path === undefined ? undefined : readFileSync(path, 'utf8');
}

function placeOf({ settings, room, httpUrl }: NotifyingOptions): Place {
  return {
    room: room.name,
    timezone: room.timezone,
    get pageUrl() {
      return (settings.notify.pageUrl ?? httpUrl()).replace(/\/+$/, '');
    },
  };
}

function rulesOf(notify: NotifySettings, channel: NotifyChannelSettings, timezone: string): NotifierRules {
  const spans = channel.ignoreQuietHours ? [] : notify.quietHours.map(spanOf);
  return {
    gatherMs: notify.gatherSeconds * 1_000,
    messagesPerMinute: notify.messagesPerMinute,
    digestAbove: notify.digestAbove,
    isQuiet: (atMs) => isQuiet(spans, timezone, atMs),
  };
}

function spanOf({ from, to, days }: NotifySettings['quietHours'][number]): QuietSpan {
  return {
    fromMinute: minuteOf(from),
    toMinute: minuteOf(to),
    ...(days && { days: days.map((day) => weekDays.indexOf(day)) }),
  };
}

function minuteOf(timeOfDay: string): number {
  const [hours = 0, minutes = 0] = timeOfDay.split(':').map(Number);
  return hours * 60 + minutes;
}
