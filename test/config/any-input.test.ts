import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { settings as catalog, keysAt } from '../../src/config/catalog.ts';
import { loadSettings, type SettingsInput } from '../../src/config/load.ts';
import { SettingsError } from '../../src/config/problem.ts';
import { anyCharacter } from '../base/any-character.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rackwatt-any-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Whatever is given, the answer is settings, or a report that can be put on a terminal. */
function answers(input: Partial<SettingsInput>): void {
  try {
    const { settings } = loadSettings({ env: {}, cwd: folder, ...input });
    expect(settings.http.port).toBeTypeOf('number');
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    expect(error.problems.length).toBeGreaterThan(0);
    for (const { where, found, expected, example } of error.problems) {
      expect([where, found, expected, example].every((text) => text !== '' && text !== undefined)).toBe(true);
      expect(found.length).toBeLessThan(1_000);
    }
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(error.message).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  }
}

function answersFile(text: string): void {
  writeFileSync(join(folder, 'any.yaml'), text);
  answers({ configPath: 'any.yaml' });
}

const sections = keysAt([])!;
/** Right keys, nearly right keys, traps; anything behind them. */
const key = fc.oneof(
  fc.constantFrom(
    ...new Set(catalog.flatMap(({ path }) => path)),
    'name',
    'inputs',
    'outlet',
    'breakers',
    'hardware',
  ),
  fc.constantFrom('__proto__', 'constructor', 'toString', '<<', ''),
  fc.string({ maxLength: 8 }),
);
const leaf = fc.oneof(
  fc.string(),
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom('30d', '0', 'pdu-a/7', 'UTC'),
);
const anything = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    leaf,
    fc.dictionary(key, tie('value'), { maxKeys: 4 }),
    fc.array(tie('value'), { maxLength: 4 }),
  ),
})).value;

describe('never crashes', () => {
  test('on any text', () => {
    fc.assert(fc.property(fc.string({ unit: anyCharacter, maxLength: 200 }), answersFile), { numRuns: 150 });
    const yamlish = fc.array(
      fc.constantFrom(
        'mqtt',
        'room',
        ':',
        ' ',
        '\n',
        '  ',
        '- ',
        '[',
        ']',
        '{',
        '}',
        '"',
        "'",
        '&a',
        '*a',
        '!!map',
        '!x',
        '|',
        '>',
        '#',
        '? ',
        '<<',
        '---',
        '...',
        '%YAML',
        '\t',
        '0x',
        '.inf',
        'null',
      ),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(yamlish, (parts) => answersFile(parts.join(''))),
      { numRuns: 250 },
    );
  });

  test('on any tree under any section', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.oneof(fc.constantFrom(...sections), key), anything, { maxKeys: 4 }),
        (tree) => answersFile(stringify(tree)),
      ),
      { numRuns: 150 },
    );
  });

  test('on any environment', () => {
    const variable = fc.oneof(
      fc.constantFrom(...catalog.flatMap(({ variable: name }) => [name, `${name}_FILE`])),
      fc.stringMatching(/^RACKWATT_[A-Z_]{0,20}$/),
    );
    const text = fc.oneof(
      fc.string(),
      anything.map((value) => JSON.stringify(value) ?? ''),
    );
    fc.assert(
      fc.property(fc.dictionary(variable, text, { maxKeys: 6 }), (env) => answers({ env })),
      { numRuns: 250 },
    );
  });

  test('on nesting without end, aliases that unfold, a huge key, a byte order mark, two documents', () => {
    answersFile('['.repeat(200_000));
    answersFile(`room: ${'{ a: '.repeat(20_000)}`);
    const bomb = Array.from(
      { length: 12 },
      (_, i) =>
        `k${i}: &k${i} [${Array(9)
          .fill(i === 0 ? 'x' : `*k${i - 1}`)
          .join(', ')}]`,
    );
    answersFile(bomb.join('\n'));
    answersFile(`${'k'.repeat(100_000)}: 1`);
    answersFile('\uFEFFhttp: { port: 8081 }');
    answersFile('http: { port: 1 }\n---\nhttp: { port: 2 }\n');
    answersFile('a: &a [*a]');
    answersFile('? { a: 1 }\n: 2\n? [x]\n: 3\n');
  });
});

test('a key in the file does not become one of every object', () => {
  answersFile('__proto__: { polluted: 1 }\nroom: { __proto__: { polluted: 1 } }');
  expect(({} as { polluted?: number }).polluted).toBeUndefined();
});
