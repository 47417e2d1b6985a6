import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Watch } from '../../src/detect/watch.ts';
import type { PowerTree } from '../../src/model/power-tree.ts';
import { told, toldWidth } from '../../src/model/server-observer.ts';

/** All detectors together, by the reading; beside them what anybody would keep: a running mean, least and most. */
export type DetectRow = Readonly<Record<string, string | number>>;

const loads = 1_000;
const seconds = 1_800;
/** So many seconds of readings are made before they are timed. */
const secondsInBlock = 10;
const warmUpSeconds = 600;
const settleSeconds = 1_080;
const loadsOfState = 100_000;
const beginMs = Date.UTC(2025, 2, 4);

export async function detectBench(): Promise<DetectRow[]> {
  return [...speed(), state()];
}

/**
 * Readings of all loads second by second, as a room of meters that report each second sends them: rows in the columns
 * of `told`, one after the other.
 */
class Readings {
  readonly rows = new Float64Array(loads * secondsInBlock * toldWidth);
  #seed = 1;

  fill(fromSecond: number, starting: boolean): void {
    for (let i = 0; i < loads * secondsInBlock; i += 1) {
      const second = fromSecond + Math.floor(i / loads);
      const load = i % loads;
      const volts = Math.round(10 * (230 + 0.5 * this.#chance())) / 10;
      const watts = drawOf(load, second, starting) * (0.99 + 0.02 * this.#chance());
      const told = [beginMs + second * 1000 + load / 2, Math.round(watts * 10) / 10, volts, 0];
      const own = [told[1]!, volts, Math.round((watts / volts) * 1000) / 1000];
      this.rows.set([...told, ...own], i * toldWidth);
    }
  }

  #chance(): number {
    this.#seed = (Math.imul(this.#seed, 1664525) + 1013904223) >>> 0;
    return this.#seed / 2 ** 32;
  }
}

/** Of 100: 4 off, 6 in standby, 5 that start every ten minutes, 30 whose load changes every minute, the rest idle. */
function drawOf(load: number, second: number, starting: boolean): number {
  const kind = load % 100;
  if (kind < 4) return 1;
  if (kind < 10) return 14;
  if (kind < 15) {
    if (!starting) return 180;
    const phase = (second + 37 * load) % 600;
    if (phase < 200) return 2;
    return phase < 220 ? 400 : phase < 320 ? 260 : 180;
  }
  if (kind < 45) return 150 + ((Math.floor((second + load) / 60) * 7919) % 300);
  return 90 + kind;
}

function roomOf(count: number, loadsOfBreaker: number): PowerTree {
  const servers = Array.from({ length: count }, (_, i) => ({
    name: `s${i}`,
    inputs: [{ outlet: `pdu-${i >> 3}/${(i & 7) + 1}`, breaker: `A${Math.floor(i / loadsOfBreaker)}` }],
  }));
  return { name: '', timezone: 'UTC', feeds: [], racks: [], servers };
}

function openAll(tree: PowerTree, event: () => void): Watch {
  const watch = new Watch({ tree, event });
  for (const [scope, { name, inputs }] of tree.servers.entries())
    watch.opened(scope, `server:${name}`, [inputs[0]!.outlet]);
  return watch;
}

function speed(): DetectRow[] {
  let events = 0;
  const watch = openAll(roomOf(loads, 24), () => {
    events += 1;
  });
  const bare = new Float64Array(loads * 3);
  const readings = new Readings();
  const cpu = { watch: 0, calm: 0, bare: 0, steadyBytes: 0, steadyReadings: 0 };
  let heldBefore = 0;
  for (let second = 0; second < warmUpSeconds + 2 * seconds; second += secondsInBlock) {
    const calm = second >= warmUpSeconds + seconds;
    // Past the end of the last starts.
    const steadyFrom = warmUpSeconds + seconds + settleSeconds;
    const steady = second >= steadyFrom;
    if (second === steadyFrom) heldBefore = heldBytes();
    readings.fill(second, !calm);
    const bareMicros = cpuMicros(() => observeBare(bare, readings));
    const bytes = process.memoryUsage().heapUsed;
    const micros = cpuMicros(() => observeAll(watch, readings, second));
    const moreBytes = process.memoryUsage().heapUsed - bytes;
    if (second < warmUpSeconds) continue;
    cpu.bare += bareMicros;
    cpu[calm ? 'calm' : 'watch'] += micros;
    // Where the collector ran in between, less is there than before: such a block says nothing.
    if (steady && moreBytes > 0) {
      cpu.steadyBytes += moreBytes;
      cpu.steadyReadings += loads * secondsInBlock;
    }
  }
  if (events === 0 || !Number.isFinite(bare[0]!)) throw new Error('nothing was detected');
  const of = loads * seconds;
  const bareMicros = cpu.bare / (2 * of);
  const row = (what: string, micros: number) => ({
    what,
    readings: of,
    cpuMicrosPerReading: round3(micros),
    bareMicrosPerReading: round3(bareMicros),
  });
  return [
    { ...row('all detectors, 5 % of the loads starting every ten minutes', cpu.watch / of), events },
    {
      ...row('all detectors, nothing starting', cpu.calm / of),
      bytesAllocatedPerReading: round3(cpu.steadyBytes / cpu.steadyReadings),
      heldBytesPerReading: round3((heldBytes() - heldBefore) / (loads * (seconds - settleSeconds))),
    },
  ];
}

const row = new Float64Array(toldWidth);

function observeAll(watch: Watch, { rows }: Readings, fromSecond: number): void {
  for (let second = 0; second < secondsInBlock; second += 1) {
    watch.tick(beginMs + (fromSecond + second) * 1000);
    for (let load = 0; load < loads; load += 1) {
      const from = (second * loads + load) * toldWidth;
      for (let column = 0; column < toldWidth; column += 1) row[column] = rows[from + column]!;
      watch.observe(load, row);
      watch.observeInput(load, row);
    }
  }
}

function observeBare(state: Float64Array, { rows }: Readings): void {
  for (let i = 0; i < loads * secondsInBlock; i += 1) {
    const at = (i % loads) * 3;
    const draw = rows[i * toldWidth + told.watts]!;
    state[at]! += (draw - state[at]!) / 60;
    if (draw < state[at + 1]!) state[at + 1] = draw;
    if (draw > state[at + 2]!) state[at + 2] = draw;
  }
}

/** What a load costs in memory, names of loads and outlets not counted: the room has them already. */
function state(): DetectRow {
  const tree = roomOf(loadsOfState, 24);
  const ids = tree.servers.map(({ name }) => `server:${name}`);
  const outlets = tree.servers.map(({ inputs }) => [inputs[0]!.outlet]);
  const before = heldBytes();
  const watch = new Watch({ tree, event: () => {} });
  for (let i = 0; i < loadsOfState; i += 1) watch.opened(i, ids[i]!, outlets[i]!);
  for (let round = 0; round < 20; round += 1) {
    for (let i = 0; i < loadsOfState; i += 1)
      observeOne(watch, i, beginMs + round * 60_000, 100 + ((i + round) % 50));
  }
  const bytes = heldBytes() - before;
  if (watch.loadCount !== loadsOfState) throw new Error('loads are missing');
  return {
    what: `state of a load, of ${loadsOfState}`,
    readings: 20 * loadsOfState,
    bytesPerLoad: Math.round(bytes / loadsOfState),
  };
}

function observeOne(watch: Watch, load: number, atMs: number, watts: number): void {
  row[told.atMs] = atMs;
  row[told.watts] = watts;
  row[told.volts] = row[told.inputVolts] = 230;
  row[told.inputWatts] = watts;
  row[told.inputAmps] = watts / 230;
  watch.observe(load, row);
  watch.observeInput(load, row);
}

/** What is in use after the collector has run. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function cpuMicros(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

function round3(value: number): number {
  return Math.round(value * 1000) / 1000;
}
