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
    '{{ value_json.get("power") }}',
    '{{ value_json | map(attribute="x") | sum }}',
    '{{ value_json.power ** 2 }}',
    '{{ value_json.power if value_json.power else 0 }}',
    '{{ value_json["a" + "b"] }}',
    '{{ value_json[value] }}',
    '{{ value_json.not-a-name! }}',
    '{% set x = 1 %}{{ x }}',
    '{% for x in value_json %}{{ x }}{% endfor %}',
    '{% if value_json.a is defined %}{{ value_json.a }}{% else %}{{ value_json.b }}{% endif %}',
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
