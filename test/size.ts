import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { buildPage } from './web/built-page.ts';

// `npm run size`: what a browser has to fetch before the page is whole, compressed as the service sends it.

const budgetBytes = 80_000;

await using page = await buildPage();
const entries = await readdir(page.folder, { recursive: true, withFileTypes: true });
const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
const rows = await Promise.all(
  paths.map(async (path) => {
    const bytes = await readFile(path);
    return {
      file: relative(page.folder, path),
      bytes: bytes.length,
      gzip: gzipSync(bytes, { level: 9 }).length,
    };
  }),
);
rows.sort((a, b) => b.gzip - a.gzip);
const gzipBytes = rows.reduce((sum, { gzip }) => sum + gzip, 0);
rows.push({ file: 'all', bytes: rows.reduce((sum, { bytes }) => sum + bytes, 0), gzip: gzipBytes });

for (const { file, bytes, gzip } of rows) {
  console.log(`${file.padEnd(34)}${kilobytes(bytes)}${kilobytes(gzip)} gzip`);
}
console.log(`budget${' '.repeat(40)}${kilobytes(budgetBytes)} gzip`);
if (gzipBytes > budgetBytes) {
  console.error(`The page weighs ${gzipBytes - budgetBytes} bytes more than its budget.`);
  process.exitCode = 1;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`.padStart(12);
}
