// `npm run dev`: the service, started again at each change of its sources, and Vite, which serves the page from
// source and asks the service through a proxy. Either one ending ends both.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const cwd = fileURLToPath(new URL('..', import.meta.url));
const start = (...args) => spawn(process.execPath, args, { cwd, stdio: 'inherit' });
const both = [
  start('--watch', '--watch-preserve-output', 'src/rackwatt.mjs', 'serve'),
  start('node_modules/vite/bin/vite.js', '--config', 'src/web/vite.config.ts', '--logLevel', 'info'),
];

for (const child of both) child.on('exit', end);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, end);

function end() {
  for (const child of both) child.kill('SIGTERM');
}
