import { expect, it } from 'vitest';
import { sagRows } from '../../src/analysis/sag.ts';

const impedance = { scope: 'breaker:A1', ohms: 0.4, steps: 9, confidence: 0.7, ampsPerStart: 2.5 };

it('predicts the sag of some and of all servers at once, in volts and in percent of the supply', () => {
  const [row] = sagRows([impedance], () => ({ volts: 230, servers: 5 }));
  expect(row).toEqual({
    ...impedance,
    predicted: [
      { starts: 1, voltsDrop: 1, percent: 0.43 },
      { starts: 2, voltsDrop: 2, percent: 0.87 },
      { starts: 4, voltsDrop: 4, percent: 1.74 },
      { starts: 5, voltsDrop: 5, percent: 2.17 },
    ],
  });
});

it('predicts nothing before a start was seen, and no percent where the volts are not known', () => {
  const { ampsPerStart: _, ...unseen } = impedance;
  const rows = sagRows([unseen, { ...impedance, scope: 'breaker:A2', ohms: 0.5 }], () => ({
    volts: undefined,
    servers: 1,
  }));
  expect(rows).toEqual([
    { ...impedance, scope: 'breaker:A2', ohms: 0.5, predicted: [{ starts: 1, voltsDrop: 1.25 }] },
    { ...unseen, predicted: [] },
  ]);
});
