import type { Message, Place } from '../channel.ts';
import { clipped, type HookFormat } from '../hook-channel.ts';
import { alertsUrl, headline, linesOf, testText, toneOf, tones } from '../words.ts';

/** Slack's incoming webhooks (docs.slack.dev, Block Kit). Names stand in plain_text, where nothing means anything. */
export const slackHook: HookFormat = {
  kind: 'slack',
  toldMax: 20,
  body(message, place) {
    const head = `${tones[toneOf(message)].sign} ${headline(message)}`;
    return {
      // Shown in notifications; the only part that is read as markup.
      text: clipped(escaped(`${head} (${place.room})`), 3_000),
      blocks: [
        { type: 'header', text: plain(head, 150) },
        ...sections(message, place),
        { type: 'context', elements: [plain(place.room, 200)] },
        {
          type: 'actions',
          elements: [{ type: 'button', text: plain('Open rackwatt', 75), url: alertsUrl(place) }],
        },
      ],
    };
  },
};

function sections(message: Message, place: Place): object[] {
  if (message.about === 'test') return [{ type: 'section', text: plain(testText, 3_000) }];
  const blocks = message.told.map((told) => ({
    type: 'section',
    text: plain(linesOf(told, place, message.about === 'digest').join('\n'), 1_000),
  }));
  const left = message.left > 0 ? [{ type: 'section', text: plain(`… and ${message.left} more`, 100) }] : [];
  return [...blocks, ...left];
}

function plain(text: string, lengthMax: number): object {
  return { type: 'plain_text', text: clipped(text, lengthMax), emoji: false };
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
