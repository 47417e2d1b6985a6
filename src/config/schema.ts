import { z } from 'zod';
import { access, http } from './access-settings.ts';
import { alerts } from './alert-settings.ts';
import { detect } from './detect-settings.ts';
import { broker, mqtt } from './mqtt-settings.ts';
import { notify } from './notify-settings.ts';
import { room } from './room-settings.ts';
import { note, section } from './setting-note.ts';
import { store } from './store-settings.ts';

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
