import { basename } from 'node:path';
import type { Writable } from 'node:stream';
import { type IdleRules, idleVerdicts } from '../analysis/idle-limit.ts';
import { Watch } from '../detect/watch.ts';
import type { IdleVerdict } from '../model/idle.ts';
import type { PowerTree } from '../model/power-tree.ts';
import { told, toldWidth } from '../model/server-observer.ts';
import type { StartRecord } from '../model/start.ts';
import { leftOut, readTrace } from './trace-file.ts';

export interface DetectAnswer {
  readonly starts: readonly StartRecord[];
  readonly idle: readonly IdleVerdict[];
}

interface Row {
  readonly atMs: number;
  readonly watts: number;
  readonly volts?: number | undefined;
}

const noTree: PowerTree = { name: '', timezone: 'UTC', feeds: [], racks: [], servers: [] };

/**
 * `rackwatt detect FILE…`: runs the detectors over traces, each file as a load of its own, and writes one JSON
 * object; `notes` takes what was left out. Rejects with a TraceError.
 */
export async function detect(
  files: readonly string[],
  rules: IdleRules,
  output: Writable,
  notes: Writable,
): Promise<void> {
  const starts: StartRecord[] = [];
  const idle: IdleVerdict[] = [];
  for (const file of files) {
    const trace = await readTrace(file);
    const note = leftOut(file, trace);
    if (note !== undefined) notes.write(note);
    const found = detectIn(
      `server:${basename(file).replace(/(?<=.)\.[^.]*(\.gz)?$/, '')}`,
      trace.rows,
      rules,
    );
    starts.push(...found.starts);
    idle.push(...found.idle);
  }
  output.write(`${JSON.stringify({ starts, idle } satisfies DetectAnswer)}\n`);
}

/** Every start of one load, oldest first, and its idle row. Rows may come out of order, as meters send them. */
export function detectIn(scope: string, rows: readonly Row[], rules: IdleRules): DetectAnswer {
  const starts = new Map<string, StartRecord>();
  const watch = new Watch({
    tree: noTree,
    event: (event) => {
      if (event.kind === 'start') starts.set(event.start.id, event.start);
    },
  });
  watch.opened(0, scope, [scope.slice(scope.indexOf(':') + 1)]);
  const row = new Float64Array(toldWidth);
  for (const { atMs, watts, volts } of rows) {
    // As time passes in a room, also between two readings.
    watch.tick(atMs);
    row[told.atMs] = atMs;
    row[told.watts] = watts;
    row[told.volts] = volts ?? Number.NaN;
    watch.observe(0, row);
  }
  // What the end of the trace cut off.
  for (const start of watch.openStarts()) starts.set(start.id, start);
  return { starts: [...starts.values()], idle: idleVerdicts(watch.idle(), noTree, rules) };
}
