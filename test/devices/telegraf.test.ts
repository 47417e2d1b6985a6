import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { family } from '../../src/devices/families/telegraf.ts';
import { InfluxLines } from '../../src/devices/influx-lines.ts';
import { Intake } from '../../src/devices/intake.ts';
import { KeepingSink, message } from './made-message.ts';

function readAll(payloads: unknown[]): { sink: KeepingSink; intake: Intake } {
  const intake = new Intake([family]);
  const sink = new KeepingSink();
  payloads.forEach((payload, index) => {
    intake.accept(
      message('telegraf/m/x', payload, { receivedAtMs: 1_749_103_200_000 + index * 1_000 }),
      sink,
    );
  });
  return { intake, sink };
}

const shown = (sink: KeepingSink) =>
  sink.readings.map(({ outlet, watts, volts, amps }) => [outlet, watts, volts, amps]);

describe('outlets', () => {
  test('turn what was taken for the only meter into the whole, and make banks superfluous', () => {
    const { sink } = readAll([
      'meter,source=p power_w=50',
      'bank,source=p,index=1 power_w=50',
      'outlet,source=p,index=1 power_w=20',
      'meter,source=p power_w=51',
      'bank,source=p,index=1 power_w=51',
    ]);
    expect(shown(sink).map(([outlet, watts]) => `${outlet} ${watts}`)).toEqual([
      'p/0 50',
      'p/bank:1 50',
      'p/1 20',
      'p/total 51',
    ]);
  });

  test('are called by their number, and named by their name', () => {
    const { sink } = readAll(['o,source=p,outlet=3,outlet_name=left power_w=1']);
    expect(sink.described).toEqual([{ device: 'p', outletNames: { 3: 'left' } }]);
  });
});

describe('units', () => {
  const read = (field: string) => {
    const { sink } = readAll([`m,source=s ${field}`]);
    const [reading] = sink.readings;
    return reading === undefined
      ? sink.drops.map(({ reason }) => reason).join()
      : Object.entries(reading).find(([key, value]) => typeof value === 'number' && !key.endsWith('Ms'));
  };

  test.each([
    ['power_w=5i', 'watts', 5],
    ['ActivePowerKW=0.5', 'watts', 500],
    ['powerW=7', 'watts', 7],
    ['power_mw=1500', 'watts', 1.5],
    ['current_ma=250', 'amps', 0.25],
    ['current_da=4i', 'amps', 0.4],
    ['current_a=4i', 'amps', 4],
    ['voltage=230i', 'volts', 230],
    ['voltage_dv=2301i', 'volts', 230.1],
    ['frequency_hz=50', 'hertz', 50],
    ['energy_kwh=2.5', 'wattHoursTotal', 2500],
    ['watt_hours=2.5', 'wattHoursTotal', 2.5],
    ['kilo_watt_hours=2.5', 'wattHoursTotal', 2500],
    ['kwh_total=2.5', 'wattHoursTotal', 2500],
    ['outletDeciAmps=4i', 'amps', 0.4],
    ['current_hundredths=51i', 'amps', 0.51],
    ['power_tenths=51i', 'watts', undefined],
    ['W_total=51i', 'watts', 51],
    ['energy_export_kwh=2', 'wattHoursReturnedTotal', 2000],
    ['power_factor=0.9', 'powerFactor', 0.9],
    ['apparent_power_va=90', 'voltAmps', 90],
    ['reactive_power_var=-20', 'voltAmpsReactive', -20],
    ['current_power_w=12', 'watts', 12],
    ['output_watts=-3', 'watts', -3],
  ])('%s is understood', (field, quantity, value) => {
    expect(read(field)).toEqual(value === undefined ? 'unit-unknown' : [quantity, value]);
  });

  test.each(['power=88i', 'current=4i', 'power=88', 'energy=120.5', 'apparent_power=9i'])(
    '%s is not guessed, and said to be unknown',
    (field) => {
      expect(read(field)).toBe('unit-unknown');
    },
  );

  test.each([
    'power_max_w=9',
    'energy_today_kwh=1',
    'load_percent=3',
    'battery_voltage=27',
    'a=5',
    'state=1i',
  ])('%s is no live figure of ours', (field) => {
    expect(read(field)).toBe('');
  });
});

