import { PassThrough, Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decode } from '../../src/commands/decode.ts';
import { loadFamilies } from '../../src/families.ts';
import { HandClock } from '../base/hand-clock.ts';

const families = await loadFamilies();
const nowMs = Date.UTC(2026, 0, 15, 12);

async function decoded(input: Readable | string): Promise<Record<string, unknown>[]> {
  const output = new PassThrough();
  const written = text(output);
  await decode(
    families,
    typeof input === 'string' ? Readable.from([input]) : input,
    output,
    new HandClock(nowMs),
  );
  output.end();
  const lines = (await written).split('\n');
  expect(lines.pop()).toBe('');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

const line = (rest: object) =>
  JSON.stringify({ topic: 'tele/a/SENSOR', payload: '{"ENERGY":{"Power":42}}', ...rest });

test('a line with a message is answered with its readings, one without time at the time it is read', async () => {
  expect(
    await decoded(`${line({ receivedAtMs: 1749103200000 })}\n${line({ topic: 'tele/b/SENSOR' })}\n`),
  ).toEqual([
    {
      readings: [
        {
          device: 'a',
          outlet: 'a/0',
          watts: 42,
          atMs: 1749103200000,
          receivedAtMs: 1749103200000,
          atBasis: 'received',
        },
      ],
    },
    {
      readings: [
        { device: 'b', outlet: 'b/0', watts: 42, atMs: nowMs, receivedAtMs: nowMs, atBasis: 'received' },
      ],
    },
  ]);
});

test('a retained one is marked, a payload may be base64, and what was dropped besides is said', async () => {
  const payloadBase64 = Buffer.from('{"ENERGY":{"Power":1,"Voltage":"x"}}').toString('base64');
  expect(await decoded(line({ payload: undefined, payloadBase64, retained: true }))).toEqual([
    {
      readings: [expect.objectContaining({ watts: 1, retained: true })],
      rejected: ['not-a-number'],
    },
  ]);
});

test('what mosquitto_sub -F %j prints is read', async () => {
  const printed =
    '{"tst":"2025-06-05T08:00:00.123456Z+0200","topic":"tele/a/SENSOR","qos":0,"retain":1,"payloadlen":23,"payload":"{\\"ENERGY\\":{\\"Power\\":42}}"}';
  expect(await decoded(printed)).toEqual([
    { readings: [expect.objectContaining({ watts: 42, retained: true, receivedAtMs: 1749103200123 })] },
  ]);
});

describe('a line that is no message is answered all the same', () => {
  test.each([
    ['nonsense', 'line is not JSON'],
    ['', 'line is not JSON'],
    ['[]', 'line is not a JSON object'],
    ['null', 'line is not a JSON object'],
    ['"x"', 'line is not a JSON object'],
    ['{}', 'line has no topic'],
    ['{"topic":7,"payload":"x"}', 'line has no topic'],
    ['{"topic":"a"}', 'line has neither payload (text) nor payloadBase64'],
    ['{"topic":"a","payload":{}}', 'line has neither payload (text) nor payloadBase64'],
    ['{"topic":"a","payload":"x","receivedAtMs":"now"}', 'receivedAtMs is not a number'],
    ['{"topic":"a","payload":"x"}', 'unknown-topic'],
    ['{"topic":"tele/a/SENSOR","payload":""}', 'cleared'],
  ])('%s', async (given, ignored) => {
    expect(await decoded(`${given}\n${line({})}\n`)).toEqual([
      { ignored },
      { readings: [expect.objectContaining({ watts: 42 })] },
    ]);
  });

  test('also when it is longer than any message', async () => {
    const parts = ['{"topic":"', 'x'.repeat(800_000), 'y'.repeat(800_000), '"}\n', line({})];
    const answers = await decoded(Readable.from(parts));
    expect(answers[0]).toEqual({ ignored: 'line too long' });
    expect(answers[1]).toHaveProperty('readings');
  });

  test('whatever it holds', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.string(),
            fc.json(),
            fc.anything().map((value) => String(JSON.stringify(value))),
          ),
        ),
        async (lines) => {
          const flat = lines.map((text) => text.replaceAll('\n', ' '));
          const answers = await decoded(`${[...flat, line({})].join('\n')}\n`);
          expect(answers.length).toBe(flat.length + 1);
          expect(answers.at(-1)).toHaveProperty('readings');
        },
      ),
      { numRuns: 60 },
    );
  });
});

test('lines are told apart wherever the input is cut, with either end, the last with none', async () => {
  const payload = '{"ENERGY":{"Power":42}}';
  const given = Buffer.from(
    ['ü/1', '€/2', '😀/3']
      .map((name) => JSON.stringify({ topic: `tele/${name}/SENSOR`, payload }))
      .join('\r\n'),
  );
  const whole = await decoded(Readable.from([given]));
  expect(whole.map(({ readings }) => (readings as { device: string }[])[0]?.device)).toEqual([
    'ü/1',
    '€/2',
    '😀/3',
  ]);
  const bytes = Array.from(given, (byte) => Buffer.from([byte]));
  expect(await decoded(Readable.from(bytes))).toEqual(whole);
});

test('a reader that is slow is waited for', async () => {
  let held = 0;
  let heldMax = 0;
  const slow = new Writable({
    highWaterMark: 1,
    write(_chunk, _encoding, done) {
      held -= 1;
      void setImmediate().then(() => done());
    },
  });
  const write = slow.write.bind(slow);
  slow.write = ((chunk: string) => {
    held += 1;
    heldMax = Math.max(heldMax, held);
    return write(chunk);
  }) as typeof slow.write;
  await decode(families, Readable.from([`${line({})}\n`.repeat(200)]), slow, new HandClock());
  expect(heldMax).toBeLessThanOrEqual(2);
});
