import type { Message, Place } from '../channel.ts';
import { clipped, type HookFormat } from '../hook-channel.ts';
import { alertsUrl, headline, linesOf, testText, toneOf, tones } from '../words.ts';

/** Discord's webhooks: one embed; nobody is pinged by what a name holds. */
export const discordHook: HookFormat = {
  kind: 'discord',
  toldMax: 15,
  body(message, place) {
    const tone = tones[toneOf(message)];
    return {
      username: 'rackwatt',
      allowed_mentions: { parse: [] },
      embeds: [
        {
          title: clipped(escaped(headline(message)), 256),
          description: clipped(description(message, place), 4_096),
          color: Number.parseInt(tone.colour, 16),
          url: alertsUrl(place),
          footer: { text: clipped(place.room, 200) },
          timestamp: new Date(message.atMs).toISOString(),
        },
      ],
    };
  },
};

function description(message: Message, place: Place): string {
  if (message.about === 'test') return testText;
  const digest = message.about === 'digest';
  const incidents = message.told.map((told) =>
    clipped(escaped(linesOf(told, place, digest).join('\n')), 500),
  );
  return [...incidents, ...(message.left > 0 ? [`… and ${message.left} more`] : [])].join('\n\n');
}

/** Nothing in a name is to be read as Markdown, a mention or a link. */
function escaped(text: string): string {
  return text.replace(/[\\`*_~|>#[\]()<@:-]/g, '\\$&');
}
