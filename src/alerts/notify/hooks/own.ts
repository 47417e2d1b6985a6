import { createHash, createHmac } from 'node:crypto';
import type { Place, Told } from '../channel.ts';
import type { HookFormat } from '../hook-channel.ts';
import { headline, newsOf, testText, titleOf } from '../words.ts';

/** Our own JSON. Grows without a new version by members only; docs/notifications.md describes it. */
export const ownHook: HookFormat = {
  kind: 'webhook',
  toldMax: 200,
  mayAnswerHtml: true,
  headers({ secret }, body) {
    return {
      // The same for a message that is sent again, since the answer to the first was lost.
      'Idempotency-Key': createHash('sha256').update(body).digest('hex').slice(0, 32),
      ...(secret !== undefined && {
        'X-Rackwatt-Signature': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
      }),
    };
  },
  body(message, place) {
    return {
      version: 1,
      kind: message.about,
      room: place.room,
      pageUrl: place.pageUrl,
      headline: headline(message),
      ...(message.about === 'test' && { text: testText }),
      ...(message.because && { because: message.because }),
      counts: message.counts,
      left: message.left,
      notices: message.told.map((told) => noticeOf(told, place)),
    };
  },
};

function noticeOf(told: Told, place: Place): object {
  const { kind, atMs, alert } = told.notice;
  return {
    kind,
    atMs,
    passed: told.passed,
    title: titleOf(alert),
    news: newsOf(told, place),
    alert,
  };
}
