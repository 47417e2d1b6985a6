// Run as a process of its own by checkpoint.test.ts: node checkpoint-until-killed.ts FOLDER. Writes one checkpoint
// after the other, each with its number, and says on stdout which one is on disk, until killed.
import { systemClock } from '../../src/base/clock.ts';
import { CheckpointFile } from '../../src/store/checkpoint.ts';

const checkpoints = new CheckpointFile({ folder: process.argv[2]!, clock: systemClock });
const found = await checkpoints.read();
await found?.close();
for (let number = Number(found?.savedAtMs ?? 0) + 1; ; number += 1) {
  const chunk = new Uint8Array(100_000).fill(number);
  await checkpoints.write([{ name: 'a', chunks: Array.from({ length: 20 }, () => chunk) }], number);
  process.stdout.write(`${number}\n`);
}
