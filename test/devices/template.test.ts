import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePath } from '../../src/devices/json-path.ts';
import { evaluate, readTemplate } from '../../src/devices/template.ts';

/** What a template says of a payload; a text: refused. */
function render(template: string, json: unknown): unknown {
  const read = readTemplate(template);
  return read === undefined ? 'refused' : evaluate(read.node, json, typeof json === 'string' ? json : 'text');
}

const json = {
  power: 5.5,
  text: '12.5',
  ENERGY: { Power: [1, 2] },
  a: { 'b c': [7] },
  meters: [{ power: 3 }],
  none: null,
  big: 2147483647,
  'not-a-name': 1,
};

test.each([
  ['{{ value_json.power }}', 5.5],
  ['{{value_json["power"]}}', 5.5],
  ["  {{-value_json['ENERGY']['Power'][1]-}} ", 2],
  ['{{ value_json.a["b c"][0] }}', 7],
  ['{{ value_json.meters.0.power }}', 3],
  ['{{ value_json.power|float/5 }}', 1.1],
  ['{{ value_json.power * 2 + 1 }}', 12],
  ['{{ 2 * (value_json.power - 0.5) }}', 10],
  ['{{ -value_json.power | abs }}', 5.5],
  ['{{ value_json.text | float(0) | round(0) }}', 13],
  ['{{ value_json.text | int }}', 12],
  ['{{ value_json.power | multiply(10) | add(1) }}', 56],
  ["{{ value_json.power | default('') | is_defined }}", 5.5],
  ['{% if value_json.power is defined %}{{ value_json.power }}{% endif %}', 5.5],
  ["{% if value_json['power'] is defined -%} {{ value_json.power }} {%- else %}0{% endif %}", 5.5],
  ['{{ value_json.missing | default(0) }}', undefined],
  ['{{ value_json.missing | float(0) * 5 + 1 }}', undefined],
  ['{{ value_json.ENERGY.Power[9] }}', undefined],
  ['{{ value_json.ENERGY.Power.length }}', undefined],
  ['{{ value_json.__proto__ }}', undefined],
  ['{{ value_json.constructor.name }}', undefined],
  ['{% if value_json.missing is defined %}{{ value_json.power }}{% endif %}', undefined],
  ['{{ value_json.power / 0 }}', undefined],
  ['{{ value_json.none | float }}', null],
  ['{{ value_json.big * 0.1 }}', 2147483647],
])('%s', (template, expected) => {
  expect(render(template, json)).toEqual(expected);
});

const rack = {
  watts: 820,
  milliwatts: 2345,
  comma: '5,5',
  unit: '12.5 W',
  off: false,
  mode: 'b',
  phases: [{ w: 1 }, { w: 2.5 }],
  broken: [{ w: 1 }, {}],
  scale: -1,
  gone: 'unavailable',
  none: null,
  'out:0': { w: 3 },
};

