import { describe, expect, test } from 'vitest';
import { Intake } from '../../src/devices/intake.ts';
import { jsonDepthMax, jsonFieldsMax, readObject } from '../../src/devices/json.ts';
import { loadFamilies } from '../../src/families.ts';
import { KeepingSink, message } from './made-message.ts';

/** The object, or the reason there is none. */
function read(payload: string | Uint8Array, fieldsMax?: number): unknown {
  let reason: string | undefined;
  const report = {
    rejectMessage(_: unknown, why: string) {
      reason = why;
    },
  } as unknown as Parameters<typeof readObject>[2];
  return readObject(message('t', payload), 'd', report, fieldsMax) ?? reason;
}

describe('depth', () => {
  const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
  const listed = (depth: number) => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;

  test('up to the bound is read', () => {
    expect(read(nested(jsonDepthMax))).toBeTypeOf('object');
    expect(read(listed(jsonDepthMax))).toBeTypeOf('object');
  });

  test('beyond it is not, however deep', () => {
    for (const depth of [jsonDepthMax + 1, 1_000, 40_000]) {
      expect(read(nested(depth))).toBe('too-deep');
      expect(read(listed(depth))).toBe('too-deep');
    }
    expect(read('['.repeat(40_000))).toBe('too-deep');
  });

  test('is not breadth, nor brackets in text', () => {
    expect(read(`{"a":[${'[],'.repeat(5_000)}[]]}`)).toBeTypeOf('object');
    expect(read(JSON.stringify({ a: '[{'.repeat(5_000), b: '\\"[' }))).toBeTypeOf('object');
  });
});

describe('what is not JSON', () => {
  test.each(['', 'x', '{', '{"a":}', "{'a':1}", '{"a":1}x', '{"a":nano}'])('%j', (payload) => {
    expect(read(payload)).toBe('not-json');
  });

  test('or is no object', () => {
    expect(['1', 'null', '"x"', '[]', 'true'].map(read)).toEqual(Array(5).fill('wrong-shape'));
  });

  test('costs only the field where a float is printed bare', () => {
    expect(read('{"a":nan,"b":[1,-inf, NaN ],"c":2}')).toEqual({ a: null, b: [1, null, null], c: 2 });
  });

  test('bytes that are no text are no reason to fail', () => {
    expect(read(new Uint8Array([0xff, 0xfe, 0x00]))).toBe('not-json');
    expect(read(Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from('"}')]))).toEqual({
      a: '\ufffd',
    });
  });
});

test('more fields than any meter has are not parsed, as long as the reader does not expect a list', () => {
  const fields = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`field ${index}`, 1]));
  expect(read(JSON.stringify(fields(jsonFieldsMax)))).toEqual(fields(jsonFieldsMax));
  const many = JSON.stringify(fields(jsonFieldsMax + 1));
  expect(read(many)).toBe('too-large');
  expect(read(many, Number.POSITIVE_INFINITY)).toEqual(fields(jsonFieldsMax + 1));
});

test('plain bytes are read like a buffer, also from the middle of a block', () => {
  const block = new TextEncoder().encode('xx{"a":1}xx');
  expect(read(block.subarray(2, 9))).toEqual({ a: 1 });
});

test('the worst a payload within the bound can hold is worked off at once', async () => {
  const intake = new Intake(await loadFamilies());
  const size = 262_000;
  const worst = [
    '['.repeat(size),
    '{"a":'.repeat(size / 5),
    `{"a":[${'{},'.repeat(size / 4)}{}]}`,
    `{"ENERGY":{"Power":[${'1,'.repeat(size / 3)}1]}}`,
    `{"ENERGY":{${Array.from({ length: size / 12 }, (_, index) => `"k${index}":1`).join()}}}`,
    `{"ENERGY":{"Power":"${'1'.repeat(size - 50)}"}}`,
    `{"a":,${' '.repeat(size - 50)}nan}`,
    `${'{"a":nan,'.repeat(size / 9)}`,
    `{"method":"NotifyStatus","params":{${Array.from({ length: size / 20 }, (_, index) => `"switch:${index}":{}`).join()}}}`,
    JSON.stringify({ StatusSNS: { ENERGY: '\\"'.repeat(size / 6) } }),
  ];
  const topics = [
    'tele/x/SENSOR',
    'stat/x/STATUS8',
    'stat/x/RESULT',
    'tele/x/STATE',
    'x/events/rpc',
    'x/status/em:0',
  ];
  const before = process.cpuUsage();
  for (const topic of topics)
    for (const payload of worst) intake.accept(message(topic, payload), new KeepingSink());
  const { user, system } = process.cpuUsage(before);
  const perMessage = (user + system) / 1000 / (topics.length * worst.length);
  // A few ms each; something quadratic would take minutes.
  expect(perMessage).toBeLessThan(200);
});
