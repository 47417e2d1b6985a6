import { z } from 'zod';
import {
  brokerUrl,
  duration,
  httpUrl,
  machineTimezone,
  port,
  size,
  text,
  timezone,
  topicFilter,
} from './values.ts';

/**
 * Every setting there is, once: its kind, its default, its unit and a sentence. The names of environment
 * variables, the sample file, the messages about mistakes and the types all come from here.
 * Keys are the public contract; parts get their own slice of the result, never the whole.
 */
export interface SettingNote {
  /** What it does, for the admin. The sample file shows it. */
  readonly sentence: string;
  /** What is accepted, for messages. */
  readonly expected: string;
  /** A value that works, as YAML on one line. */
  readonly example: string;
  /** Never shown in a message. */
  readonly secret?: true;
  /** What the default is, where it cannot be written down. */
  readonly defaultText?: string;
  /** Accepted, so that a file can be written once, but without effect until a later version. */
  readonly notUsedYet?: true;
}

export const settingNotes = z.registry<SettingNote>();

function note<T extends z.ZodType>(schema: T, about: SettingNote): T {
  // A note belongs to one place; the schema it is put on may be used in many.
  const own = schema.clone() as T;
  settingNotes.add(own, about);
  return own;
}
const section = (sentence: string) => ({ sentence, expected: 'a mapping of settings', example: '{}' });

const secretText = text(4_096);
const path = text(4_096);
const name = text(100);

const mapping = z.strictObject({
  topic: note(text(1_000), {
    sentence: 'Topic with named parts.',
    expected: 'a topic; + stands for one level, {name} for one with a name',
    example: "'pdu/{device}/outlet/{outlet}/{quantity}'",
  }),
  device: note(text(200).optional(), {
    sentence: 'Name of the device, from parts of the topic and paths in the payload.',
    expected: "text with {part} of the topic or {path} of the payload in it, such as '{device}'",
    example: "'{tags.agent_host}'",
  }),
  outlet: note(text(200).optional(), {
    sentence:
      "The outlet's label, in the same manner; {*} counts the members of a list from 0, {*+1} from 1.",
    expected: "text with {part} of the topic or {path} of the payload in it, such as '{outlet}'",
    example: "'{outputs[*].id}'",
  }),
  format: note(z.enum(['plain', 'json', 'influx']).optional(), {
    sentence: 'What the payload is. Without it: json where there is a path, else plain.',
    expected: 'plain, json or influx',
    example: 'json',
  }),
  figures: note(z.record(z.string(), z.unknown()).optional(), {
    sentence: 'By path in the payload (or by what stands for {quantity} in the topic): the unit.',
    expected: 'a mapping such as { power: W, current: 0.1 A, state: on }',
    example: '{ power: W, current: mA, energy: kWh, state: on }',
  }),
  path: note(text(1_000).optional(), {
    sentence: 'Where in the payload a single figure stands.',
    expected: 'a path such as a.b, a[0].b or a[*].b',
    example: "'outputs[*].load'",
  }),
  quantity: note(text(40).optional(), {
    sentence: 'What that figure is; without it, what its unit says.',
    expected: 'watts, volts, amps, wattHoursTotal, wattHoursReturnedTotal, …, on or online',
    example: 'watts',
  }),
  unit: note(text(20).optional(), {
    sentence: 'Unit of that figure.',
    expected: 'W, kW, mW, V, A, mA, VA, var, Hz, Wh, kWh, pf, %, on or online',
    example: 'W',
  }),
  scale: note(z.number().optional(), {
    sentence: 'Factor before the unit.',
    expected: 'a number other than 0',
    example: '0.1',
  }),
  time: note(text(1_000).optional(), {
    sentence: 'Path of the time it was measured at.',
    expected: 'a path such as ts',
    example: 'timestamp',
  }),
  timeUnit: note(z.enum(['s', 'ms', 'us', 'ns']).optional(), {
    sentence: 'Unit of that time, where it is a number since 1970.',
    expected: 's, ms, us or ns',
    example: 'ms',
  }),
  where: note(z.record(z.string(), z.unknown()).optional(), {
    sentence: 'Only payloads in which these paths have these values.',
    expected: 'a mapping of paths to values',
    example: '{ name: rpdu }',
  }),
});

