import { describe, expect, test } from 'vitest';
import { family as shelly } from '../../src/devices/families/shelly-gen2.ts';
import { family as tasmota } from '../../src/devices/families/tasmota.ts';
import type { Family, FamilySession, TopicReader } from '../../src/devices/family.ts';
import { Intake } from '../../src/devices/intake.ts';
import { emptyReading } from '../../src/model/reading.ts';
import { KeepingSink, message, startMs } from './made-message.ts';

const sensor = (watts: number) => ({ ENERGY: { Power: watts } });

/** A family that reads what the test says, and keeps which topics it was asked about. */
function madeFamily(
  name: string,
  rank: number,
  claim: FamilySession['claim'],
  cleared?: FamilySession['cleared'],
): Family & { asked: string[] } {
  const asked: string[] = [];
  return {
    name,
    rank,
    asked,
    topics: [`${name}/+`],
    expectedIntervalMs: 1_000,
    open: () => ({
      claim(topic) {
        asked.push(topic);
        return claim(topic);
      },
      ...(cleared && { cleared }),
    }),
  };
}

/** Reads `device/outlet/watts`. */
const plain: TopicReader = (raw, report) => {
  const [device = '', outlet = '', watts] = Buffer.from(raw.payload).toString().split('/');
  const reading = emptyReading(device, `${device}/${outlet}`, raw);
  reading.watts = Number(watts);
  report.reading(reading);
};

describe('finding the reader of a topic', () => {
  test.each(['', 'tele/a\0b/SENSOR', 'tele/+/SENSOR', '+/tele/x/SENSOR', 'tele/#'])(
    'asks nobody about %j, which no broker lets through: filters and requests are made from topics',
    (topic) => {
      const anyone = madeFamily('anyone', 1, () => plain);
      const intake = new Intake([anyone]);
      const sink = new KeepingSink();
      expect(intake.accept(message(topic, 'a/0/5'), sink)).toBe('unknown-topic');
      expect(anyone.asked).toEqual([]);
      expect(sink.drops).toEqual([{ device: undefined, reason: 'unknown-topic' }]);
    },
  );

  test('costs the families one question each, smaller rank first, then none', () => {
    const second = madeFamily('second', 2, () => plain);
    const first = madeFamily('first', 1, (topic) => (topic === 'mine' ? plain : undefined));
    const intake = new Intake([second, first]);
    const sink = new KeepingSink();
    for (let count = 0; count < 3; count++) {
      intake.accept(message('mine', 'a/0/5', { receivedAtMs: startMs + count }), sink);
      intake.accept(message('yours', 'b/0/5', { receivedAtMs: startMs + count }), sink);
    }
    expect(first.asked).toEqual(['mine', 'yours']);
    expect(second.asked).toEqual(['yours']);
    expect(sink.readings.map(({ device }) => device)).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
    expect(intake.filters).toEqual(['first/+', 'second/+']);
  });

  test('is done anew when a family has learnt better', () => {
    let learnt = false;
    const family = madeFamily('learner', 1, (topic) => {
      if (topic === 'teach')
        return (_, report) => {
          learnt = true;
          report.reconsider('lesson');
          report.subscribe('lesson/+');
        };
      return learnt ? plain : undefined;
    });
    const intake = new Intake([family]);
    const sink = new KeepingSink();
    expect(intake.accept(message('lesson', 'a/0/5'), sink)).toBe('unknown-topic');
    expect(intake.accept(message('teach', 'x'), sink)).toBe('no-reading');
    expect(intake.accept(message('lesson', 'a/0/5'), sink)).toBe(undefined);
    expect(sink.filters).toEqual(['lesson/+']);
  });

  test('is asked again for all topics nobody could read, each once, when a family has learnt what may open them', () => {
    let learnt = false;
    const family = madeFamily('learner', 1, (topic) => {
      if (topic === 'teach')
        return (_, report) => {
          learnt = true;
          report.reconsiderUnread();
        };
      return learnt && topic.startsWith('known/') ? plain : undefined;
    });
    const intake = new Intake([family]);
    const sink = new KeepingSink();
    for (const topic of ['known/a', 'known/b', 'other']) intake.accept(message(topic, `${topic}/5`), sink);
    intake.accept(message('teach', 'x'), sink);
    for (const topic of ['known/a', 'known/b', 'other', 'other'])
      intake.accept(message(topic, `${topic}/5`), sink);
    expect(sink.readings.length).toBe(2);
    expect(family.asked).toEqual(['known/a', 'known/b', 'other', 'teach', 'known/a', 'known/b', 'other']);
    expect(intake.unknownTopics()).toEqual(['known/a', 'known/b', 'other']);
  });

  test('is remembered of a bounded number of topics', () => {
    const intake = new Intake([tasmota], { topicsMax: 100 });
    const sink = new KeepingSink();
    for (let index = 0; index < 1_000; index++) intake.accept(message(`what/${index}`, 'x'), sink);
    const { topics, topicsForgotten } = intake.totals();
    expect(topics).toBeLessThanOrEqual(100);
    expect(topics + topicsForgotten).toBe(1_000);
  });
});

