import type { Family, TopicReader } from './family.ts';
import { type Mapping, type MappingSettings, readMapping } from './mapping.ts';
import { type BoundMapping, mappingReader } from './mapping-reader.ts';

/**
 * The family made of the mapping table in the settings: whatever the admin describes there is read as he says,
 * before any other family is asked. Throws on a row that is wrong: settings have been checked by then.
 */
export function mappingFamily(rows: readonly MappingSettings[]): Family {
  const mappings = rows.map((row) => {
    const mapping = readMapping(row);
    if (Array.isArray(mapping)) throw new Error(`mapping of ${row.topic}: ${mapping[0]?.found}`);
    return mapping;
  });
  return {
    name: 'mapping',
    topics: [...new Set(mappings.map(({ pattern }) => pattern.filter))],
    rank: -1,
    expectedIntervalMs: 60_000,
    open: () => ({ claim: (topic) => claim(topic, mappings) }),
  };
}

function claim(topic: string, mappings: readonly Mapping[]): TopicReader | undefined {
  const bound = mappings.flatMap((mapping): BoundMapping[] => {
    const parts = mapping.pattern.match(topic);
    if (parts === undefined) return [];
    const named = mapping.byQuantity.get(parts.get('quantity') ?? '');
    const figures = mapping.byQuantity.size === 0 ? mapping.figures : named === undefined ? [] : [named];
    return figures.length === 0 ? [] : [{ mapping, parts, figures }];
  });
  return bound.length === 0 ? undefined : mappingReader(bound);
}
