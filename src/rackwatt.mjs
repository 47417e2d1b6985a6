#!/usr/bin/env node
// The door to the program. Plain JavaScript without new syntax, so that a Node that is too old can still
// read it and say what is missing, instead of failing on the first TypeScript file.
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(
    `rackwatt needs Node 24 or newer, this is Node ${process.versions.node} (${process.execPath}). ` +
      'Run it as "npm start" or "npx rackwatt" in its folder: "npm ci" (without --ignore-scripts) brings the right Node along; or install Node 24.',
  );
  process.exit(1);
}
// The built program lies beside this file as main.js, the source as main.ts.
const built = import.meta.filename.includes('/dist/') || import.meta.filename.includes('\\dist\\');
const { main } = await import(built ? './main.js' : './main.ts');
await main(process.argv.slice(2));
