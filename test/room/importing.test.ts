import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeLog } from '../../src/base/log.ts';
import { Importing, type ImportingParts } from '../../src/importing.ts';

/** What is said at a start with such a folder. */
async function saidAtStart(folder: string): Promise<unknown[]> {
  const said: unknown[] = [];
  const log = makeLog('silent');
  log.warn = (...words: unknown[]) => said.push(...words);
  await new Importing({ folder, log } as ImportingParts).start();
  return said;
}

it('tells at a start of an import that was cut off, not of one that had come to its end', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rackwatt-importing-'));
  try {
    expect(await saidAtStart(folder)).toEqual([]);
    mkdirSync(join(folder, 'one that was cut off'), { recursive: true });
    expect(await saidAtStart(folder)).toEqual([expect.stringContaining('an import was cut off by a stop')]);
    expect(await saidAtStart(folder)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
