import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shapeOf } from '../../src/devices/message-shape.ts';

const ofOne = (text: string) => shapeOf(Buffer.from(text), true);
const ofMany = (text: string) => shapeOf(Buffer.from(text), false);

describe('what a message says apart from its figures', () => {
  it('is the same for two readings of a meter', () => {
    const sensor = (time: string, watts: number) =>
      JSON.stringify({ Time: time, ENERGY: { Power: watts, Total: 12.5 }, name: 'plug 1' });
    const one = ofOne(sensor('2026-01-01T00:00:00', 120));
    expect(one).toBeDefined();
    expect(ofOne(sensor('2026-01-01T00:00:10', 99.5))).toBe(one);
    expect(ofOne('12.5')).toBe(ofOne('7'));
    expect(ofMany('{"id":3,"apower":12.5}')).toBe(ofMany('{"id":3,"apower":7.25e1}'));
  });

  it('is another one for another outlet, key, state or name', () => {
    const all = [
      '{"id":3,"apower":12.5}',
      '{"id":4,"apower":12.5}',
      '{"id":3,"aenergy":12.5}',
      '{"id":3,"apower":12.5,"output":true}',
      '{"id":3,"apower":12.5,"output":false}',
      '{"id":3,"apower":12.5,"src":"shelly-1"}',
      '{"id":3,"apower":12.5,"src":"shelly-2"}',
      '{"id":3,"apower":12.5,"2026-01-01":1}',
      '{"id":3,"apower":12.5,"2026-01-02":1}',
    ];
    expect(new Set(all.map(ofMany)).size).toBe(all.length);
    expect(ofOne('0')).not.toBe(ofOne('1'));
  });

  it('is not told where there is no figure, or where a whole number may be a name', () => {
    for (const text of [
      '',
      'ON',
      'Online',
      '{"state":"ON"}',
      '[]',
      '12 W',
      'power,host=a value=1.5',
      '-',
      '\0\x01',
    ])
      expect([text, ofOne(text)]).toEqual([text, undefined]);
    for (const text of ['12', '0', '{"outlet":1,"watts":12}'])
      expect([text, ofMany(text)]).toEqual([text, undefined]);
  });

  it('never depends on figures and always on everything else, whatever the document', () => {
    const text = fc.string().filter((some) => !/^\d{4}-\d\d-/.test(some));
    const leaf = fc.oneof(text, fc.boolean(), fc.constant(null));
    const words = fc.dictionary(text, leaf, { minKeys: 1, maxKeys: 4 });
    const figure = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(words, words, figure, figure, (said, other, before, after) => {
        const document = (things: object, value: number) => JSON.stringify({ things, value });
        expect(ofOne(document(said, before))).toBe(ofOne(document(said, after)));
        if (JSON.stringify(said) !== JSON.stringify(other))
          expect(ofOne(document(said, before))).not.toBe(ofOne(document(other, before)));
      }),
    );
  });

  it('is found in any bytes without an error', () => {
    fc.assert(
      fc.property(
        fc.uint8Array(),
        fc.constantFrom('', '{', '["', '{"a":"\\', '-'),
        fc.boolean(),
        (bytes, head, one) => {
          const shape = shapeOf(Buffer.concat([Buffer.from(head), bytes]), one);
          expect(shape === undefined || Number.isSafeInteger(shape)).toBe(true);
        },
      ),
    );
  });
});