describe('topics nobody reads', () => {
  test('are counted under ? and the newest are kept to be shown', () => {
    const intake = new Intake([tasmota, shelly], { unknownTopicsMax: 3 });
    const sink = new KeepingSink();
    for (const topic of ['a/b', 'c/d', 'a/b', 'e/f', 'g/h']) intake.accept(message(topic, 'x'), sink);
    expect(intake.unknownTopics()).toEqual(['c/d', 'e/f', 'g/h']);
    expect(intake.devices()).toEqual([
      {
        device: '?',
        family: '?',
        outlets: [],
        lastAtMs: startMs,
        messages: 5,
        rejects: { 'unknown-topic': 5 },
      },
    ]);
    expect(intake.totals().rejected).toEqual([{ family: '?', reason: 'unknown-topic', count: 5 }]);
    expect(sink.drops.length).toBe(5);
  });

  test('that are too long are neither remembered nor kept', () => {
    const intake = new Intake([tasmota], { topicLengthMax: 50 });
    const topic = `tele/${'x'.repeat(60)}/SENSOR`;
    expect(intake.accept(message(topic, sensor(5)), new KeepingSink())).toBe('name-too-long');
    expect([intake.totals().topics, intake.unknownTopics()]).toEqual([0, []]);
  });
});

describe('a message of a family that may send big ones', () => {
  test('is read up to the limit of that family', () => {
    const big = {
      ...madeFamily('big', 1, (topic) => (topic === 'big' ? plain : undefined)),
      payloadBytesMax: 20,
    };
    const small = madeFamily('small', 2, () => plain);
    const intake = new Intake([big, small], { payloadBytesMax: 10 });
    const sink = new KeepingSink();
    expect(intake.accept(message('big', 'a/0/5           '), sink)).toBe(undefined);
    expect(intake.accept(message('small', 'b/0/5           '), sink)).toBe('too-large');
    expect(intake.accept(message('big', 'a/0/5'.padEnd(21)), sink)).toBe('too-large');
  });
});

describe('a message', () => {
  test('that is empty clears its topic: no reading, and only the family that learnt from it hears of it', () => {
    const cleared: string[] = [];
    const family = madeFamily(
      'f',
      1,
      () => plain,
      (topic) => cleared.push(topic),
    );
    const intake = new Intake([family]);
    expect(intake.accept(message('t', ''), new KeepingSink())).toBe('cleared');
    expect(cleared).toEqual(['t']);
    expect(new Intake([tasmota]).accept(message('tele/a/SENSOR', ''), new KeepingSink())).toBe('cleared');
  });

  test('that is too large is dropped unread', () => {
    const intake = new Intake([tasmota]);
    const fits = `${JSON.stringify(sensor(5))}${' '.repeat(262_144 - 22)}`;
    expect(fits.length).toBe(262_144);
    expect(intake.accept(message('tele/a/SENSOR', fits), new KeepingSink())).toBe(undefined);
    expect(intake.accept(message('tele/a/SENSOR', `${fits} `), new KeepingSink())).toBe('too-large');
    expect(intake.devices()[0]?.rejects).toEqual({ 'too-large': 1 });
  });

  test('whose reader fails is counted, and nothing of it passes', () => {
    const family = madeFamily('f', 1, () => () => {
      throw new Error('a mistake of ours');
    });
    const intake = new Intake([family]);
    expect(intake.accept(message('t', 'x'), new KeepingSink())).toBe('reader-failed');
    expect(intake.totals().rejected).toEqual([{ family: 'f', reason: 'reader-failed', count: 1 }]);
  });

  test('whose reading makes the sink fail is not mistaken for one whose reader fails', () => {
    const intake = new Intake([tasmota]);
    const sink = Object.assign(new KeepingSink(), {
      reading() {
        throw new Error('store closed');
      },
    });
    expect(() => intake.accept(message('tele/a/SENSOR', sensor(5)), sink)).toThrow('store closed');
  });

  test('without anything to store gives no reading', () => {
    const sink = new KeepingSink();
    const family = madeFamily('f', 1, () => (raw, report) => report.reading(emptyReading('d', 'd/0', raw)));
    expect(new Intake([family]).accept(message('t', 'x'), sink)).toBe('no-reading');
    expect(sink.readings).toEqual([]);
  });

  test('is handed on with its family', () => {
    const families: string[] = [];
    const sink = Object.assign(new KeepingSink(), {
      reading: (_: unknown, { name }: Family) => families.push(name),
    });
    const intake = new Intake([tasmota, shelly]);
    intake.accept(message('tele/a/SENSOR', sensor(5)), sink);
    intake.accept(message('b/status/pm1:0', { apower: 5 }), sink);
    expect(families).toEqual(['tasmota', 'shelly-gen2']);
  });
});

