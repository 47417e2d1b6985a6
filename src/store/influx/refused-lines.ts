import type { StoreWrite } from '../store.ts';
import { errorText } from './answers.ts';

const conflict = /input field "(.+?)" on measurement "(.+?)"/;
const fullTag = /measurement="(.+?)" tag="(.+?)" value="(.+?)"/;

/**
 * The lines of a write among which are those that the server refused: as few as its answer tells apart, since it names
 * no lines. The others of them are in the store already, where writing again does no harm.
 */
export function refusedLines(write: StoreWrite, answer: string): StoreWrite {
  // Texts of events may hold line ends.
  const test = write.tier === 'events' ? undefined : lineTest(errorText(answer));
  if (test === undefined) return write;
  const lines = Buffer.from(write.bytes).toString('utf8').split('\n').filter(test);
  if (lines.length === 0) return write;
  return { tier: write.tier, count: lines.length, bytes: Buffer.from(`${lines.join('\n')}\n`) };
}

function lineTest(said: string): ((line: string) => boolean) | undefined {
  const field = conflict.exec(said);
  if (field !== null) {
    const [, name, measurement] = field;
    const [first, later] = [` ${name}=`, `,${name}=`];
    return (line) => line.startsWith(`${measurement},`) && (line.includes(first) || line.includes(later));
  }
  const tag = fullTag.exec(said);
  if (tag === null) return undefined;
  const [, measurement, key, value] = tag;
  return (line) => line.startsWith(`${measurement},`) && line.includes(`,${key}=${value}`);
}
