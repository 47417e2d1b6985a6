import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../base/clock.ts';
import type { Log } from '../../../base/log.ts';
import type { RoomView } from '../../../model/room-view.ts';
import type { Channel, Message, Place, Told } from '../channel.ts';
import { testText } from '../words.ts';
import { AlertBoard, alertPayload, type Posted } from './alert-board.ts';
import { FigurePublisher } from './figures.ts';
import { BrokerLink, type BrokerWay } from './link.ts';
import { OldPosts } from './old-posts.ts';
import { makeTopics } from './topics.ts';

export interface MqttChannelOptions {
  /** Where to, without secrets. */
  readonly target: string;
  /** Where topics begin. */
  readonly prefix: string;
  /** Where Home Assistant looks; absent: it is told nothing. */
  readonly discoveryPrefix?: string | undefined;
  readonly figuresEveryMs: number;
  readonly clientId: string;
  /** Known once the broker runs. */
  way(): BrokerWay;
  /** Absent: only messages, no figures (a test). */
  readonly room?: RoomView | undefined;
  readonly place: Place;
  readonly clock: Clock;
  readonly log: Log;
}

/** Everything once more, so that what somebody has cleared by hand comes back. */
const repeatMs = 600_000;
/** By then everything that is still there has been heard. */
const settledMs = 900_000;

/**
 * The state of alerts and figures on a broker, as retained messages. On the broker stands what is; what was and is no
 * more is cleared, also what an earlier process has left there.
 */
export function makeMqttChannel(options: MqttChannelOptions): Channel {
  const { prefix, clock, log, room, place } = options;
  const topics = makeTopics(prefix, options.discoveryPrefix ?? 'homeassistant');
  const board = new AlertBoard(topics);
  const old = new OldPosts(topics);
  const startedMs = clock.nowMs();
  let link: BrokerLink | undefined;
  let figures: FigurePublisher | undefined;

  async function post(posted: readonly Posted[], retain: boolean, signal: AbortSignal): Promise<void> {
    await Promise.all(posted.map(({ topic, payload }) => open().deliver(topic, payload, retain, signal)));
  }

  function open(): BrokerLink {
    if (link !== undefined) return link;
    const opened = new BrokerLink({
      way: options.way(),
      clientId: options.clientId,
      statusTopic: topics.status,
      clock,
      log,
      connected() {
        opened.subscribe(figures === undefined ? [topics.alerts] : [topics.alerts, topics.discoveries]);
        figures?.forget();
        for (const { topic, payload } of board.all()) opened.put(topic, payload);
        figures?.publish();
      },
      message(topic, payload, retained) {
        if (retained) old.find(topic, payload);
      },
    });
    link = opened;
    opened.start();
    return opened;
  }

  async function repeat(standing: readonly Told[], _atMs: number, signal: AbortSignal): Promise<void> {
    board.replace(standing.map(({ notice }) => notice.alert));
    const wanted = board.all();
    await open().whenConnected(signal);
    await post(wanted, true, signal);
    await post(old.alertsBut(wanted), true, signal);
    if (figures !== undefined && clock.nowMs() - startedMs >= settledMs)
      await post(
        old.devicesBut((scope) => figures?.knows(scope) ?? true),
        true,
        signal,
      );
  }

  return {
    kind: 'mqtt',
    target: options.target,
    reader: 'machines',
    toldMax: 100,
    start(standing) {
      board.replace(standing);
      const opened = open();
      if (room === undefined || options.discoveryPrefix === undefined) return;
      const everyMs = options.figuresEveryMs;
      figures = new FigurePublisher({ room, topics, board, place, link: opened, clock, everyMs });
      figures.start();
    },
    async send(message: Message, signal) {
      if (message.about === 'test') await sendTest(signal);
      await open().whenConnected(signal);
      const over: Posted[] = [];
      for (const { notice } of message.told) {
        const { alert, kind } = notice;
        if (kind !== 'resolved') board.put(alert);
        else {
          board.remove(alert);
          over.push({ topic: topics.alert(alert.rule, alert.scope), payload: alertPayload(alert) });
        }
      }
      // The last word on what is over, for those who listen; nothing of it stays.
      await post(over, false, signal);
      const alerts = message.told.map(({ notice }) => notice.alert);
      if (alerts.length > 0) await post(board.about(alerts), true, signal);
      return {};
    },
    figuresLeftOut: () => figures?.leftOut ?? 0,
    repeat: { everyMs: repeatMs, evenIfNothing: true, send: repeat },
    async stop() {
      figures?.stop();
      await link?.stop();
    },
  };

  async function sendTest(signal: AbortSignal): Promise<void> {
    const opened = open();
    await opened.whenConnected(signal);
    const payload = JSON.stringify({ text: testText, room: place.room, id: randomUUID() });
    await opened.deliver(`${prefix}/test`, payload, false, signal);
  }
}
