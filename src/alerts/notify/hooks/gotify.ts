import { clipped, type HookFormat } from '../hook-channel.ts';
import { alertsUrl, headline, plainBody, toneOf } from '../words.ts';

/** Gotify (gotify.net/docs): an application's token, plain text. */
export const gotifyHook: HookFormat = {
  kind: 'gotify',
  toldMax: 50,
  address: (url) => new URL('message', url.endsWith('/') ? url : `${url}/`).href,
  body(message, place) {
    return {
      title: clipped(`${headline(message)} (${place.room})`, 250),
      message: clipped(plainBody(message, place), 8_000),
      priority: priorities[toneOf(message)],
      extras: { 'client::notification': { click: { url: alertsUrl(place) } } },
    };
  },
};

const priorities = { critical: 8, warning: 5, info: 3, resolved: 3 } as const;
