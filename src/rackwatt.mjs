#!/usr/bin/env node
// The door to the program. Plain JavaScript without new syntax, so that a Node that is too old can still
// read it and say what is missing, instead of failing on the first TypeScript file.
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  // npm brings the right Node along; where it may not run install scripts, it cannot.
  const pinned = existsSync(new URL('../node_modules/.bin/node', import.meta.url));
  const remedy = pinned
    ? 'The right one is in its folder: call it there as "npm start" or "npx rackwatt"'
    : 'Get it by "npm ci --ignore-scripts=false" in its folder, then "npm start"';
  console.error(
    `rackwatt needs Node 24 or newer, and this is Node ${process.versions.node} (${process.execPath}). ${remedy}; or install Node 24.`,
  );
  process.exit(1);
}
// Compiled once for all later starts: halves the time until we serve. Where it cannot be written, nothing is lost.
module.enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url)));
// The built program lies beside this file as main.js, the source as main.ts.
const { main } = await import(existsSync(new URL('./main.js', import.meta.url)) ? './main.js' : './main.ts');
await main(process.argv.slice(2));
