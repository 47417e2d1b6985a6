import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RefusedFiles } from '../../src/store/refused-files.ts';
import { HandClock } from '../base/hand-clock.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rackwatt-refused-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const refusal = (line: string) => ({
  write: { tier: 'raw' as const, count: 1, bytes: Buffer.from(`${line}\n`) },
  points: 1,
  said: 'no',
});

it('holds what was refused first, counts what is more, and takes up again when somebody has looked', async () => {
  const files = await RefusedFiles.open({ folder, clock: new HandClock(), bytesMax: 250 });
  for (let i = 0; i < 6; i += 1) await files.keep(refusal(`reading,device=a watts=${i} ${i}`));
  const file = join(folder, 'refused-raw.lp');
  const text = readFileSync(file, 'utf8');
  expect(text.match(/watts=\d/g)).toEqual(['watts=0', 'watts=1', 'watts=2']);
  expect(files.status).toEqual({ bytes: text.length, notKept: 3 });
  rmSync(file);
  await files.keep(refusal('reading,device=a watts=7 7'));
  expect(readFileSync(file, 'utf8')).toContain('watts=7');
  expect(files.status).toEqual({ bytes: readFileSync(file).length, notKept: 3 });
});

it('counts what a disk does not take, and finds what an earlier run has left', async () => {
  const files = await RefusedFiles.open({ folder, clock: new HandClock() });
  await files.keep(refusal('reading,device=a watts=1 1'));
  const next = await RefusedFiles.open({ folder, clock: new HandClock() });
  expect(next.status).toEqual(files.status);
  rmSync(folder, { recursive: true });
  await next.keep(refusal('reading,device=a watts=2 2'));
  expect(next.status.notKept).toBe(1);
});
