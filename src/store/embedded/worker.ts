import { parentPort } from 'node:worker_threads';
import { StoreError } from '../store.ts';
import type { Answer, Ask, OpenOptions } from './calls.ts';
import { setAsideDamaged } from './damaged-file.ts';
import { Engine } from './engine.ts';
import { asStoreError } from './sqlite-error.ts';
import { ForeignFile } from './store-file.ts';

/**
 * The thread the store lives in: one call after the other, in the order they were asked, and background steps
 * in between. Started by worker-line.ts. An error nobody foresaw while writing ends the thread on purpose: the
 * next one starts from what is in the file.
 */
const port = parentPort;
if (port === null) throw new Error('the embedded store runs in a worker thread');

let engine: Engine | undefined;
let openedWith: OpenOptions | undefined;
let file = '';
let isStepPlanned = false;

port.on('message', (ask: Ask) => {
  try {
    const value = answerTo(ask);
    port.postMessage({ id: ask.id, value } satisfies Answer, buffersOf(value));
  } catch (error) {
    refuse(ask, error);
  }
  planStep();
  if (ask.call === 'close') port.close();
});

function answerTo(ask: Ask): unknown {
  if (ask.call === 'open') {
    file = ask.ask.file;
    openedWith = ask.ask;
    engine = open(ask.ask);
    return engine.health();
  }
  if (engine === undefined) throw new StoreError('unreachable', 'the store is not open');
  switch (ask.call) {
    case 'write':
      return write(engine, ask.ask.bytes, ask.ask.nowMs);
    case 'series':
      return engine.questions.readingSeries(ask.ask);
    case 'rollUps':
      return engine.questions.rollUps(ask.ask);
    case 'knownScopes':
      return engine.questions.knownScopes();
    case 'energyByScope':
      return engine.questions.energyByScope(ask.ask.tier, ask.ask.fromMs, ask.ask.toMs);
    case 'energyRows':
      return engine.energy.rows(ask.ask);
    case 'rawSlice':
      return engine.raw.slice(ask.ask);
    case 'events':
      return engine.events.list(ask.ask);
    case 'start':
      return engine.events.start(ask.ask.id);
    case 'lastStarts':
      return engine.events.lastStarts(ask.ask.fromMs, ask.ask.toMs);
    case 'prune':
      return engine.prune(ask.ask.nowMs);
    case 'ping':
      return engine.health();
    case 'close':
      return engine.close();
    default:
      return ask satisfies never;
  }
}

/** A file that is damaged is set aside where that is wanted: what is read from now on is worth more than to stop. */
function open(options: OpenOptions): Engine {
  try {
    return new Engine(options, report);
  } catch (error) {
    if (!beginsAnew(error, options)) throw error;
    return new Engine(options, report);
  }
}

function write(current: Engine, bytes: ArrayBuffer, nowMs: number): unknown {
  try {
    return current.write(bytes, nowMs);
  } catch (error) {
    const options = { ...openedWith!, nowMs };
    if (!isDamage(error) || !options.setsAside) throw error;
    closeDamaged(current);
    if (!beginsAnew(error, options)) throw error;
    engine = new Engine(options, report);
    return engine.write(bytes, nowMs);
  }
}

function isDamage(error: unknown): boolean {
  const known = asStoreError(error, file);
  return known instanceof StoreError && known.code === 'corrupt' && !(known instanceof ForeignFile);
}

function beginsAnew(error: unknown, { setsAside, nowMs }: OpenOptions): boolean {
  if (!setsAside || !isDamage(error)) return false;
  const keptAs = setAsideDamaged(file, nowMs);
  if (keptAs === undefined) return false;
  const text = `${file} is damaged (${(error as Error).message}). It is kept as ${keptAs}, and a new one is begun: history from before is missing until it has been rescued, see docs/durability.md`;
  port?.postMessage({ report: text, setAside: keptAs } satisfies Answer);
  return true;
}

function closeDamaged(damaged: Engine): void {
  try {
    damaged.close();
  } catch {
    // What it could not do any more is in the journal of the file.
  }
}

function refuse(ask: Ask, error: unknown): void {
  const known = asStoreError(error, file);
  if (!(known instanceof StoreError) && ask.call === 'write') throw error;
  const code = known instanceof StoreError ? known.code : undefined;
  port?.postMessage({
    id: ask.id,
    error: { code, message: String((known as Error).message) },
  } satisfies Answer);
}

function report(problem: string): void {
  port?.postMessage({ report: problem } satisfies Answer);
}

/** `setImmediate` is no clock here: it only lets waiting calls go first. */
function planStep(): void {
  if (isStepPlanned || engine?.hasWork !== true) return;
  isStepPlanned = true;
  setImmediate(() => {
    isStepPlanned = false;
    if (engine?.hasWork !== true) return;
    engine.step();
    planStep();
  });
}

/** Columns are handed over, not copied. */
function buffersOf(value: unknown): ArrayBuffer[] {
  if (typeof value !== 'object' || value === null) return [];
  const buffers = Object.values(value)
    .flatMap((column) => (Array.isArray(column) && column[0] instanceof Float64Array ? column : [column]))
    .filter((column) => column instanceof Float64Array || column instanceof Uint32Array)
    .map((column) => column.buffer as ArrayBuffer);
  return [...new Set(buffers)];
}
