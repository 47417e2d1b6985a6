import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Family } from './devices/family.ts';
import type { MappingSettings } from './devices/mapping.ts';
import { mappingFamily } from './devices/mapping-family.ts';

/**
 * The device families there are: every file under devices/families, so that adding one is adding a file.
 * Sorted by rank. Throws when a file does not hold a family: that is a mistake of ours.
 */
export async function loadFamilies(
  folder = join(import.meta.dirname, 'devices/families'),
): Promise<Family[]> {
  // As source the files end in .ts, as built in .js.
  const files = (await readdir(folder)).filter((file) => /^[^.].*(?<!\.d)\.[jt]s$/.test(file)).sort();
  const families = await Promise.all(files.map((file) => loadFamily(join(folder, file))));
  const names = new Set(families.map(({ name }) => name));
  if (names.size !== families.length)
    throw new Error(`two device families share a name: ${families.map(({ name }) => name).join(', ')}`);
  return families.sort((a, b) => a.rank - b.rank || a.name.localeCompare(b.name));
}

/** The same, and before them what the settings describe (`mqtt.mappings`). */
export async function familiesWith(mappings: readonly MappingSettings[]): Promise<Family[]> {
  const families = await loadFamilies();
  return mappings.length === 0 ? families : [mappingFamily(mappings), ...families];
}

async function loadFamily(path: string): Promise<Family> {
  const { family } = (await import(pathToFileURL(path).href)) as { family?: Partial<Family> };
  const sound =
    typeof family?.name === 'string' &&
    family.name !== '' &&
    Array.isArray(family.topics) &&
    Number.isFinite(family.rank) &&
    Number.isFinite(family.expectedIntervalMs) &&
    typeof family.open === 'function';
  if (!sound)
    throw new Error(
      `devices/families/${basename(path)} does not export a \`family\` (see devices/family.ts)`,
    );
  return family as Family;
}
