import { z } from 'zod';
import { carbon } from './carbon-settings.ts';
import { name, note, type SettingNote, section } from './setting-note.ts';
import { tariff } from './tariff-settings.ts';
import { machineTimezone, text, timezone } from './values.ts';

const breaker = z.strictObject({
  name: note(name, { sentence: 'Name.', expected: 'a name of 1 to 100 characters', example: 'A1' }),
  amps: note(z.number().positive().max(10_000).optional(), {
    sentence: 'Rating, A.',
    expected: 'a number of amps above 0',
    example: '16',
  }),
  curve: note(z.enum(['B', 'C', 'D']).optional(), {
    sentence: 'Trip curve.',
    expected: 'B, C or D',
    example: 'C',
  }),
  phase: note(z.enum(['L1', 'L2', 'L3']).optional(), {
    sentence: 'The phase of its feed that it is on; breakers without one share one phase.',
    expected: 'L1, L2 or L3',
    example: 'L1',
  }),
});

const feed = z.strictObject({
  name: note(name, { sentence: 'Name.', expected: 'a name of 1 to 100 characters', example: 'A' }),
  volts: note(z.number().positive().max(1_000).optional(), {
    sentence: 'Nominal voltage, phase to neutral.',
    expected: 'a number of volts from 1 to 1000',
    example: '230',
  }),
  amps: note(z.number().positive().max(100_000).optional(), {
    sentence: 'Rating of each of its phases, A.',
    expected: 'a number of amps above 0',
    example: '63',
  }),
  breakers: note(z.array(breaker).max(10_000).prefault([]), {
    sentence: 'Its breakers.',
    expected: 'a list of breakers',
    example: '[ { name: A1, amps: 16, curve: C } ]',
  }),
});

const count = z.int().min(0).max(1_000_000);
const aCount = (of: string): SettingNote => ({
  sentence: of,
  expected: 'a whole number, 0 or more',
  example: '2',
});

const hardware = z.strictObject({
  sockets: note(count.optional(), aCount('Processor sockets.')),
  memoryGb: note(z.number().min(0).max(1_000_000).optional(), {
    sentence: 'Memory, GB.',
    expected: 'a number of GB, 0 or more',
    example: '32',
  }),
  drives: note(count.optional(), aCount('Drives.')),
  redundantSupplies: note(count.optional(), aCount('Power supplies beyond what it needs.')),
});

const input = z.strictObject({
  outlet: note(text(500).regex(/^.+\/[^/]+$/su), {
    sentence: 'The outlet it is plugged into.',
    expected: "<device>/<outlet>, e.g. pdu-a/7; 0 for a plug's only outlet",
    example: 'pdu-a/7',
  }),
  breaker: note(name.optional(), {
    sentence: 'The breaker behind that outlet.',
    expected: 'the name of a breaker under room.feeds',
    example: 'A1',
  }),
  from: note(text(40).optional(), {
    sentence: 'From when it was plugged in there; absent: since ever.',
    expected: 'a local date or time such as 2026-04-01 or 2026-04-01T07:00',
    example: '2026-04-01',
  }),
  to: note(text(40).optional(), {
    sentence: 'Until when it was plugged in there; absent: for ever.',
    expected: 'a local date or time such as 2026-04-01 or 2026-04-01T07:00',
    example: '2026-04-01T07:00',
  }),
});

const server = z.strictObject({
  // A slash is left to outlets that no server claims: their server is called <device>/<outlet>.
  name: note(name.regex(/^[^/*]+$/), {
    sentence: 'Name.',
    expected: 'a name of 1 to 100 characters without / and *',
    example: 'hv-01',
  }),
  rack: note(name.optional(), {
    sentence: 'Where it stands.',
    expected: 'the name of a rack under room.racks',
    example: 'r1',
  }),
  inputs: note(z.array(input).min(1).max(100), {
    sentence: 'Its power supplies.',
    expected: 'a list with one input for each power supply',
    example: '[ { outlet: pdu-a/7 } ]',
  }),
  idleLimitWatts: note(z.number().positive().max(1_000_000).optional(), {
    sentence: 'Idle draw above which it counts as high, W.',
    expected: 'a number of watts above 0',
    example: '350',
  }),
  hardware: note(hardware.optional(), section('What is in it, to judge its idle draw.')),
});

/** What is plugged in where. */
export const room = z.strictObject({
  name: note(name.prefault('Server room'), {
    sentence: 'Shown on the page.',
    expected: 'a name of 1 to 100 characters',
    example: 'Server room 1',
  }),
  timezone: note(timezone.prefault(machineTimezone), {
    sentence: 'Time zone of the room; its days begin at midnight there.',
    expected: 'an IANA time zone such as Europe/London',
    example: 'Europe/London',
    defaultText: "the machine's own",
  }),
  tariff: note(tariff.optional(), {
    sentence:
      'What energy costs: currency and pricePerKwh, or versions with timeOfUse, fixed, demand and capacity charges and taxes (docs/cost-and-carbon.md).',
    expected: 'a mapping with currency and prices',
    example: '{ currency: GBP, pricePerKwh: 0.28 }',
    asOne: true,
  }),
  carbon: note(carbon.prefault({}), section('Emissions.')),
  feeds: note(z.array(feed).max(1_000).prefault([]), {
    sentence:
      'Supply paths and their breakers, with ratings: name, volts (phase to neutral), amps (of each phase), breakers: name, amps, curve (B, C or D), phase (L1, L2 or L3).',
    expected: 'a list of feeds, each with a name',
    example: '[ { name: A, volts: 230, breakers: [ { name: A1, amps: 16, curve: C } ] } ]',
  }),
  racks: note(
    z
      .array(
        z.strictObject({
          name: note(name, { sentence: 'Name.', expected: 'a name of 1 to 100 characters', example: 'r1' }),
        }),
      )
      .max(10_000)
      .prefault([]),
    {
      sentence: 'Where servers stand.',
      expected: 'a list of racks, each with a name',
      example: '[ { name: r1 }, { name: r2 } ]',
    },
  ),
  servers: note(z.array(server).max(100_000).prefault([]), {
    sentence:
      'Loads and the outlets they are plugged into: name, rack, inputs (outlet, breaker), idleLimitWatts (W), hardware (sockets, memoryGb, drives, redundantSupplies). An outlet that no server claims is shown as a server of its own.',
    expected: 'a list of servers, each with a name and its inputs',
    example: '[ { name: hv-01, inputs: [ { outlet: pdu-a/7 }, { outlet: pdu-b/7 } ] } ]',
  }),
});