describe('templates as gateways write them', () => {
  test.each([
    ['{{ value_json.watts if value_json.watts is defined else 0 }}', 820],
    ["{{ value_json['watts'] if 'watts' in value_json else this.state }}", 820],
    [
      '{{ (value_json.milliwatts | float(0) / 1000) | round(2) if value_json.milliwatts is number else none }}',
      2.35,
    ],
    ["{{ value_json['out:0'].w if value_json['out:0'].w is not none }}", 3],
    ['{{ value_json.other | default(value_json.watts) | float(0) }}', 820],
    ["{{ value_json.get('watts', 0) }}", 820],
    ['{{ float(value_json.watts, default=0) * 0.001 }}', 0.82],
    ["{{ value_json.comma | replace(',', '.') | float }}", 5.5],
    ["{{ value_json.unit.split(' ')[0] | float }}", 12.5],
    ["{{ '%.1f' | format(value_json.watts | float / 1000) }}", 0.8],
    ["{{ '%0.1f' % value_json.watts }}", 820],
    ['{{ [value_json.watts, 0] | max }}', 820],
    ['{{ min(value_json.watts, 100) }}', 100],
    ["{{ value_json.phases | map(attribute='w') | sum }}", 3.5],
    ["{{ value_json.phases | sum(attribute='w') }}", 3.5],
    ['{{ value_json.watts * 10 ** value_json.scale }}', 82],
    ['{{ value_json.milliwatts // 1000 + value_json.milliwatts % 5 }}', 2],
    ['{{ value_json.milliwatts | round(-1) }}', 'refused'],
    ["{{ value_json.watts | round(1, 'floor') }}", 820],
    ['{{ iif(value_json.watts > 0, value_json.watts, 0) }}', 820],
    ['{{ 0 if value_json.watts > 500 else value_json.watts }}', 0],
    ["{{ 'ON' if value_json.watts > 500 else 'OFF' }}", 'ON'],
    ["{{ 'ON' if value_json.off else 'OFF' }}", 'OFF'],
    ["{{ value_json.watts if value_json.mode == 'b' and not value_json.off else 0 }}", 820],
    [
      "{%- if value_json.mode == 'a' -%}{{ value_json.x }}{%- elif value_json.mode in ['b', 'c'] -%}{{ value_json.watts }}{%- else -%}0{%- endif -%}",
      820,
    ],
    ['{% set p = value_json.milliwatts / 1000 %}{{ p | round(1) }}', 2.3],
    ['{% if value_json.x is defined %}{{ value_json.x }}{% else %}{{ value_json.watts }}{% endif %}', 820],
  ])('%s', (template, expected) => {
    expect(render(template, rack)).toEqual(expected);
  });

  test.each([
    '{{ value_json.x if value_json.x is defined else 0 }}',
    '{{ value_json.x if value_json.x else 0 }}',
    '{{ value_json.none if value_json.none is number else 0 }}',
    '{{ value_json.gone | float if value_json.gone is number else 0 }}',
    "{{ 0 if value_json.gone == 'unavailable' else value_json.gone }}",
    '{{ value_json.x if value_json.x > 0 else 0 }}',
    "{{ 'ON' if value_json.x == 1 else 'OFF' }}",
    "{{ value_json.broken | map(attribute='w') | sum }}",
    '{{ [value_json.x, 0] | max }}',
    '{% if value_json.x %}{{ value_json.x }}{% else %}0{% endif %}',
    "{{ value_json.get('x', 0) }}",
    "{{ none if value_json.watts > 100 else 'unknown' }}",
    '{% if value_json.watts > 5000 %}{{ value_json.watts }}{% else %}unavailable{% endif %}',
    '{{ value_json.x | default(states("sensor.x")) }}',
  ])('what is missing stays missing: %s', (template) => {
    expect(render(template, rack)).toBe(undefined);
  });
});

test('the payload itself', () => {
  expect(render('{{ value }}', '5')).toBe('5');
  expect(render('{{ value | float / 60 }}', '90')).toBe(1.5);
  expect(readTemplate('{{ value|float/60 }}')).toMatchObject({ source: 'value', needsJson: false });
});

describe('beyond the grammar is refused as a whole', () => {
  test.each([
    '',
    'value_json.power',
    '{{ }}',
    '{{ value_json.power',
    '{{ value_json.power }} W',
    '{{ value_json.power }}{{ value_json.power }}',
    "{{ states('sensor.x') }}",
    '{{ value_json.power.__class__() }}',
    "{{ states('sensor.x') | float + 1 }}",
    '{{ value_json.power | regex_replace("W", "") }}',
    '{{ value_json.power.format() }}',
    '{{ value_json.power if }}',
    '{{ value_json.power if value_json.power else }}',
    '{{ value_json.power is nonsense }}',
    '{{ value_json.power | round(value_json.digits) }}',
    '{{ value[0:5] }}',
    '{{ range(1000000) }}',
    '{{ [value_json.a, value_json.b }}',
    '{{ "a".join(value_json) }}',
    '{{ 5 }}',
    'on',
    '{{ value_json.power }}{% if value_json.a %}{{ value_json.a }}{% endif %}',
    '{% if value_json.a %}{{ value_json.a }}',
    '{% if value_json.a %}{{ value_json.a }}{% else %}{{ value_json.b }}{% elif value %}{% endif %}',
    '{% set x = value_json.power %}{% set x = x + x + x + x + x + x + x + x %}{% set x = x + x + x + x + x + x + x + x %}{% set x = x + x + x + x + x + x + x + x %}{{ x }}',
    `${'{% if value %}'.repeat(10)}{{ value }}${'{% endif %}'.repeat(10)}`,
    '{{ value_json["a" + "b"] }}',
    '{{ value_json[value] }}',
    '{{ value_json.not-a-name! }}',
    '{% set x = 1 %}{{ x }}',
    '{% set x = value %}{{ y }}',
    '{% for x in value_json %}{{ x }}{% endfor %}',
    '{{ this.state }}',
    '{{ value_json.power | round(now()) }}',
    `{{ ${'('.repeat(50)}value${')'.repeat(50)} }}`,
    `{{ value${' | abs'.repeat(50)} }}`,
    `{{ value_json${'.a'.repeat(40)} }}`,
    `{{ ${'1+'.repeat(100)}1 }}`,
  ])('%s', (template) => {
    expect(readTemplate(template)).toBe(undefined);
  });
});

