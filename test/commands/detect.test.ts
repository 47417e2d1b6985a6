import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { type DetectAnswer, detect } from '../../src/commands/detect.ts';
import { beginMs, boot, chance, hour, type Reading, wave } from '../detect/waves.ts';

const folder = mkdtempSync(join(tmpdir(), 'detect-'));
afterAll(() => rmSync(folder, { recursive: true }));

const rules = { idleLimitWatts: 200, peerFactor: 1.5, idleLimitShare: 0.4 };
const day = wave([[hour, 1, 0.5], ...boot(250), [4 * hour, 250, 3]], 2);

function file(name: string, header: string, line: (one: Reading) => string, pack = false): string {
  const text = `${header}\n${day.map(line).join('\n')}\n`;
  writeFileSync(join(folder, name), pack ? gzipSync(text) : text);
  return join(folder, name);
}

/** What the last call told beside its answer. */
const notes: string[] = [];

async function detectIn(...files: string[]): Promise<DetectAnswer> {
  let text = '';
  const output = new Writable({
    write(chunk, _, done) {
      text += chunk;
      done();
    },
  });
  notes.length = 0;
  const told = new Writable({
    write(chunk, _, done) {
      notes.push(String(chunk));
      done();
    },
  });
  await detect(files, rules, output, told);
  return JSON.parse(text);
}

describe('rackwatt detect', () => {
  it('reads a file that begins with the newest row as well', async () => {
    const line = (one: Reading) => `${one.atMs},${one.watts}`;
    const forward = await detectIn(file('turned.csv', 'time_ms,watts', line));
    const text = `time_ms,watts\n${day.map(line).reverse().join('\n')}\n`;
    writeFileSync(join(folder, 'turned.csv'), text);
    expect(forward.starts).toHaveLength(1);
    expect(await detectIn(join(folder, 'turned.csv'))).toEqual(forward);
    expect(notes).toEqual([]);
  });

  it('reads a file in no order at all as if it were in order', async () => {
    const line = (one: Reading) => `${one.atMs},${one.watts}`;
    const forward = await detectIn(file('mixed.csv', 'time_ms,watts', line));
    const next = chance(3);
    const keyed = day.map((one) => ({ one, key: next() })).sort((a, b) => a.key - b.key);
    const mixed = keyed.map(({ one }) => one);
    writeFileSync(join(folder, 'mixed.csv'), `time_ms,watts\n${mixed.map(line).join('\n')}\n`);
    expect(await detectIn(join(folder, 'mixed.csv'))).toEqual(forward);
  });

  it('says which lines it left out', async () => {
    const path = join(folder, 'holes.csv');
    writeFileSync(path, 'time,watts\n1760000000,5\n1760000001,\n1760000002,5\nthe end\n');
    await detectIn(path);
    expect(notes).toEqual([
      `${path}: 2 of 4 lines are no rows and left out, the first is line 3: 1760000001,\n`,
    ]);
    writeFileSync(path, 'Time,Watts\n12/28/2011 00:00:01,11\n');
    await expect(detectIn(path)).rejects.toThrow('the first is line 2: 12/28/2011 00:00:01,11');
  });

  it('prints the starts and the idle row of a trace', async () => {
    const { starts, idle } = await detectIn(
      file('hv-01.csv', 'time_ms,watts', (one) => `${one.atMs},${one.watts}`),
    );
    expect(starts).toMatchObject([
      {
        scope: 'server:hv-01',
        atMs: beginMs + 3_600_000,
        peakIs: 'lower-bound',
        sampleMs: 2000,
        complete: true,
      },
    ]);
    expect(starts[0]!.settledWatts).toBeCloseTo(250, -1);
    expect(idle).toMatchObject([
      {
        scope: 'server:hv-01',
        basis: 'measured',
        verdict: 'high',
        limitWatts: 200,
        limitRule: expect.any(String),
      },
    ]);
    expect(idle[0]!.idleWatts).toBeCloseTo(250, -1);
  });

  it('takes seconds, ISO times, volts and packed files, each file as a load of its own', async () => {
    const { starts } = await detectIn(
      file('a.csv', 'timestamp,power', (one) => `${one.atMs / 1000},${one.watts}`),
      file(
        'b.csv.gz',
        'time,watts,volts',
        (one) => `${new Date(one.atMs).toISOString()},${one.watts},${230}`,
        true,
      ),
    );
    expect(starts.map(({ scope, atMs }) => [scope, atMs])).toEqual([
      ['server:a', beginMs + 3_600_000],
      ['server:b', beginMs + 3_600_000],
    ]);
    expect(starts[1]).toMatchObject({ voltsBefore: 230, voltsMin: 230 });
  });

  it('tells a start that the end of the trace cuts off, as far as it is known', async () => {
    const cut = day.slice(0, hour / 2 + 20);
    writeFileSync(
      join(folder, 'cut.csv'),
      `time_ms,watts\n${cut.map((one) => `${one.atMs},${one.watts}`).join('\n')}`,
    );
    const { starts } = await detectIn(join(folder, 'cut.csv'));
    expect(starts).toMatchObject([{ complete: false, peakIs: 'lower-bound' }]);
    expect(starts[0]).not.toHaveProperty('settledWatts');
  });

  it('rejects what is no trace', async () => {
    writeFileSync(join(folder, 'poem.csv'), 'roses,violets\nred,blue\n');
    await expect(detectIn(join(folder, 'poem.csv'))).rejects.toThrow();
  });
});
