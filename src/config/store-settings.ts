import { z } from 'zod';
import { note, path, secretText, section } from './setting-note.ts';
import { duration, httpUrl, size, text } from './values.ts';

const influx = z.strictObject({
  url: note(httpUrl.prefault('http://127.0.0.1:8086'), {
    sentence: 'Address of InfluxDB (1.x, or a later one that answers the 1.x API).',
    expected: 'an address that begins with http:// or https://',
    example: 'http://influxdb:8086',
  }),
  database: note(
    z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,99}$/)
      .prefault('rackwatt'),
    {
      sentence: 'Database; made at the start when it is missing and we may.',
      expected: 'letters, digits, _ . and -, beginning with a letter or _',
      example: 'rackwatt',
    },
  ),
  username: note(text(1_000).optional(), {
    sentence: 'User name at InfluxDB.',
    expected: 'text',
    example: 'rackwatt',
  }),
  password: note(secretText.optional(), {
    sentence: 'Password at InfluxDB. Better kept in a file: RACKWATT_STORE_INFLUX_PASSWORD_FILE.',
    expected: 'text (in quotes when it looks like a number)',
    example: "'a long password'",
    secret: true,
  }),
});

const anHourMs = 3_600_000;

const retention = z
  .strictObject({
    raw: note(duration(anHourMs).prefault('30d'), {
      sentence: 'How long every single reading is kept: 30d, 12h, 90m; 0 or forever: for ever.',
      expected: 'a length of time of at least 1h, such as 90m, 12h or 30d; 0 or forever',
      example: '90d',
    }),
    minute: note(duration(anHourMs).prefault('400d'), {
      sentence:
        'How long the 1-minute roll-ups are kept. The 15-minute roll-ups and events are kept for ever.',
      expected: 'a length of time of at least 1h, such as 12h or 400d; 0 or forever',
      example: '800d',
    }),
  })
  // Whoever uses it sees the unit; Infinity is for ever.
  .transform((kept) => ({ rawMs: kept.raw, minuteMs: kept.minute }));

const backlog = z
  .strictObject({
    maxBytes: note(size(1_048_576).prefault('1GiB'), {
      sentence:
        'Room on the disk for readings that wait while the store is away. When it is full the oldest fall off, which /readyz, /metrics and the log say loudly.',
      expected: 'an amount of at least 1MiB, such as 500MB or 1GiB',
      example: '4GiB',
    }),
    maxAge: note(duration(anHourMs).prefault('30d'), {
      sentence:
        'How long readings wait there at most; what is older falls off, as loudly. 0 or forever: as long as there is room.',
      expected: 'a length of time of at least 1h, such as 12h or 7d; 0 or forever',
      example: '7d',
    }),
  })
  .transform((limits) => ({ bytesMax: limits.maxBytes, ageMsMax: limits.maxAge }));

/** Where history is kept. */
export const store = z.strictObject({
  kind: note(z.enum(['embedded', 'influx']).prefault('embedded'), {
    sentence: 'Where history is kept: embedded (files under path, nothing to install) or influx (InfluxDB).',
    expected: 'embedded or influx',
    example: 'influx',
  }),
  path: note(path.prefault('./data'), {
    sentence:
      'Folder for history, backlog and checkpoints; made when it is missing. From the folder rackwatt is started in.',
    expected: 'the path of a folder',
    example: '/var/lib/rackwatt',
  }),
  influx: note(influx.prefault({}), section('Only used when kind is influx.')),
  retention: note(retention.prefault({}), section('How long history is kept.')),
  backlog: note(backlog.prefault({}), section('What waits for the store.')),
});
