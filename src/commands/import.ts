import { createReadStream } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import type { Clock } from '../base/clock.ts';
import { linesOf } from '../base/lines.ts';
import { ImportReader, type LeftOutLines, lineLengthMax } from '../exchange/import-reader.ts';
import type { ImportOptions, NameMapping } from '../exchange/import-rows.ts';
import { measuredAs } from '../exchange/quantity-words.ts';
import { splitOutlet } from '../model/reading.ts';
import { isZone } from '../model/zone.ts';
import { ArgumentError } from './argument-error.ts';
import type { ImportResult, ImportTarget } from './import-targets.ts';
import { Progress, type ProgressOutput } from './progress.ts';

export interface ImportArguments {
  readonly files: readonly string[];
  readonly timezone: string;
  /** `NAME=OUTLET[:UNIT]` */
  readonly map: readonly string[];
  /** A file of such lines. */
  readonly mapFile?: string | undefined;
  readonly outlet?: string | undefined;
  readonly quantity?: string | undefined;
  readonly dryRun: boolean;
}

/** What `import` writes to and waits on. */
export interface ImportDoor {
  readonly stderr: ProgressOutput;
  readonly stdout: { write(text: string): unknown };
  readonly clock: Clock;
  /** Opens what the rows go to; not called in a dry run. */
  readonly target: () => Promise<ImportTarget>;
}

/** Brings files of past readings into history. Answers whether anything was taken; rejects with the reason it stopped. */
export async function importFiles(options: ImportArguments, door: ImportDoor): Promise<boolean> {
  const readerOptions = await readerOptionsOf(options, door.clock.nowMs());
  const target = options.dryRun ? undefined : await door.target();
  try {
    let rows = 0;
    for (const file of options.files) rows += await importFile(file, readerOptions, target, door);
    const result = target && rows > 0 ? await finish(target, door) : undefined;
    door.stdout.write(options.dryRun ? 'A dry run: nothing was written.\n' : summaryOf(result));
    return rows > 0;
  } finally {
    await target?.close();
  }
}

/** Answers how many lines were taken. */
async function importFile(
  file: string,
  options: ImportOptions,
  target: ImportTarget | undefined,
  { stderr, stdout, clock }: ImportDoor,
): Promise<number> {
  const reader = new ImportReader(options);
  const { size } = await stat(file).catch((error: NodeJS.ErrnoException) => {
    throw new Error(error.code === 'ENOENT' ? `${file}: no such file` : `${file}: ${error.message}`);
  });
  let rows = 0;
  const stream = createReadStream(file);
  const progress = new Progress(stderr, clock, () => {
    const share = size === 0 ? 1 : Math.min(1, stream.bytesRead / size);
    return `${file} ${bar(share)} ${Math.floor(share * 100)} %, ${count(rows)} lines`;
  });
  const names = new Map<string, { rows: number; fromMs: number; toMs: number }>();
  try {
    const packed = await isGzip(file);
    for await (const line of linesOf(packed ? unpacked(stream) : stream, lineLengthMax)) {
      const row = reader.take(line.text, line.tooLong);
      if (row === undefined) continue;
      rows += 1;
      const parts =
        row.kind === 'readings'
          ? row.readings.map(({ outlet, atMs }) => [`outlet:${outlet}`, atMs] as const)
          : row.rows.map(({ scope, fromMs }) => [scope, fromMs] as const);
      for (const [name, atMs] of parts) noteName(names, name, atMs);
      await target?.take(row);
    }
  } catch (error) {
    const code = String((error as NodeJS.ErrnoException).code ?? '');
    throw new Error(
      `${file}: ${code.startsWith('Z_') ? 'its packed content is damaged or cut off' : (error as Error).message}`,
      { cause: error },
    );
  } finally {
    progress.stop();
    stream.destroy();
  }
  stdout.write(fileSummary(file, reader, rows, names));
  return rows;
}

const namesMax = 100_000;
const namesShown = 20;

function noteName(
  names: Map<string, { rows: number; fromMs: number; toMs: number }>,
  name: string,
  atMs: number,
): void {
  const known = names.get(name);
  if (known !== undefined) {
    known.rows += 1;
    known.fromMs = Math.min(known.fromMs, atMs);
    known.toMs = Math.max(known.toMs, atMs);
  } else if (names.size < namesMax) names.set(name, { rows: 1, fromMs: atMs, toMs: atMs });
}

async function finish(target: ImportTarget, { stderr, clock }: ImportDoor): Promise<ImportResult> {
  let latest: ImportResult | undefined;
  const progress = new Progress(stderr, clock, () => {
    const share = latest === undefined || latest.days === 0 ? 0 : latest.daysMade / latest.days;
    return `roll-ups and energy ${bar(share)} ${Math.floor(share * 100)} % of ${count(latest?.days ?? 0)} days`;
  });
  try {
    return await target.finish((result) => {
      latest = result;
    });
  } finally {
    progress.stop();
  }
}

