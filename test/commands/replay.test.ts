import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { connectAsync } from 'mqtt';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { type ReplayOptions, replay } from '../../src/commands/replay.ts';
import { Intake } from '../../src/devices/intake.ts';
import { loadFamilies } from '../../src/families.ts';
import type { RawMessage, Reading } from '../../src/model/reading.ts';
import { HandClock } from '../base/hand-clock.ts';
import { until } from '../base/until.ts';
import { type Mosquitto, startMosquitto } from '../servers/mosquitto.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function broker(): Promise<Mosquitto> {
  const mosquitto = await startMosquitto();
  cleanUps.push(() => mosquitto.stop());
  return mosquitto;
}

function file(content: string | Buffer): string {
  const folder = mkdtempSync(join(tmpdir(), 'replay-'));
  cleanUps.push(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'trace');
  writeFileSync(path, content);
  return path;
}

/** All that arrives at the broker. */
async function listenTo(url: string): Promise<RawMessage[]> {
  const client = await connectAsync(url);
  cleanUps.push(() => client.endAsync(true));
  const messages: RawMessage[] = [];
  client.on('message', (topic, payload, { retain, qos }) => {
    const sequence = messages.length + 1;
    messages.push({ topic, payload, receivedAtMs: Date.now(), retained: retain, qos, sequence });
  });
  await client.subscribeAsync('#', { qos: 1 });
  return messages;
}

function output(isTTY = false) {
  const written: string[] = [];
  return { isTTY, written, write: (text: string) => written.push(text), text: () => written.join('') };
}

const defaults: Omit<ReplayOptions, 'url' | 'files'> = { as: 'tasmota', topic: 'desktop', speed: 0, qos: 1 };

/** A made day: every two seconds, off, on, busy. */
const dayRows = Array.from({ length: 43_200 }, (_, i) => ({
  atMs: Date.UTC(2026, 0, 15) + i * 2_000,
  watts: (i * 37) % 400,
}));
const dayCsv = `time,watts\n${dayRows.map(({ atMs, watts }) => `${new Date(atMs).toISOString()},${watts}`).join('\n')}\n`;

