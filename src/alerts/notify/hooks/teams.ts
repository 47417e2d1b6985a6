import type { Message, Place } from '../channel.ts';
import { clipped, type HookFormat } from '../hook-channel.ts';
import { alertsUrl, headline, linesOf, testText, toneOf } from '../words.ts';

/**
 * A workflow of Microsoft Teams that takes Adaptive Cards ("Post to a channel when a webhook request is received").
 * Names stand in text runs, in which no Markdown is read.
 */
export const teamsHook: HookFormat = {
  kind: 'teams',
  // A message may have 28 KB.
  toldMax: 15,
  body(message, place) {
    const card = {
      $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
      type: 'AdaptiveCard',
      version: '1.4',
      msteams: { width: 'Full' },
      body: [
        richText(headline(message), { weight: 'bolder', size: 'medium', color: colours[toneOf(message)] }),
        ...paragraphs(message, place).map((text) => richText(text, {})),
        richText(place.room, { isSubtle: true, size: 'small' }),
      ],
      actions: [{ type: 'Action.OpenUrl', title: 'Open rackwatt', url: alertsUrl(place) }],
    };
    return {
      type: 'message',
      attachments: [
        { contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content: card },
      ],
    };
  },
};

const colours = { critical: 'attention', warning: 'warning', info: 'accent', resolved: 'good' } as const;

function paragraphs(message: Message, place: Place): string[] {
  if (message.about === 'test') return [testText];
  const digest = message.about === 'digest';
  const incidents = message.told.map((told) => linesOf(told, place, digest).join('\n'));
  return message.left > 0 ? [...incidents, `… and ${message.left} more`] : incidents;
}

function richText(text: string, style: object): object {
  return {
    type: 'RichTextBlock',
    inlines: [{ type: 'TextRun', text: clipped(text, 1_000), ...style }],
  };
}
