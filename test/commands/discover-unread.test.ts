import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shown, textTable } from '../../src/commands/text-table.ts';
import { unreadReport } from '../../src/commands/unread-report.ts';
import { UnreadTopics } from '../../src/commands/unread-topics.ts';
import { rejectReasons } from '../../src/devices/family.ts';
import { anyCharacter } from '../base/any-character.ts';
import { message } from '../devices/made-message.ts';

function report(
  sent: readonly (readonly [topic: string, payload: string | Uint8Array])[],
  devices: string[] = [],
) {
  const unread = new UnreadTopics();
  for (const [topic, payload] of sent) unread.note(message(topic, payload), 'unknown-topic');
  return unreadReport({ topics: unread.list(), more: unread.more }, new Set(devices));
}
const perhaps = (topic: string, payload: string, devices: string[] = []) =>
  report([[topic, payload]], devices).includes('perhaps a power meter');

describe('a topic that nobody reads', () => {
  it.each([
    ['cellar/box/activePower', '412.5'],
    ['cellar/box/watts', '-3 W'],
    ['x/y', '{"dev":{"PowerW":12,"t":3}}'],
    ['x/y', '{"line_voltage": "231.2"}'],
    ['pdu/left/7', '{"v1":3}'],
    ['volteria/PX12/1', '{"t":1749103200,"P":"61.1","U":230.4,"I":281}'],
  ])('%s %s may be a power meter', (topic, payload) => {
    expect(perhaps(topic, payload)).toBe(true);
  });

  it.each([
    ['weather/roof/temperature', '21.5'],
    ['hall/climate', '{"current_temperature":21,"target":20}'],
    ['x/power', 'on'],
    ['x/y', '{"x":1,"y":2,"e":3}'],
    ['x/y', '{"powerful":1}'],
    ['x/y', '{"power":"high"}'],
  ])('%s %s is none', (topic, payload) => {
    expect(perhaps(topic, payload)).toBe(false);
  });

  it('is no meter of its own when it stands under a device that is read', () => {
    expect(perhaps('tele/plug/MARGINS', '{"Power":12}', ['plug'])).toBe(false);
    expect(perhaps('site/hall/row/energy', '12', ['hall/row'])).toBe(false);
    expect(perhaps('tele/plug2/MARGINS', '{"Power":12}', ['plug'])).toBe(true);
  });
});

describe('the report of what could not be read', () => {
  it('says once what differs in a number only, and by its first level what is much', () => {
    const outlets = Array.from({ length: 48 }, (_, n) => [`acme/rack1/out/${n + 1}`, '{"load":1}'] as const);
    expect(report(outlets)).toContain('    acme/rack1/out/1 (and 47 like it, 48 messages)  {"load":1}\n');
    const words = ['red', 'blue', 'green', 'grey', 'black'];
    const chatter = words.flatMap((one) => words.map((other) => [`home/${one}/${other}`, 'x'] as const));
    const text = report([...chatter, ['door', 'open']]);
    expect(text).toContain('    home/… (25 messages on 25 topics)\n');
    expect(text).toContain('    door (1 message)  open\n');
  });

  it('has a place and a hint for every reason', () => {
    const unread = new UnreadTopics();
    const reasons = rejectReasons.filter((reason) => reason !== 'duplicate');
    for (const reason of reasons) unread.note(message(`t/${reason}`, 'x'), reason);
    const text = unreadReport({ topics: unread.list(), more: 0 }, new Set());
    for (const reason of reasons)
      expect(text).toMatch(new RegExp(`^ {2}${reason}: .+\\n {4}t/${reason} \\(1 message\\)`, 'm'));
  });

  it('is bounded, clipped and plain, whatever is sent', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.string({ unit: anyCharacter, maxLength: 300 }),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ unit: anyCharacter, maxLength: 300 }), bytes), { maxLength: 40 }),
        (sent) => {
          const text = report(
            sent.map(([topic, payload]) => [topic, payload]),
            ['a'],
          );
          expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cs}\u202e]/u);
          for (const line of text.split('\n')) expect(line.length).toBeLessThan(800);
        },
      ),
    );
    const flood = new UnreadTopics();
    for (let n = 0; n < 6_000; n += 1) flood.note(message(`t/${n}`, 'x'), 'unknown-topic');
    expect([flood.list().length, flood.more]).toEqual([5_000, 1_000]);
  });
});

describe('a table for a terminal', () => {
  it('lines up also where letters are two columns wide', () => {
    const table = textTable(
      [
        ['NAME', 'W', 'NOTE'],
        ['機架', '1', 'a'],
        ['rack', '12', 'b'],
        ['é', '3', 'c'],
      ],
      new Set(['W']),
    );
    expect(table).toBe('NAME   W  NOTE\n機架   1  a\nrack  12  b\né      3  c\n');
  });

  it('leaves out a column that holds nothing, and clips at whole letters', () => {
    expect(
      textTable(
        [
          ['A', 'B', 'C'],
          ['1', '', '3'],
        ],
        new Set(),
      ),
    ).toBe('A  C\n1  3\n');
    expect(shown('🔌'.repeat(40), 10)).toBe('🔌🔌🔌🔌…');
    expect(shown('a\u202eb\nc')).toBe('a\uFFFDb\uFFFDc');
  });
});