const piece = fc.constantFrom(
  ...[
    '{{',
    '}}',
    '{%',
    '%}',
    'value',
    'value_json',
    '.',
    '[',
    ']',
    '(',
    ')',
    '|',
    '*',
    '/',
    '+',
    '-',
    '0',
    '1.5',
    'if',
    'is',
    'set x =',
    'and',
    'not',
    'in',
    '==',
    '%',
    '**',
    '.split(" ")',
    '|max',
    '|replace("a","b")',
  ],
  ...[
    'defined',
    'else',
    'endif',
    ' ',
    '  ',
    '"a"',
    "'",
    '"',
    'float',
    'round',
    'default',
    'abs',
    'a',
    '__proto__',
    'constructor',
    ',',
  ],
);

test('a number too large for any meter stays a number, or nothing', () => {
  expect(render('{{ value_json - 1.5 }}', 1.8e299)).toBe(1.8e299);
  expect(render('{{ value_json * value_json }}', 1.8e299)).toBeUndefined();
  expect(render('{{ value_json | sum }}', [1e308, 1e308])).toBeUndefined();
  expect(render('{{ value_json | round(2) }}', -1.8e299)).toBe(-1.8e299);
});

test('any text is read or refused, in bounded time, and says something sound of any payload', () => {
  const text = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
    fc.array(piece, { maxLength: 12 }).map((pieces) => `{{ value_json${pieces.join('')} }}`),
  );
  fc.assert(
    fc.property(text, fc.jsonValue(), (template, payload) => {
      const found = render(template, payload);
      expect(typeof found === 'function' || Number.isNaN(found) || found === Number.POSITIVE_INFINITY).toBe(
        false,
      );
      parsePath(template);
    }),
    { numRuns: 3_000 },
  );
});

test.each([
  ['spaces', (size: number) => `{{${' '.repeat(size)}`],
  ['openers', (size: number) => '{{'.repeat(size)],
  ['conditions', (size: number) => `{% if ${'a is defined '.repeat(size / 13)}`],
  ['signs', (size: number) => `{{ ${'-'.repeat(size)}1 }}`],
  ['digits', (size: number) => `{{ ${'1'.repeat(size)} }}`],
])('as long as they come, and longer: %s', (_, make) => {
  // Only so long is looked at: what takes long for 490 characters would be seen.
  const startedUs = process.cpuUsage().user;
  for (let time = 0; time < 200; time++) {
    readTemplate(make(490));
    readTemplate(make(200_000).slice(0, 200_000));
  }
  expect((process.cpuUsage().user - startedUs) / 200).toBeLessThan(3_000);
});

test('a plain path says the same as when it is calculated with', () => {
  const step = fc.oneof(
    fc.constantFrom('.a', '.b_1', '[0]', '[12]', '.0', '.007', '[007]', '.value', '.items', '.length'),
    fc.constantFrom('.', '[', ']', '.1x', '[a]', '.a-b', ' '),
  );
  const value = fc.letrec((tie) => ({
    any: fc.oneof({ maxDepth: 3 }, fc.integer(), tie('list'), tie('object')),
    list: fc.array(tie('any'), { maxLength: 13 }),
    object: fc.dictionary(fc.constantFrom('a', 'b_1', '0', '7', 'value', 'items', 'length'), tie('any')),
  })).any;
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 4 }), value, (steps, payload) => {
      const path = `value_json${steps.join('')}`;
      const plain = readTemplate(`{{ ${path} }}`);
      const inParentheses = readTemplate(`{{ (${path}) }}`);
      expect(plain === undefined).toBe(inParentheses === undefined);
      if (plain === undefined || inParentheses === undefined) return;
      expect(evaluate(plain.node, payload, '')).toEqual(evaluate(inParentheses.node, payload, ''));
    }),
    { numRuns: 500 },
  );
});
