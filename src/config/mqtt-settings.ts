import { z } from 'zod';
import { note, path, secretText } from './setting-note.ts';
import { brokerUrl, port, text, topicFilter } from './values.ts';

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
  format: note(z.enum(['plain', 'json', 'csv', 'influx']).optional(), {
    sentence: 'What the payload is. Without it: json where there is a path, else plain.',
    expected: 'plain, json, csv or influx',
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

/** Where readings come from. */
export const mqtt = z.strictObject({
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

/** The built-in broker. */
export const broker = z.strictObject({
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
