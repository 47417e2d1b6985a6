import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTopicFilter, TopicFilters } from '../../src/sources/topic-filter.ts';

describe('a topic filter', () => {
  it.each([
    ['#', true],
    ['+', true],
    ['a/+/b/#', true],
    ['/', true],
    ['$SYS/#', true],
    ['Küche/Steckdose 1/+', true],
    ['', false],
    ['a/#/b', false],
    ['a#', false],
    ['a+/b', false],
    ['a/\u0000', false],
    ['a/\n', false],
    ['a/\ud800', false],
    ['a/'.repeat(101), false],
    ['a'.repeat(1_025), false],
  ])('%j is one: %s', (text, expected) => {
    expect(isTopicFilter(text)).toBe(expected);
  });
});

const setOf = (...filters: string[]) => {
  const set = new TopicFilters();
  for (const filter of filters) set.add(filter);
  return set;
};

describe('a set of filters that covers another one', () => {
  it.each([
    ['a/#', 'a/b/+', true],
    ['a/#', 'a', true],
    ['a/#', 'a/#', false],
    ['a/+', 'a/#', false],
    ['a/+', 'a/b', true],
    ['a/+', 'a/+', false],
    ['+/+', 'a/+', true],
    ['+/#', 'a/#', true],
    ['a/b', 'a/+', false],
    ['+/+/status', 'x/y/status', true],
    ['+/status', 'x/y/status', false],
    ['#', '$SYS/#', false],
    ['+/x', '$SYS/x', false],
    ['#', '+/events/rpc', true],
  ])('%s covers %s: %s', (wide, narrow, expected) => {
    expect(setOf(wide, narrow).covers(narrow)).toBe(expected);
  });

  it('takes every topic the other takes', () => {
    const level = fc.record({
      name: fc.constantFrom('a', 'b', '$c', ''),
      width: fc.integer({ min: 0, max: 2 }),
    });
    const filterOf = (levels: readonly { name: string; width: number }[], from: number) =>
      levels.map(({ name, width }) => (width >= from ? '+' : name)).join('/');
    fc.assert(
      fc.property(fc.array(level, { minLength: 1, maxLength: 5 }), fc.nat(5), (levels, cut) => {
        const topic = levels.map(({ name }) => name).join('/');
        const narrow = filterOf(levels, 2);
        const wide =
          cut < levels.length
            ? [filterOf(levels.slice(0, cut), 1), '#'].join(cut > 0 ? '/' : '')
            : filterOf(levels, 1);
        const covered = setOf(wide, narrow).covers(narrow);
        if (covered && setOf(narrow).matches(topic)) expect(setOf(wide).matches(topic)).toBe(true);
        if (!topic.startsWith('$')) expect(covered).toBe(wide !== narrow);
      }),
    );
  });
});

describe('a set of topic filters', () => {
  it.each([
    ['a/#', 'a', true],
    ['a/#', 'a/b/c', true],
    ['a/#', 'ab', false],
    ['a/+', 'a/b', true],
    ['a/+', 'a/b/c', false],
    ['a/+', 'a/', true],
    ['+/+', '/b', true],
    ['#', '$SYS/broker', false],
    ['+/broker', '$SYS/broker', false],
    ['$SYS/#', '$SYS/broker', true],
    ['a/+/c', 'a/b/d', false],
  ])('%s takes %s: %s', (filter, topic, expected) => {
    const filters = new TopicFilters();
    filters.add(filter);
    expect(filters.matches(topic)).toBe(expected);
    expect(filters.matches(topic)).toBe(expected);
  });

  it('takes in filters added after it was asked', () => {
    const filters = new TopicFilters();
    filters.add('a/#');
    expect(filters.matches('b/c')).toBe(false);
    filters.add('b/+');
    expect(filters.matches('b/c')).toBe(true);
    expect(filters.size).toBe(2);
  });

  it('answers like each filter asked by itself', () => {
    const level = fc.constantFrom('a', 'b', '', '$s');
    const topic = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'));
    const filter = fc
      .tuple(fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 4 }), fc.boolean())
      .map(([levels, rest]) => (rest ? [...levels, '#'] : levels).join('/'));
    fc.assert(
      fc.property(fc.array(filter, { maxLength: 6 }), fc.array(topic, { maxLength: 6 }), (texts, topics) => {
        const filters = new TopicFilters();
        for (const text of texts) filters.add(text);
        for (const one of topics) {
          expect(filters.matches(one), `${one} in ${texts}`).toBe(
            texts.some((text) => plainlyMatches(text, one)),
          );
        }
      }),
      { numRuns: 500 },
    );
  });
});

/** The clause read word for word, for one filter at a time. */
function plainlyMatches(filter: string, topic: string): boolean {
  if (topic.startsWith('$') && /^[+#]/.test(filter)) return false;
  const wanted = filter.split('/');
  const given = topic.split('/');
  if (wanted.at(-1) === '#') {
    const head = wanted.slice(0, -1);
    return given.length >= head.length && head.every((level, i) => level === '+' || level === given[i]);
  }
  return wanted.length === given.length && wanted.every((level, i) => level === '+' || level === given[i]);
}