const mqtt = z.strictObject({
  url: note(brokerUrl.optional(), {
    sentence:
      'Your MQTT broker. mqtts and wss are encrypted. Without it rackwatt is its own broker (see broker).',
    expected: 'an address that begins with mqtt://, mqtts://, ws:// or wss://',
    example: 'mqtt://broker:1883',
  }),
  username: note(text(1_000).optional(), {
    sentence: 'User name at the broker.',
    expected: 'text',
    example: 'rackwatt',
  }),
  password: note(secretText.optional(), {
    sentence: 'Password at the broker. Better kept in a file: RACKWATT_MQTT_PASSWORD_FILE.',
    expected: 'text (in quotes when it looks like a number)',
    example: "'a long password'",
    secret: true,
  }),
  clientId: note(text(200).prefault('rackwatt'), {
    sentence:
      'Name of the session at the broker; it keeps messages for us while we restart. One for each running rackwatt.',
    expected: 'text of 1 to 200 characters',
    example: 'rackwatt',
  }),
  topics: note(z.union([z.literal('auto'), z.array(topicFilter).min(1).max(1_000)]).prefault('auto'), {
    sentence: 'Which topics to listen to. auto: those of every device family there is.',
    expected: 'auto, or a list of MQTT topic filters (+ stands for one level, # for the rest)',
    example: "[ 'tele/#', 'shellies/#' ]",
  }),
  mappings: note(z.array(mapping).max(1_000).prefault([]), {
    sentence:
      'How to read what no device family knows, or knows wrong: topics with named parts, and what stands there (docs/add-a-device.md).',
    expected: 'a list of mappings, each with topic and figures',
    example: "[ { topic: 'pdu/{device}/outlet/{outlet}/{quantity}', figures: { power: W, current: mA } } ]",
  }),
  protocol: note(
    z.union([z.enum(['3.1.1', '5']), z.literal(5).transform(() => '5' as const)]).prefault('3.1.1'),
    {
      sentence: 'MQTT version: 3.1.1 or 5. 5 tells more about refusals, 3.1.1 costs less.',
      expected: '3.1.1 or 5',
      example: '5',
    },
  ),
  ca: note(path.optional(), {
    sentence:
      'File with the certificate of the authority that signed the broker (PEM), where the system does not know it.',
    expected: 'the path of a file that can be read',
    example: '/etc/rackwatt/ca.pem',
  }),
  cert: note(path.optional(), {
    sentence: 'File with our own certificate (PEM), where the broker asks for one. Goes with key.',
    expected: 'the path of a file that can be read',
    example: '/etc/rackwatt/client.pem',
  }),
  key: note(path.optional(), {
    sentence: 'File with the key of that certificate (PEM).',
    expected: 'the path of a file that can be read',
    example: '/etc/rackwatt/client.key',
  }),
});

const broker = z.strictObject({
  host: note(text(255).prefault('127.0.0.1'), {
    sentence: 'Address the built-in broker listens on. 0.0.0.0: all of them, so that devices can reach it.',
    expected: 'a host name or IP address of this machine',
    example: '0.0.0.0',
  }),
  port: note(port.prefault(1883), {
    sentence: 'TCP port of the built-in broker. 0: any free one.',
    expected: 'a TCP port, a whole number from 0 to 65535',
    example: '1884',
  }),
  username: note(text(1_000).optional(), {
    sentence: 'User name that devices must give. Without it everybody may publish.',
    expected: 'text',
    example: 'plugs',
  }),
  password: note(secretText.optional(), {
    sentence: 'Password that devices must give.',
    expected: 'text (in quotes when it looks like a number)',
    example: "'a long password'",
    secret: true,
  }),
});

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
  })
  .transform((limits) => ({ bytesMax: limits.maxBytes }));