describe('whatever comes', () => {
  const piece = fc.constantFrom(
    ...['m', ',', ' ', '=', '\\', '"', '\n', 'power_w', 'voltage=230', 'outlet=1', '1i', 't', '1749103200'],
  );
  const lines = fc.oneof(
    fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
    fc.string({ maxLength: 80 }),
  );
  const metric = fc.record(
    {
      name: fc.oneof(
        fc.constantFrom('upsd', 'ipmi_sensor', 'redfish_power_powersupplies', 'x'),
        fc.jsonValue(),
      ),
      tags: fc.oneof(
        fc.dictionary(
          fc.constantFrom('source', 'agent_host', 'outlet', 'name', 'unit', '__proto__'),
          fc.string(),
        ),
        fc.jsonValue(),
      ),
      fields: fc.oneof(
        fc.dictionary(
          fc.constantFrom('power_w', 'voltage', 'current_a', 'current_b', 'value', 'power', '__proto__'),
          fc.oneof(fc.double(), fc.jsonValue()),
        ),
        fc.jsonValue(),
      ),
      timestamp: fc.oneof(fc.double(), fc.constant(1_749_103_200), fc.string()),
    },
    { requiredKeys: [] },
  );
  const payload = fc.oneof(lines, metric, fc.record({ metrics: fc.array(metric, { maxLength: 5 }) }));

  test('nothing throws, nothing is NaN, and no reading comes from the future', () => {
    fc.assert(
      fc.property(fc.array(payload, { maxLength: 12 }), (payloads) => {
        const { intake, sink } = readAll(payloads);
        expect(intake.totals().rejected.filter(({ reason }) => reason === 'reader-failed')).toEqual([]);
        for (const reading of sink.readings) {
          expect(reading.atMs).toBeLessThanOrEqual(reading.receivedAtMs + 5_000);
          for (const value of Object.values(reading)) expect(value).not.toBeNaN();
        }
      }),
      { numRuns: 300 },
    );
  });

  test('lines of the greatest size are read in bounded time', () => {
    const hostile = [
      'm a=1,'.padEnd(260_000, 'b=1,'),
      'a b\n',
      'm x="',
      '\\',
      '=',
      'm a="\\"',
      'm,a=b c=1i\n',
      '" ,=',
    ];
    const began = process.cpuUsage();
    for (const part of hostile) {
      const text = part.repeat(Math.ceil(260_000 / part.length));
      const reader = new InfluxLines();
      reader.open(text);
      let steps = 0;
      while (reader.nextLine()) {
        while (reader.nextField()) steps += 1;
        reader.stamp();
      }
      expect(steps).toBeLessThan(260_000);
    }
    expect(process.cpuUsage(began).user / 1_000).toBeLessThan(3_000);
  });
});

test.each([
  [
    'lines',
    (watts: number) =>
      Array.from(
        { length: 700 },
        (_, index) => `pdu,source=p${index % 2},index=${index + 1} power_w=${watts}`,
      ).join('\n'),
  ],
  [
    'JSON',
    (watts: number) => ({
      metrics: Array.from({ length: 700 }, (_, index) => ({
        name: 'pdu',
        tags: { source: `p${index % 2}`, index: `${index + 1}` },
        fields: { power_w: watts },
      })),
    }),
  ],
])(
  'of hundreds of new series in one message (%s) 640 are met, the others counted and met in the next',
  (_, of) => {
    const { sink, intake } = readAll([of(1), of(2)]);
    expect(sink.readings.filter(({ watts }) => watts === 1)).toHaveLength(640);
    expect(sink.readings.filter(({ watts }) => watts === 2)).toHaveLength(700);
    expect(intake.totals().rejected).toEqual([{ family: 'telegraf', reason: 'too-many-outlets', count: 60 }]);
  },
);

test('a message of broken parts only is given up after a thousand of them', () => {
  const good = '{"name":"m","tags":{"source":"p"},"fields":{"power_w":5}}';
  for (const payload of [`[${good},${'0,'.repeat(90_000)}${good}]`, 'a=\n'.repeat(80_000)]) {
    const { sink } = readAll([payload]);
    expect(sink.drops.length).toBe(1_000);
    expect(sink.readings.length).toBe(payload.startsWith('[') ? 1 : 0);
  }
});

test('a value of very many digits that is no number is left in one look', () => {
  const intake = new Intake([family]);
  const sink = new KeepingSink();
  // Looked at once for each of its digits, it would hold up everything for minutes.
  const digits = '9'.repeat(250_000);
  const lines = `pdu,source=p,outlet=1 power_w=${digits}x 1768478400000000000`;
  expect(intake.accept(message('telegraf/pdu', lines), sink)).toBeDefined();
  expect(sink.readings).toEqual([]);
});
