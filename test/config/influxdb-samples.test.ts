import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadSettings } from '../../src/config/load.ts';
import {
  eventMeasurements,
  policyNames,
  readingFields,
  rollUpFields,
} from '../../src/store/influx/layout.ts';

const paper = readFileSync(join(import.meta.dirname, '../../docs/influxdb.md'), 'utf8');
const blocks = (language: string) =>
  [...paper.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, 'g'))].map((found) => found[1]!);

describe('docs/influxdb.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rackwatt-samples-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    ['1.x', 'http://127.0.0.1:8086', 0],
    ['2.x', 'http://127.0.0.1:8086', 1],
    ['3 Core', 'http://127.0.0.1:8181', 2],
  ])('has settings for InfluxDB %s that are taken without a complaint', (_version, url, i) => {
    expect(blocks('yaml')).toHaveLength(3);
    const file = join(folder, `${i}.yaml`);
    writeFileSync(file, blocks('yaml')[i]!);
    const { settings, warnings } = loadSettings({ configPath: file, env: {}, cwd: folder });
    expect(warnings).toEqual([]);
    expect(settings.store.kind).toBe('influx');
    expect(settings.store.influx).toMatchObject({ url, database: 'rackwatt' });
    expect(settings.store.influx.username).toBeTruthy();
    expect(settings.store.influx.password).toBeTruthy();
  });

  test('has lines of influxdb.conf that a real influxd understands', () => {
    const [toml] = blocks('toml');
    const file = join(folder, 'influxdb.conf');
    writeFileSync(file, toml!);
    const understood = execFileSync('influxd', ['config', '-config', file], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
    const lines = toml!.split('\n').filter((line) => /^\s+[\w-]+ = /.test(line));
    expect(lines.length).toBeGreaterThan(3);
    for (const line of lines) expect(understood).toContain(line.trim());
  });

  test('names every policy, measurement and field that is written', () => {
    const names = [
      ...policyNames,
      ...Object.values(eventMeasurements),
      ...Object.values(readingFields),
      ...Object.values(rollUpFields),
    ];
    for (const name of names) expect(paper).toContain(`\`${name}\``);
  });
});
