import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { decode } from '../../src/commands/decode.ts';
import { loadSettings } from '../../src/config/load.ts';
import type { Family } from '../../src/devices/family.ts';
import { familiesWith } from '../../src/families.ts';
import { HandClock } from '../base/hand-clock.ts';

const root = join(import.meta.dirname, '../..');

test('docs/add-a-device.md is true: its family reads its messages as it says', async () => {
  const page = await readFile(join(root, 'docs/add-a-device.md'), 'utf8');
  const [source] = blocks(page, 'ts');
  const [, , messages, expected] = blocks(page, 'jsonl');
  // Not among the families: other tests run beside this one.
  const folder = await mkdtemp(join(tmpdir(), 'rackwatt-add-a-device-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'acme.ts');
  const families = join(root, 'src/devices/families');
  const placed = (source as string).replace(
    /from '(.+?)'/g,
    (_, path: string) => `from '${join(families, path)}'`,
  );
  await writeFile(file, placed);
  const { family } = (await import(file)) as { family: Family };
  const output = new PassThrough();
  const written = text(output);
  await decode([family], Readable.from([messages]), output, new HandClock());
  output.end();
  expect(await written).toBe(expected);
});

test('docs/add-a-device.md is true: its lines for the settings read its messages as it says', async () => {
  const page = await readFile(join(root, 'docs/add-a-device.md'), 'utf8');
  const [messages, expected] = blocks(page, 'jsonl');
  const [lines = ''] = blocks(page, 'yaml');
  expect(lines.trimEnd().split('\n').slice(2).length).toBeLessThanOrEqual(10);
  const { mqtt } = parse(lines) as { mqtt: object };
  const { settings } = loadSettings({ env: { RACKWATT_MQTT: JSON.stringify(mqtt) }, cwd: root });
  const output = new PassThrough();
  const written = text(output);
  await decode(
    await familiesWith(settings.mqtt.mappings),
    Readable.from([messages]),
    output,
    new HandClock(),
  );
  output.end();
  expect(await written).toBe(expected);
});

function blocks(page: string, language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    (match) => match[1] as string,
  );
}
