import { type MappingProblem, type MappingSettings, readMapping } from '../devices/mapping.ts';
import { at, isMapping } from './tree.ts';

/** What is wrong with the rows of `mqtt.mappings`, as far as their shape is right. */
export function checkMappings(
  tree: unknown,
): (Omit<MappingProblem, 'path'> & { readonly path: readonly PropertyKey[] })[] {
  const rows = at(tree, 'mqtt', 'mappings');
  if (!Array.isArray(rows)) return [];
  return rows.flatMap((row: unknown, index) => {
    const read = isRow(row) ? readMapping(row) : [];
    return Array.isArray(read)
      ? read.map(({ path, ...problem }) => ({ path: ['mqtt', 'mappings', index, ...path], ...problem }))
      : [];
  });
}

const texts = ['device', 'outlet', 'path', 'time'];

/** Anything else is refused by the schema. */
function isRow(row: unknown): row is MappingSettings {
  if (!isMapping(row) || typeof row.topic !== 'string') return false;
  const { figures, where, timeUnit } = row;
  return (
    texts.every((key) => row[key] === undefined || typeof row[key] === 'string') &&
    [figures, where].every((one) => one === undefined || isMapping(one)) &&
    [undefined, 's', 'ms', 'us', 'ns'].includes(timeUnit as string | undefined)
  );
}