describe('the devices heard of', () => {
  test('are listed with what they said of themselves, their outlets, messages and rejects', () => {
    const intake = new Intake([tasmota, shelly]);
    const sink = new KeepingSink();
    const config = {
      t: 'nas',
      ft: '%prefix%/%topic%/',
      tp: ['cmnd', 'stat', 'tele'],
      dn: 'NAS plug',
      md: 'Athom Plug V2',
      sw: '13.4.0',
      fn: ['NAS', null],
      rl: [1],
    };
    intake.accept(message('tasmota/discovery/AABBCCDDEEFF/config', config, { retained: true }), sink);
    intake.accept(message('tele/nas/LWT', 'Online', { retained: true, receivedAtMs: startMs + 1 }), sink);
    expect(intake.devices()).toEqual([
      {
        device: 'nas',
        family: 'tasmota',
        outlets: [],
        name: 'NAS plug',
        model: 'Athom Plug V2',
        firmware: '13.4.0',
        online: true,
        messages: 2,
        rejects: {},
      },
    ]);
    intake.accept(message('tele/nas/SENSOR', sensor(1e6), { receivedAtMs: startMs + 2 }), sink);
    intake.accept(message('tele/nas/SENSOR', sensor(5), { receivedAtMs: startMs + 3 }), sink);
    intake.accept(message('tele/nas/SENSOR', sensor(5), { receivedAtMs: startMs + 9, retained: true }), sink);
    expect(intake.devices()[0]).toMatchObject({
      outlets: ['nas/0'],
      lastAtMs: startMs + 3,
      messages: 5,
      rejects: { 'watts-out-of-range': 1 },
    });
    expect(sink.heard).toEqual([{ device: 'nas', online: true, atMs: startMs + 1 }]);
    expect(sink.described).toEqual([
      {
        device: 'nas',
        name: 'NAS plug',
        model: 'Athom Plug V2',
        firmware: '13.4.0',
        outletNames: { 0: 'NAS' },
      },
    ]);
    expect(sink.drops).toEqual([{ device: 'nas', reason: 'watts-out-of-range' }]);
  });

  test('say how they call themselves in no more than a hundred characters', () => {
    const intake = new Intake([tasmota]);
    const sink = new KeepingSink();
    const long = 'x'.repeat(5_000);
    const config = {
      t: 'a',
      ft: '%prefix%/%topic%/',
      tp: ['c', 'stat', 'tele'],
      dn: long,
      md: long,
      sw: long,
      fn: [long],
    };
    intake.accept(message('tasmota/discovery/AABBCCDDEEFF/config', config), sink);
    const { name, model, firmware, outletNames } = sink.described[0] ?? {};
    expect([name, model, firmware, outletNames?.['0']].map((text) => text?.length)).toEqual([
      100, 100, 100, 100,
    ]);
    expect(intake.devices()[0]?.name?.length).toBe(100);
  });

  test('are bounded, and so are their outlets; who comes too late is counted', () => {
    const intake = new Intake([madeFamily('f', 1, () => plain)], {
      devicesMax: 3,
      outletsPerDeviceMax: 2,
      outletsMax: 4,
    });
    const sink = new KeepingSink();
    let receivedAtMs = startMs;
    const tell = (payload: string) =>
      intake.accept(message('t', payload, { receivedAtMs: receivedAtMs++ }), sink);
    expect(['a/1/5', 'a/2/5', 'a/3/5', 'a/1/6'].map(tell)).toEqual([
      undefined,
      undefined,
      'too-many-outlets',
      undefined,
    ]);
    expect(['b/1/5', 'b/2/5', 'c/1/5', 'd/1/5'].map(tell)).toEqual([
      undefined,
      undefined,
      'too-many-outlets',
      'too-many-devices',
    ]);
    expect(intake.devices().map(({ device, rejects }) => [device, rejects])).toEqual([
      ['a', { 'too-many-outlets': 1 }],
      ['b', {}],
      ['c', { 'too-many-outlets': 1 }],
      ['?', { 'too-many-devices': 1 }],
    ]);
  });

  test('have names of bounded length, and so have their outlets', () => {
    const intake = new Intake([madeFamily('f', 1, () => plain)], { nameLengthMax: 30 });
    const tell = (payload: string) => intake.accept(message('t', payload), new KeepingSink());
    expect(tell(`${'d'.repeat(31)}/1/5`)).toBe('name-too-long');
    expect(tell(`d/${'1'.repeat(11)}/5`)).toBe('name-too-long');
    expect(tell('/1/5')).toBe('name-too-long');
    expect(tell(`${'d'.repeat(30)}/123/5`)).toBe(undefined);
  });
});

