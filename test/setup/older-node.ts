import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A way to run a file on a Node that is too old for us, and the version it says it is. */
export interface OlderNode {
  readonly command: readonly string[];
  readonly version: string;
}

const pretending =
  "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.11.0'}})";

/** The machine's own Node where that is older than 24, which is what users have; else ours, saying it were. */
export function olderNode(): OlderNode {
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin']) {
    const path = join(folder, 'node');
    if (folder.includes('node_modules') || !existsSync(path)) continue;
    const version = spawnSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8' }).stdout.trim();
    if (/^\d+\./.test(version) && Number.parseInt(version, 10) < 24) return { command: [path], version };
  }
  return { command: [process.execPath, '--import', pretending], version: '20.11.0' };
}
