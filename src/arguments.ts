import type { Command } from 'commander';

/** What the commands' arguments have in common; main.ts and main-exchange.ts read them. */

export const configFlag = '-c, --config <file>';
export const configHelp = 'settings (YAML); also RACKWATT_CONFIG';

export async function load({ config }: { config?: string | undefined }) {
  const { loadSettings } = await import('./config/load.ts');
  return loadSettings({ configPath: config, env: process.env, cwd: process.cwd() });
}

export function add(rackwatt: Command, name: string): Command {
  return rackwatt.command(name).allowExcessArguments(false).exitOverride();
}

export function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}\n`).join('')}`;
}