describe('a retained message', () => {
  test('gives readings marked as such, however often it is replayed, and leaves the next live one untouched', () => {
    const intake = new Intake([tasmota]);
    const sink = new KeepingSink();
    for (const retained of [true, true, false, true])
      intake.accept(message('tele/a/SENSOR', sensor(5), { retained }), sink);
    expect(sink.readings.map(({ retained, atMs }) => [retained, atMs])).toEqual([
      [true, startMs],
      [true, startMs],
      [false, startMs],
      [true, startMs],
    ]);
    expect(intake.devices()[0]?.rejects).toEqual({});
  });
});

describe('what Tasmota announces', () => {
  const config = (changes: object) => ({
    t: 'strip',
    ft: 'a/b/c/d/e/%topic%/%prefix%/',
    tp: ['cmnd', 'stat', 'tele'],
    rl: [1, 1],
    ...changes,
  });

  test('is listened to where it lies too deep, once, and again only where it moves to', () => {
    const intake = new Intake([tasmota]);
    const sink = new KeepingSink();
    const announce = (changes: object) =>
      intake.accept(message('tasmota/discovery/AABBCCDDEEFF/config', config(changes)), sink);
    announce({});
    announce({});
    expect(sink.filters).toEqual(['a/b/c/d/e/strip/tele/+', 'a/b/c/d/e/strip/stat/+']);
    announce({ t: 'other' });
    expect(sink.filters.slice(2)).toEqual(['a/b/c/d/e/other/tele/+', 'a/b/c/d/e/other/stat/+']);
  });

  test('may not make us listen to everything, nor to more than a bounded number of places', () => {
    const intake = new Intake([tasmota]);
    const sink = new KeepingSink();
    for (const topic of ['+', '#', 'a+b', '\0', 'x'.repeat(300)])
      intake.accept(message('tasmota/discovery/AABBCCDDEEFF/config', config({ t: topic })), sink);
    expect(sink.filters).toEqual([]);
    for (let index = 0; index < 700; index++) {
      const mac = index.toString(16).toUpperCase().padStart(12, '0');
      intake.accept(message(`tasmota/discovery/${mac}/config`, config({ t: `s${index}` })), sink);
    }
    expect(sink.filters.length).toBe(1_000);
    expect(
      intake.totals().rejected.find(({ reason }) => reason === 'too-many-devices')?.count,
    ).toBeGreaterThan(0);
  });
});

test('a Shelly whose prefix begins like one of Gen1 is known by its other topics, then its availability is read', () => {
  const intake = new Intake([shelly]);
  const sink = new KeepingSink();
  const online = message('shellies/cellar/plug/online', 'true');
  expect(intake.accept(online, sink)).toBe('unknown-topic');
  expect(intake.accept(message('shellies/cellar/plug/status/pm1:0', { apower: 5 }), sink)).toBe(undefined);
  expect(intake.accept(online, sink)).toBe('availability');
});

test('no family listens to everything', () => {
  const { filters } = new Intake([tasmota, shelly]);
  expect(filters.length).toBeGreaterThan(20);
  expect(filters.filter((filter) => /^(#|\+\/#|\+(\/\+)*)$/.test(filter))).toEqual([]);
  expect(new Set(filters).size).toBe(filters.length);
});
