import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { family } from '../../src/devices/families/sparkplug-b.ts';
import { Intake } from '../../src/devices/intake.ts';
import { SparkplugPayload } from '../../src/devices/sparkplug-payload.ts';
import { KeepingSink, message, startMs } from './made-message.ts';
import { type MadeMetric, sparkplug } from './made-sparkplug.ts';

const floatType = 9;
const templateType = 19;

function room(): { send(type: string, metrics: MadeMetric[]): unknown[] } {
  const intake = new Intake([family]);
  let seq = 0;
  return {
    send(type, metrics) {
      const sink = new KeepingSink();
      const payload = sparkplug({ timestamp: startMs, seq: seq++, metrics });
      intake.accept(message(`spBv1.0/g/${type}/e/d`, payload), sink);
      return sink.readings.map(({ outlet, watts, volts, atMs }) => ({ outlet, watts, volts, atMs }));
    },
  };
}

const member = (name: string, float: number, unit?: string): MadeMetric => ({
  name,
  type: floatType,
  float,
  ...(unit !== undefined && { properties: { engUnit: unit } }),
});
const outlet = (name: string, watts: number, alias?: number): MadeMetric => ({
  name,
  ...(alias !== undefined && { alias }),
  type: templateType,
  template: { metrics: [member('Power', watts, 'W'), member('Voltage', 230, 'V')] },
});

describe('a template', () => {
  test('has members that are metrics below its name', () => {
    const { send } = room();
    const metrics = [outlet('Outlet 1', 20), outlet('Outlet 2', 30), member('Total Power', 50, 'W')];
    expect(send('DBIRTH', metrics)).toEqual([
      { outlet: 'g/e/d/1', watts: 20, volts: 230, atMs: startMs },
      { outlet: 'g/e/d/2', watts: 30, volts: 230, atMs: startMs },
      { outlet: 'g/e/d/total', watts: 50, volts: undefined, atMs: startMs },
    ]);
  });

  test('sends but the members that have changed, under its name or its alias, and at its own time', () => {
    const { send } = room();
    send('DBIRTH', [outlet('Outlet 1', 20, 7)]);
    const template = { metrics: [{ name: 'Power', float: 21 }] };
    expect(send('DDATA', [{ name: 'Outlet 1', template }])).toMatchObject([
      { outlet: 'g/e/d/1', watts: 21, volts: undefined },
    ]);
    expect(send('DDATA', [{ alias: 7, timestamp: startMs - 400, template }])).toMatchObject([
      { outlet: 'g/e/d/1', watts: 21, atMs: startMs - 400 },
    ]);
  });

  test('may hold others, to a depth', () => {
    const { send } = room();
    const nested = (depth: number): MadeMetric =>
      depth === 0
        ? outlet('Outlet 1', 20)
        : { name: 'Data', type: templateType, template: { metrics: [nested(depth - 1)] } };
    expect(send('DBIRTH', [nested(2), outlet('Outlet 2', 30)])).toMatchObject([
      { outlet: 'g/e/d/1', watts: 20 },
      { outlet: 'g/e/d/2', watts: 30 },
    ]);
    expect(send('DBIRTH', [nested(9), outlet('Outlet 2', 31)])).toMatchObject([
      { outlet: 'g/e/d/2', watts: 31 },
    ]);
  });

  test('that is but defined has no values', () => {
    const { send } = room();
    const metrics = [member('Power', 999, 'W')];
    const defined = { type: templateType, template: { metrics, isDefinition: true } };
    const typed = { type: templateType, template: { metrics } };
    expect(
      send('DBIRTH', [{ name: 'Strip', ...defined }, { name: '_types_/Strip', ...typed }, outlet('A', 5)]),
    ).toMatchObject([{ outlet: 'g/e/d/A', watts: 5 }]);
  });

  test('may be any bytes', () => {
    const payload = new SparkplugPayload();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(9), (bytes, depth) => {
        let raw: Uint8Array = bytes;
        for (let level = 0; level <= depth; level++)
          raw = sparkplug({
            metrics: [{ name: 'a', raw: Buffer.concat([Buffer.from([0x92, 1, raw.length]), raw]) }],
          });
        if (!payload.open(raw)) return;
        let count = 0;
        while (payload.next() !== undefined) count += 1;
        expect(count).toBeLessThanOrEqual(raw.length);
      }),
    );
  });
});
