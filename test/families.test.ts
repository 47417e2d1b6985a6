import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadFamilies } from '../src/families.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rackwatt-families-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(file: string, name: string, rank: number): void {
  const family = `{ name: '${name}', rank: ${rank}, topics: [], expectedIntervalMs: 1000, open() {} }`;
  writeFileSync(join(folder, file), `export const family = ${family};\n`);
}

test('every family there is is found, the one to be asked first before the others', async () => {
  const families = await loadFamilies();
  expect(families.map(({ name }) => name)).toEqual(expect.arrayContaining(['tasmota', 'shelly-gen2']));
  expect(families.map(({ rank }) => rank)).toEqual(families.map(({ rank }) => rank).sort((a, b) => a - b));
});

test('a new file is a new family, as source or built; declarations and hidden files are none', async () => {
  put('b.ts', 'b', 2);
  put('a.js', 'a', 3);
  put('c.js', 'c', 1);
  writeFileSync(join(folder, 'a.d.ts'), '');
  writeFileSync(join(folder, '.hidden.js'), '');
  writeFileSync(join(folder, 'a.js.map'), '');
  expect((await loadFamilies(folder)).map(({ name }) => name)).toEqual(['c', 'b', 'a']);
});

test('a file without a family, or two of one name, is said with its name', async () => {
  writeFileSync(join(folder, 'odd.js'), 'export const family = { name: "odd" };\n');
  await expect(loadFamilies(folder)).rejects.toThrow('devices/families/odd.js');
  rmSync(join(folder, 'odd.js'));
  put('one.js', 'same', 1);
  put('two.js', 'same', 2);
  await expect(loadFamilies(folder)).rejects.toThrow('share a name');
});
