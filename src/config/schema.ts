import { z } from 'zod';
import { alerts } from './alert-settings.ts';
import { detect } from './detect-settings.ts';
import { broker, mqtt } from './mqtt-settings.ts';
import { notify } from './notify-settings.ts';
import { room } from './room-settings.ts';
import { note, section } from './setting-note.ts';
import { store } from './store-settings.ts';
import { port, text } from './values.ts';

const http = z.strictObject({
  host: note(text(255).prefault('127.0.0.1'), {
    sentence:
      'Address the page and the API listen on. Until access.tokens are checked only this machine itself is allowed: put a proxy with a login before it.',
    expected: 'a host name or IP address of this machine',
    example: '127.0.0.1',
  }),
  port: note(port.prefault(8080), {
    sentence: 'TCP port of the page and the API. 0: any free one.',
    expected: 'a TCP port, a whole number from 0 to 65535',
    example: '8081',
  }),
});

const access = z.strictObject({
  tokens: note(z.array(z.record(z.string(), z.unknown())).max(1_000).prefault([]), {
    sentence: 'Who may see and operate: name, hash and role (view or operate) of each.',
    expected: 'a list of tokens, each with name, hash and role',
    example: '[ { name: wall display, hash: scrypt$…, role: view } ]',
    notUsedYet: true,
  }),
});

/**
 * Every setting there is, once: its kind, its default, its unit and a sentence. The names of environment
 * variables, the sample file, the messages about mistakes and the types all come from here.
 * Keys are the public contract; parts get their own slice of the result, never the whole.
 */
export const settingsSchema = z.strictObject({
  mqtt: note(mqtt.prefault({}), section('Where readings come from.')),
  broker: note(broker.prefault({}), section('The built-in broker; runs when mqtt.url is not set.')),
  store: note(store.prefault({}), section('Where history is kept.')),
  http: note(http.prefault({}), section('The live page, the API and the live stream.')),
  access: note(
    access.prefault({}),
    section('Who may look; required as soon as http.host is not this machine itself.'),
  ),
  room: note(
    room.prefault({}),
    section(
      'What is plugged in where. Everything works without it, outlet by outlet; config/room-example.yaml shows a room.',
    ),
  ),
  detect: note(detect.prefault({}), section('When idle draw counts as high (GET /api/v1/idle).')),
  alerts: note(alerts.prefault({}), section('When to raise an alert (docs/alerts.md).')),
  notify: note(notify.prefault({}), section('Whom to tell of alerts, and how (docs/notifications.md).')),
  demo: note(
    z
      .strictObject({
        run: note(z.enum(['auto', 'always', 'never']).prefault('auto'), {
          sentence:
            'The simulated room. auto: runs as long as neither mqtt.url nor anything under broker or room is set.',
          expected: 'auto, always or never',
          example: 'never',
        }),
        seed: note(z.int().min(0).max(4_294_967_295).prefault(1), {
          sentence: 'Same seed, same room, same behaviour.',
          expected: 'a whole number from 0 to 4294967295',
          example: '7',
        }),
      })
      .prefault({}),
    section('Trying it out without any device.'),
  ),
  log: note(
    z
      .strictObject({
        level: note(z.enum(['silent', 'error', 'warn', 'info', 'debug']).prefault('info'), {
          sentence: 'How much is logged, on the standard error output.',
          expected: 'silent, error, warn, info or debug',
          example: 'warn',
        }),
      })
      .prefault({}),
    section('Log.'),
  ),
});

/** All settings, defaults filled in. Lengths of time are ms (Infinity: for ever), sizes are bytes. */
export type Settings = z.output<typeof settingsSchema>;
