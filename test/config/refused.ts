import { readSettingsText } from '../../src/config/file.ts';
import { loadSettings, type SettingsInput } from '../../src/config/load.ts';
import { SettingsError, type SettingsProblem } from '../../src/config/problem.ts';

/** The problems that loading ends with; fails when it does not end with any. */
export function refused(input: Partial<SettingsInput>): readonly SettingsProblem[] {
  try {
    loadSettings({ env: {}, cwd: '/', ...input });
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  throw new Error('these settings were accepted');
}

/** YAML text as the value of the variables of its top sections: saves a file where places do not matter. */
export function asVariables(yaml: string): Record<string, string> {
  const { tree, problems } = readSettingsText(yaml, 'text');
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  return Object.fromEntries(
    Object.entries(tree as object).map(([section, value]) => [
      `RACKWATT_${section.toUpperCase()}`,
      JSON.stringify(value),
    ]),
  );
}
