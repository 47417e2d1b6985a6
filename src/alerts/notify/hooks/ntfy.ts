import { clipped, type HookFormat } from '../hook-channel.ts';
import { alertsUrl, headline, plainBody, toneOf } from '../words.ts';

/** ntfy (docs.ntfy.sh, "Publish as JSON"): posted to the root, so that names stand in JSON and in no header. */
export const ntfyHook: HookFormat = {
  kind: 'ntfy',
  toldMax: 15,
  body(message, place, { topic }) {
    const tone = toneOf(message);
    return {
      topic,
      title: clipped(`${headline(message)} (${place.room})`, 250),
      message: clipped(plainBody(message, place), bytesMaxAsCharacters),
      priority: priorities[tone],
      tags: [tags[tone]],
      click: alertsUrl(place),
    };
  },
};

/** ntfy makes an attachment of what has more than 4,096 bytes; a character may have four. */
const bytesMaxAsCharacters = 1_000;

const priorities = { critical: 5, warning: 4, info: 3, resolved: 3 } as const;
const tags = {
  critical: 'rotating_light',
  warning: 'warning',
  info: 'information_source',
  resolved: 'white_check_mark',
} as const;