function fileSummary(
  file: string,
  reader: ImportReader,
  rows: number,
  names: ReadonlyMap<string, { rows: number; fromMs: number; toMs: number }>,
): string {
  const lines = [`${file} (${reader.form ?? 'empty'}): ${count(rows)} lines taken`];
  for (const [name, { rows: own, fromMs, toMs }] of [...names].slice(0, namesShown))
    lines.push(`  ${name}: ${count(own)} from ${timeText(fromMs)} to ${timeText(toMs)}`);
  if (names.size > namesShown) lines.push(`  … and ${count(names.size - namesShown)} more`);
  if (reader.leftOutColumns.length > 0)
    lines.push(
      `  columns left out: ${reader.leftOutColumns.join(', ')} (to take one: --map '${reader.leftOutColumns[0]}=DEVICE/OUTLET:W')`,
    );
  for (const left of reader.leftOut) lines.push(...leftOutLines(left));
  return `${lines.join('\n')}\n`;
}

function leftOutLines({ reason, text, count: left, lines, details }: LeftOutLines): string[] {
  const where = `line${lines.length === 1 ? '' : 's'} ${lines.join(', ')}${left > lines.length ? ', …' : ''}`;
  const told = [`  left out: ${count(left)}, ${text} (${where})`];
  if (details.length > 0) told.push(`    ${details.join(' · ')}`);
  if (reason === 'not-mapped' && details[0] !== undefined)
    told.push(
      `    to take one: --map '${details[0]}=DEVICE/OUTLET', or with its unit --map '${details[0]}=DEVICE/OUTLET:kWh'`,
    );
  if (reason === 'no-outlet') told.push('    name it: --outlet DEVICE/OUTLET');
  return told;
}

function summaryOf(result: ImportResult | undefined): string {
  if (result === undefined) return 'Nothing was imported.\n';
  const lines = [
    `Imported ${count(result.readings)} readings and ${count(result.rollUps)} roll-ups; roll-ups and energy are made.`,
  ];
  if (result.tooOld > 0)
    lines.push(
      `${count(result.tooOld)} readings are older than raw readings are kept (store.retention.raw): they are in the roll-ups alone.`,
    );
  if (result.notRemade > 0)
    lines.push(`Of ${count(result.notRemade)} days of outlets minutes stay as they were: too many readings.`);
  return `${lines.join('\n')}\n`;
}

async function readerOptionsOf(options: ImportArguments, nowMs: number): Promise<ImportOptions> {
  const lines = [...options.map];
  if (options.mapFile !== undefined) {
    const text = await readFile(options.mapFile, 'utf8').catch((error: Error) => {
      throw new Error(`${options.mapFile}: ${error.message}`);
    });
    lines.push(...text.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#')));
  }
  const measured = options.quantity === undefined ? undefined : measuredOf(options.quantity);
  return {
    timezone: zoneNamed(options.timezone),
    nowMs,
    mappings: new Map(lines.map(mappingOf)),
    ...(options.outlet !== undefined && { outlet: wholeOutlet(options.outlet) }),
    ...(measured !== undefined && { measured }),
  };
}

/** `sensor.rack_power=pdu-a/7:W`: the unit is what follows the last colon, where it is one. */
function mappingOf(text: string): [string, NameMapping] {
  const parts = /^\s*(.+?)\s*=\s*(.+?)\s*$/.exec(text);
  if (parts === null)
    throw new ArgumentError(`"${text}" is no mapping: write NAME=DEVICE/OUTLET or NAME=DEVICE/OUTLET:UNIT`);
  const [name, value] = [parts[1]!, parts[2]!];
  const colon = value.lastIndexOf(':');
  const measured = colon < 0 ? undefined : measuredAs(value.slice(colon + 1));
  const outlet = measured === undefined ? value : value.slice(0, colon);
  return [name, { outlet: wholeOutlet(outlet), ...(measured !== undefined && { measured }) }];
}

function zoneNamed(timezone: string): string {
  if (isZone(timezone)) return timezone;
  throw new ArgumentError(`--timezone ${timezone} is no IANA time zone: write one such as Europe/London`);
}

function measuredOf(word: string) {
  const measured = measuredAs(word);
  if (measured === undefined)
    throw new ArgumentError(
      `"${word}" is no quantity: write one such as watts, volts, kWh or wattHoursTotal`,
    );
  return measured;
}

/** A device without a label has one meter. */
function wholeOutlet(outlet: string): string {
  const { device, label } = splitOutlet(outlet);
  return `${device}/${label}`;
}

const barWidth = 24;

function bar(share: number): string {
  const full = Math.round(share * barWidth);
  return `[${'█'.repeat(full)}${'░'.repeat(barWidth - full)}]`;
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}

function unpacked(stream: NodeJS.ReadableStream): AsyncIterable<Uint8Array> {
  const gunzip = createGunzip();
  stream.on('error', (error: Error) => gunzip.destroy(error));
  return stream.pipe(gunzip);
}

function timeText(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.000Z$/, 'Z');
}

function count(value: number): string {
  return value.toLocaleString('en');
}
