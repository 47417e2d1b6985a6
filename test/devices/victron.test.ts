import { expect, test } from 'vitest';
import { family } from '../../src/devices/families/victron.ts';
import { Intake } from '../../src/devices/intake.ts';
import { KeepingSink, message, startMs } from './made-message.ts';

const portal = 'c0619ab1d2e3';

function heard(...topics: string[]): { intake: Intake; sink: KeepingSink } {
  const intake = new Intake([family]);
  const sink = new KeepingSink();
  for (const topic of topics) intake.accept(message(topic, { value: 12 }), sink);
  return { intake, sink };
}

test('a portal is asked to speak, first for everything and then every half minute to go on', () => {
  const { intake, sink } = heard(`N/${portal}/heartbeat`);
  for (let second = 0; second <= 90; second++) intake.tick(startMs + second * 1_000, sink);
  expect(sink.published.map(({ topic }) => topic)).toEqual(Array(4).fill(`R/${portal}/keepalive`));
  const [first, ...others] = sink.published.map(({ payload }) => payload);
  expect(first).toBe('');
  expect(others.map((payload) => JSON.parse(payload as string))).toEqual(
    Array(3).fill({ 'keepalive-options': ['suppress-republish'] }),
  );
});

test('behind a bridge the request goes the way the figures come', () => {
  const { intake, sink } = heard(`victron/N/${portal}/grid/30/Ac/Power`);
  intake.tick(startMs, sink);
  expect(sink.published.map(({ topic }) => topic)).toEqual([`victron/R/${portal}/keepalive`]);
});

test('nothing is asked of what is no portal, and of no more than 64 portals', () => {
  const many = Array.from({ length: 200 }, (_, index) => `N/${String(index).padStart(12, '0')}/heartbeat`);
  const { intake, sink } = heard('N/somebody/else/1/Ac/Power', 'N/x/y', ...many);
  intake.tick(startMs, sink);
  expect(sink.published.length).toBe(64);
});

test('a clock set back does not silence the requests', () => {
  const { intake, sink } = heard(`N/${portal}/heartbeat`);
  for (const atMs of [startMs, startMs - 3_600_000]) intake.tick(atMs, sink);
  expect(sink.published.length).toBe(2);
});

test('a service whose topics are emptied has gone, and is back with its next figure', () => {
  const topic = `N/${portal}/grid/30/Ac/Power`;
  const { intake, sink } = heard(topic, `N/${portal}/grid/30/Ac/L1/Power`);
  for (const payload of ['', '', '{"value":5}']) intake.accept(message(topic, payload), sink);
  expect(sink.heard.map(({ online }) => online)).toEqual([false, true]);
});