describe('replay', () => {
  it('publishes every row of a day, in order, and counts what was acknowledged', async () => {
    const { url } = await broker();
    const messages = await listenTo(url);
    const stderr = output();
    const done = await replay(
      { ...defaults, url, files: [file(gzipSync(dayCsv))] },
      { stderr, clock: systemClock },
    );
    expect(done).toBe(true);
    expect(stderr.text()).toMatch(/published 43,200 of 43,200 rows; all acknowledged\n$/);
    await until(
      () => messages.length === 43_200,
      () => `all, not ${messages.length}`,
      10_000,
    );
    const powers = messages.map(({ payload }) => JSON.parse(Buffer.from(payload).toString()).ENERGY.Power);
    expect(powers).toEqual(dayRows.map(({ watts }) => watts));
    expect(new Set(messages.map(({ topic, qos }) => `${topic} ${qos}`))).toEqual(
      new Set(['tele/desktop/SENSOR 1']),
    );
  });

  it.each(['tasmota', 'shelly'] as const)(
    'is read by the %s family, each row a reading of its own instant',
    async (as) => {
      const { url } = await broker();
      const messages = await listenTo(url);
      const csv =
        'timestamp,voltage,current,power\n2025-08-17 00:00:00,229.7,435,100\n2025-08-17 00:00:00,229.5,500,114\n2025-08-17 00:00:01,229,0,0\n';
      await replay(
        { ...defaults, as, topic: 'rack/plug 1', url, files: [file(csv)] },
        { stderr: output(), clock: systemClock },
      );
      await until(() => messages.length === 3, 'three messages');
      const readings: Reading[] = [];
      const intake = new Intake(await loadFamilies());
      const sink = {
        reading: (reading: Reading) => readings.push(reading),
        availability() {},
        describe() {},
        subscribe() {},
      };
      for (const message of messages) expect(intake.accept(message, sink)).toBeUndefined();
      expect(readings.map(({ outlet, watts, volts, amps }) => [outlet, watts, volts, amps])).toEqual([
        ['rack/plug 1/0', 100, 229.7, 0.435],
        ['rack/plug 1/0', 114, 229.5, 0.5],
        ['rack/plug 1/0', 0, 229, 0],
      ]);
      expect(new Set(readings.map(({ atMs }) => atMs)).size).toBe(3);
    },
  );

  it('sends only the quantities the trace has, with the firmware’s own kind of time', async () => {
    const { url } = await broker();
    const messages = await listenTo(url);
    await replay(
      { ...defaults, url, files: [file('28/12/2011 00:00:01;11;12\n')] },
      { stderr: output(), clock: systemClock },
    );
    await until(() => messages.length === 1, 'the message');
    expect(Buffer.from(messages[0]?.payload ?? []).toString()).toBe(
      '{"Time":"2011-12-28T00:00:01","ENERGY":{"Power":11}}',
    );
  });

  it('keeps the spacing of the trace, divided by the speed', async () => {
    const { url } = await broker();
    const messages = await listenTo(url);
    const clock = new HandClock();
    const csv = 'time,watts\n100,1\n160,2\n160,3\n130,4\n280,5\n';
    const stderr = output();
    const done = replay({ ...defaults, url, files: [file(csv)], speed: 60 }, { stderr, clock });
    await until(() => messages.length === 1, 'the first at once');
    clock.advance(900);
    clock.advance(100);
    await until(() => messages.length === 4, 'the second after a second, and what has no later time with it');
    clock.advance(1_999);
    expect(messages).toHaveLength(4);
    clock.advance(1);
    await until(() => messages.length === 5, 'the last two seconds later');
    expect(await done).toBe(true);
  });

  it('shows how far it is: in place on a terminal, a line now and then in a log', async () => {
    const { url } = await broker();
    for (const isTTY of [true, false]) {
      const messages = await listenTo(url);
      const clock = new HandClock();
      const stderr = output(isTTY);
      const done = replay(
        { ...defaults, url, files: [file('time,watts\n0,1\n7200,2\n')], speed: 60 },
        { stderr, clock },
      );
      await until(() => messages.length === 1, 'the first');
      clock.advance(30_000);
      expect(stderr.text()).toContain('1 of 2 rows, 50.0 %, 1 min 30 s left');
      expect(stderr.text().includes('\r\x1b[2K')).toBe(isTTY);
      clock.advance(90_000);
      await done;
      expect(stderr.written.at(-1)).toBe('published 2 of 2 rows; all acknowledged\n');
    }
  });

  it('says which lines were no rows', async () => {
    const { url } = await broker();
    const stderr = output();
    const path = file('time,watts\n1,1\nx,2\n3,3\n');
    await replay({ ...defaults, url, files: [path] }, { stderr, clock: systemClock });
    expect(stderr.text()).toContain(
      `${path}: 1 of 3 lines are no rows and left out, the first is line 3: x,2`,
    );
    expect(stderr.text()).toContain('published 2 of 2 rows');
  });

  it('goes on after the broker was away, without losing a row', async () => {
    const mosquitto = await broker();
    const stderr = output();
    const part = file(dayCsv.split('\n', 15_001).join('\n'));
    const running = replay(
      { ...defaults, url: mosquitto.url, files: [part] },
      { stderr, clock: systemClock },
    );
    const before = await listenTo(mosquitto.url);
    await until(() => before.length > 500, 'under way');
    await mosquitto.restart();
    expect(await running).toBe(true);
    expect(stderr.text()).toContain('published 15,000 of 15,000 rows; all acknowledged');
  });

  it('can be stopped, and says what it has done', async () => {
    const { url } = await broker();
    const messages = await listenTo(url);
    const stopping = new AbortController();
    const stderr = output();
    const running = replay(
      { ...defaults, url, files: [file('time,watts\n0,1\n7200,2\n')], speed: 1 },
      { stderr, clock: new HandClock(), signal: stopping.signal },
    );
    await until(() => messages.length === 1, 'the first');
    stopping.abort();
    expect(await running).toBe(false);
    expect(stderr.text()).toContain('published 1 of 2 rows');
  });

  it('fails in words when there is no broker, no trace or no name', async () => {
    const mosquitto = await broker();
    await mosquitto.kill();
    const io = { stderr: output(), clock: systemClock };
    const files = [file('time,watts\n1,1\n')];
    await expect(replay({ ...defaults, url: mosquitto.url, files }, io)).rejects.toThrow(
      /nothing answers there/,
    );
    await expect(replay({ ...defaults, url: mosquitto.url, files: ['/nowhere'] }, io)).rejects.toThrow(
      /no such file/,
    );
    for (const topic of ['', 'a/+', '#', '$SYS', 'a\nb']) {
      await expect(replay({ ...defaults, url: mosquitto.url, files, topic }, io)).rejects.toThrow(
        /cannot be a device's name/,
      );
    }
  });
});