const store = z.strictObject({
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

const breaker = z.strictObject({
  name: note(name, { sentence: 'Name.', expected: 'a name of 1 to 100 characters', example: 'A1' }),
  amps: note(z.number().positive().max(10_000).optional(), {
    sentence: 'Rating, A.',
    expected: 'a number of amps above 0',
    example: '16',
  }),
  curve: note(z.enum(['B', 'C', 'D']).optional(), {
    sentence: 'Trip curve.',
    expected: 'B, C or D',
    example: 'C',
  }),
});

const feed = z.strictObject({
  name: note(name, { sentence: 'Name.', expected: 'a name of 1 to 100 characters', example: 'A' }),
  volts: note(z.number().positive().max(1_000).optional(), {
    sentence: 'Nominal voltage, phase to neutral.',
    expected: 'a number of volts from 1 to 1000',
    example: '230',
  }),
  breakers: note(z.array(breaker).max(10_000).prefault([]), {
    sentence: 'Its breakers.',
    expected: 'a list of breakers',
    example: '[ { name: A1, amps: 16, curve: C } ]',
  }),
});

const count = z.int().min(0).max(1_000_000);
const aCount = (of: string): SettingNote => ({
  sentence: of,
  expected: 'a whole number, 0 or more',
  example: '2',
});

const hardware = z.strictObject({
  sockets: note(count.optional(), aCount('Processor sockets.')),
  memoryGb: note(z.number().min(0).max(1_000_000).optional(), {
    sentence: 'Memory, GB.',
    expected: 'a number of GB, 0 or more',
    example: '32',
  }),
  drives: note(count.optional(), aCount('Drives.')),
  redundantSupplies: note(count.optional(), aCount('Power supplies beyond what it needs.')),
});

const input = z.strictObject({
  outlet: note(text(500).regex(/^.+\/[^/]+$/su), {
    sentence: 'The outlet it is plugged into.',
    expected: "<device>/<outlet>, e.g. pdu-a/7; 0 for a plug's only outlet",
    example: 'pdu-a/7',
  }),
  breaker: note(name.optional(), {
    sentence: 'The breaker behind that outlet.',
    expected: 'the name of a breaker under room.feeds',
    example: 'A1',
  }),
});

const server = z.strictObject({
  // A slash is left to outlets that no server claims: their server is called <device>/<outlet>.
  name: note(name.regex(/^[^/*]+$/), {
    sentence: 'Name.',
    expected: 'a name of 1 to 100 characters without / and *',
    example: 'hv-01',
  }),
  rack: note(name.optional(), {
    sentence: 'Where it stands.',
    expected: 'the name of a rack under room.racks',
    example: 'r1',
  }),
  inputs: note(z.array(input).min(1).max(100), {
    sentence: 'Its power supplies.',
    expected: 'a list with one input for each power supply',
    example: '[ { outlet: pdu-a/7 } ]',
  }),
  idleLimitWatts: note(z.number().positive().max(1_000_000).optional(), {
    sentence: 'Idle draw above which it counts as high, W.',
    expected: 'a number of watts above 0',
    example: '350',
  }),
  hardware: note(hardware.optional(), section('What is in it, to judge its idle draw.')),
});

const room = z.strictObject({
  name: note(name.prefault('Server room'), {
    sentence: 'Shown on the page.',
    expected: 'a name of 1 to 100 characters',
    example: 'Server room 1',
  }),
  timezone: note(timezone.prefault(machineTimezone), {
    sentence: 'Time zone of the room; its days begin at midnight there.',
    expected: 'an IANA time zone such as Europe/London',
    example: 'Europe/London',
    defaultText: "the machine's own",
  }),
  tariff: note(z.unknown().optional(), {
    sentence: 'What energy costs.',
    expected: 'a mapping',
    example: '{ currency: EUR }',
    notUsedYet: true,
  }),
  carbon: note(
    z
      .strictObject({
        country: note(
          z
            .string()
            .regex(/^[A-Z]{2}$/)
            .optional(),
          {
            sentence: 'Whose electricity it is, for the emissions.',
            expected: 'a country in two capitals (ISO 3166)',
            example: 'GB',
            notUsedYet: true,
          },
        ),
      })
      .prefault({}),
    section('Emissions.'),
  ),
  feeds: note(z.array(feed).max(1_000).prefault([]), {
    sentence:
      'Supply paths and their breakers, with ratings: name, volts (phase to neutral), breakers: name, amps, curve (B, C or D).',
    expected: 'a list of feeds, each with a name',
    example: '[ { name: A, volts: 230, breakers: [ { name: A1, amps: 16, curve: C } ] } ]',
  }),
  racks: note(
    z
      .array(
        z.strictObject({
          name: note(name, { sentence: 'Name.', expected: 'a name of 1 to 100 characters', example: 'r1' }),
        }),
      )
      .max(10_000)
      .prefault([]),
    {
      sentence: 'Where servers stand.',
      expected: 'a list of racks, each with a name',
      example: '[ { name: r1 }, { name: r2 } ]',
    },
  ),
  servers: note(z.array(server).max(100_000).prefault([]), {
    sentence:
      'Loads and the outlets they are plugged into: name, rack, inputs (outlet, breaker), idleLimitWatts (W), hardware (sockets, memoryGb, drives, redundantSupplies). An outlet that no server claims is shown as a server of its own.',
    expected: 'a list of servers, each with a name and its inputs',
    example: '[ { name: hv-01, inputs: [ { outlet: pdu-a/7 }, { outlet: pdu-b/7 } ] } ]',
  }),
});

const later = (sentence: string): SettingNote => ({
  sentence,
  expected: 'a mapping',
  example: '{}',
  notUsedYet: true,
});
const freeForm = () => z.record(z.string(), z.unknown()).prefault({});

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
  detect: note(freeForm(), later('How starts and idle draw are detected.')),
  alerts: note(freeForm(), later('When to raise an alert.')),
  notify: note(freeForm(), later('Whom to tell.')),
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
