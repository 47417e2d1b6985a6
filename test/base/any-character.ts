import fc from 'fast-check';

const surrogatesFrom = 0xd800;
const surrogates = 0x800;

/**
 * Any character of Unicode, as unit of `fc.string`: what fast-check's own `binary` brings forth, which first makes a
 * table of all million of them in each process.
 */
export const anyCharacter = fc.integer({ min: 0, max: 0x10ffff - surrogates }).map(
  (place) => String.fromCodePoint(place < surrogatesFrom ? place : place + surrogates),
  (text) => {
    if (typeof text !== 'string' || [...text].length !== 1 || !text.isWellFormed())
      throw new Error('not one character');
    const code = text.codePointAt(0)!;
    return code < surrogatesFrom ? code : code - surrogates;
  },
);
