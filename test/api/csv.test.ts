import fc from 'fast-check';
import { expect, it } from 'vitest';
import { csvLine } from '../../src/api/csv.ts';
import { anyCharacter } from '../base/any-character.ts';

it('every text is one field, comes back as it was, and begins no formula, whatever the spreadsheet', () => {
  const text = fc.oneof(
    fc.string({ unit: anyCharacter }),
    fc
      .array(
        fc.constantFrom('=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\n', ',', '"', "'", 'a'),
      )
      .map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 5 }), (texts) => {
      const fields = fieldsOf(csvLine(texts));
      expect(fields).toHaveLength(texts.length);
      for (const [i, field] of fields.entries()) {
        expect(field).not.toMatch(/^[=+\-@\t\r\n＝＋－＠]/);
        expect([field, field.replace(/^'/, '')]).toContain(texts[i]);
      }
    }),
  );
});

/** RFC 4180, one record. */
function fieldsOf(record: string): string[] {
  const fields: string[] = [];
  let at = 0;
  for (const match of record.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy)) {
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2]!);
    at = match.index + match[0].length;
  }
  expect(at).toBe(record.length);
  return fields;
}
