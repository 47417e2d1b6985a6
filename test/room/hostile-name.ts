import fc from 'fast-check';
import { anyCharacter } from '../base/any-character.ts';

/** Names that somewhere else would be code, taken through the whole road and looked at where they come out. */
export const chosenNames = [
  '=HYPERLINK("http:evil")',
  '<img src=x onerror=alert(1)>',
  '__proto__',
  'constructor',
  'a,b=c d "e"',
  "'; DROP MEASUREMENT reading; --",
  'back\\slash\\',
  'zwei Wörter 💥',
  '\u202egnp.exe\u2066',
  'a\r\nSet-Cookie: x=1',
  '＝cmd|calc',
];
/** Pieces that mean something to whoever is to write a name down: line protocol, CSV, HTML, log, headers, JSON. */
const pieces = [
  ...[
    '=',
    '+',
    '-',
    '@',
    ',',
    ';',
    '"',
    "'",
    '\\',
    '\\ ',
    '\t',
    '\r',
    '\n',
    '\u2028',
    '\u0085',
    ' ',
    '#',
    '<!--',
    '</script>',
  ],
  ...[
    '&lt;',
    '%00',
    '%0d%0a',
    '\u001b[2J',
    '\u0007',
    '\u200b',
    '\u202e',
    '\ufeff',
    '\u0301',
    'ﷺ',
    '💥',
    '{{7*7}}',
    'toString',
  ],
  ...[
    '__proto__',
    'constructor',
    'prototype',
    'watts=1',
    ' 1577836800000000000',
    'NaN',
    'null',
    '0',
    'hasOwnProperty',
  ],
];
/** What a topic may hold at one of its levels; as long as a name may be. */
export const hostileNames = fc
  .array(fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: anyCharacter, maxLength: 6 })), {
    minLength: 1,
    maxLength: 6,
  })
  .map((parts) =>
    parts
      .join('')
      .replace(/[/+#\0]/g, '')
      .toWellFormed()
      .slice(0, 60),
  )
  .filter((name) => name.isWellFormed() && name.trim() !== '' && !name.startsWith('$'));
