// Run as a process of its own by embedded.test.ts: node write-until-killed.ts FOLDER START FROM. Writes numbered
// readings, one batch after the other, and says on stdout up to which number they are acknowledged, until killed.
import { EmbeddedStore } from '../../src/store/embedded/embedded-store.ts';
import { numberedReading, smallJournalBytes } from './numbered-readings.ts';

const [path, startMs, from] = process.argv.slice(2);
const dayMs = 86_400_000;
const store = new EmbeddedStore({
  path: path!,
  retention: { rawMs: 30 * dayMs, minuteMs: 400 * dayMs },
  journalBytesMax: smallJournalBytes,
});
await store.open();
for (let number = Number(from); ; ) {
  const batch = store.readingBatch();
  for (let i = 0; i < 50; i += 1) batch.add(numberedReading(Number(startMs), number + i));
  await store.write(batch.encode());
  number += 50;
  process.stdout.write(`${number}\n`);
}
