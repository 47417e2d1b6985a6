import { localSteps } from '../analysis/local-time.ts';
import { list, object, ref, remakingSchema, share } from './json-schema.ts';

/** What the answers of `GET /energy` look like, for the OpenAPI document. */
export function energySchemas() {
  const number = { type: 'number' };
  const text = { type: 'string' };
  const known = { type: ['number', 'null'] };
  const epochMs = { type: 'number', description: 'Epoch ms' };
  const row = {
    scope: text,
    fromMs: epochMs,
    toMs: epochMs,
    wattHours: { ...known, description: 'null: nothing is known' },
    coverage: { ...share, description: 'Of the time passed, the share for which the energy is known' },
    cost: { ...known, description: 'Of the energy alone, with taxes, in `currency`' },
    grams: { ...known, description: 'CO2e' },
    parts: object({ counter: known, integrated: known, spread: known }),
    unpricedWattHours: { ...number, description: 'Drawn while no price held: not in `cost`' },
    uncountedWattHours: { ...number, description: 'Drawn while no factor held: not in `grams`' },
  };
  const required = ['scope', 'fromMs', 'toMs', 'wattHours', 'coverage', 'cost', 'grams', 'parts'];
  const peak = { anyOf: [ref('EnergyPeak'), { type: 'null' }] };
  const { scope: _scope, parts: _parts, unpricedWattHours: _u, uncountedWattHours: _c, ...plain } = row;
  return {
    EnergyAnswer: object(
      {
        by: { enum: localSteps },
        timezone: { ...text, description: 'IANA zone of the buckets' },
        fromMs: epochMs,
        toMs: epochMs,
        remaking: remakingSchema,
        currency: { ...text, description: 'ISO 4217; absent: no tariff is set' },
        tariff: object({
          basis: text,
          timezone: text,
          corrections: list(
            object(
              { fromMs: epochMs, toMs: epochMs, pricePerKwh: number, why: text, atMs: epochMs, who: text },
              ['fromMs', 'toMs', 'pricePerKwh', 'why', 'atMs'],
            ),
          ),
        }),
        carbon: object(
          {
            basis: text,
            kind: text,
            extent: text,
            pue: number,
            factors: list(ref('GridFactor')),
            factorsLeftOut: { type: 'integer', minimum: 0 },
          },
          ['basis', 'kind', 'extent', 'factors', 'factorsLeftOut'],
        ),
        rows: list(ref('EnergyRow')),
        totals: list(ref('EnergyTotal')),
      },
      ['by', 'timezone', 'fromMs', 'toMs', 'rows'],
    ),
    GridFactor: object(
      {
        fromMs: epochMs,
        toMs: epochMs,
        gramsPerKwh: number,
        source: text,
        isStandIn: { type: 'boolean', description: 'Stands in for a year none is known of' },
        year: { type: 'integer' },
      },
      ['fromMs', 'toMs', 'gramsPerKwh', 'source', 'isStandIn'],
    ),
    EnergyRow: object(row, required),
    EnergyTotal: object(
      {
        ...row,
        peak15: { ...peak, description: 'Highest mean of a quarter of an hour' },
        peak30: { ...peak, description: 'Highest mean of half an hour' },
        loadFactor: { ...known, description: 'Mean ÷ peak15' },
        before: object({ ...plain, differencePercent: known }),
        reconciled: {
          ...object(
            {
              counterWattHours: number,
              integratedWattHours: number,
              differencePercent: { ...number, description: 'Watts against counter' },
              problem: { ...text, description: 'In words, beyond 2 %' },
            },
            ['counterWattHours', 'integratedWattHours', 'differencePercent'],
          ),
          description: 'What counters proved against what the watts came to; absent: not both are known',
        },
        loss: {
          ...object({ wattHours: number, percent: number }),
          description: 'Of a device that tells its total: that less what its outlets gave',
        },
        charges: {
          ...object({ fixed: number, capacity: number, demand: known, tax: number }),
          description: 'Of the room, without taxes, besides the energy; demand: of whole months only',
        },
      },
      [...required, 'peak15', 'peak30', 'loadFactor', 'before'],
    ),
    EnergyPeak: object({ fromMs: epochMs, toMs: epochMs, watts: number }),
  };
}
