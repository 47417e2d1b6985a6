import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { family as cyberpower } from '../../src/devices/families/cyberpower.ts';
import { family as gude } from '../../src/devices/families/gude.ts';
import { family as mpower } from '../../src/devices/families/mpower.ts';
import { family as netio } from '../../src/devices/families/netio.ts';
import { Intake } from '../../src/devices/intake.ts';
import type { RawMessage } from '../../src/model/reading.ts';
import { KeepingSink, message, startMs } from './made-message.ts';

const families = [cyberpower, gude, mpower, netio];

function take(messages: readonly RawMessage[]): { sink: KeepingSink; intake: Intake } {
  const intake = new Intake(families);
  const sink = new KeepingSink();
  for (const raw of messages) intake.accept(raw, sink);
  return { sink, intake };
}

describe('availability', () => {
  test('is told by the will of each', () => {
    const { sink } = take([
      message('pdu/a/bridge/status', 'offline', { retained: true }),
      message('netio/b/status', 'online'),
      message('homie/c/$online', 'false', { retained: true }),
      message('homie/c/port1/power', '5', { retained: true }),
      message('homie/c/$state', 'ready'),
      message('homie/thermostat/$state', 'ready'),
    ]);
    expect(sink.heard.map(({ device, online }) => `${device} ${online}`)).toEqual([
      'a false',
      'b true',
      'c false',
      'c true',
    ]);
  });
});

describe('GUDE', () => {
  test('prefixes their owners chose are learnt, up to a bound', () => {
    const telemetry = { type: 'telemetry', line_in: [{ act_pow: 5 }] };
    const messages = Array.from({ length: 700 }, (_, index) =>
      message(`hall/${index}/device/telemetry`, telemetry),
    );
    const { sink } = take(messages);
    expect(sink.filters[0]).toBe('hall/0/switch/+');
    expect(sink.filters.length).toBe(500);
    expect(sink.readings.length).toBe(700);
  });

  test('names of ports are told when they change, not with every message', () => {
    const named = (name: string) => ({ type: 'telemetry', portstates: [{ port: 'A1', name, state: 1 }] });
    const { sink } = take(
      ['a', 'a', 'b', 'b'].map((name) => message('de/gudesystems/epc/x/device/telemetry', named(name))),
    );
    expect(sink.described.map(({ outletNames }) => outletNames)).toEqual([{ A1: 'a' }, { A1: 'b' }]);
  });
});

describe('CyberPower', () => {
  test('a bank is never counted beside its outlets, in whatever order the retained ones come', () => {
    const flood = ['bank/1/power', 'bank/2/power', 'outlet/1/power', 'outlet/2/power', 'total/power'].map(
      (tail, index) => ({ tail, watts: 100 + index }),
    );
    const shuffled = fc.shuffledSubarray(flood, { minLength: flood.length });
    fc.assert(
      fc.property(shuffled, shuffled, (retained, live) => {
        const { sink } = take([
          ...retained.map(({ tail, watts }) => message(`pdu/p/${tail}`, `${watts}`, { retained: true })),
          ...[1_000, 2_000, 3_000].flatMap((afterMs) =>
            live.map(({ tail, watts }) =>
              message(`pdu/p/${tail}`, `${watts}`, { receivedAtMs: startMs + afterMs }),
            ),
          ),
        ]);
        expect(new Set(sink.readings.map(({ outlet }) => outlet))).toEqual(
          new Set(['p/1', 'p/2', 'p/total']),
        );
      }),
    );
  });
});

describe('NETIO', () => {
  test('a counter that was set back is not read beside the lasting one', () => {
    const { sink } = take(
      ['ENERGY_NR', 'energy', 'ENERGY_NR', 'reverseEnergy'].map((tail, index) =>
        message(`netio/n/output/1/${tail}`, `${100 + index}`, { receivedAtMs: startMs + index * 10 }),
      ),
    );
    expect(sink.readings.map((reading) => reading.wattHoursTotal)).toEqual([100, 102, undefined]);
    expect(sink.readings[2]?.wattHoursReturnedTotal).toBe(103);
  });

  test('a state that is an object is no state, whatever it holds', () => {
    const { sink, intake } = take(
      [{ toString: 1 }, [{ toString: 1, valueOf: 1 }], { on: true }, null, 'ON'].map((state, index) =>
        message('netio/n/output/1', { state, load: 5 + index }, { receivedAtMs: startMs + index * 1_000 }),
      ),
    );
    expect(intake.totals().rejected).toEqual([]);
    expect(sink.readings.map(({ on, watts }) => [on, watts])).toEqual([
      [undefined, 5],
      [undefined, 6],
      [undefined, 7],
      [undefined, 8],
      [true, 9],
    ]);
  });
});
