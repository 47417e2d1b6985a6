import { type Command, Option } from 'commander';
import { add, configFlag, configHelp, examples, load } from './arguments.ts';
import { systemClock } from './base/clock.ts';

const serviceFlag = '--url <address>';
const serviceHelp = 'the running service; else the one of these settings if it runs, else the store itself';
const tokenHelp = 'of the service, where it wants one; also RACKWATT_TOKEN';

/** `rackwatt export` */
export function addExport(rackwatt: Command): void {
  add(rackwatt, 'export')
    .description('writes history as CSV: readings, roll-ups, energy or starts')
    .addOption(
      new Option('--tier <kind>', 'what to write')
        .choices(['raw', 'minute', 'quarter', 'energy', 'starts'])
        .default('raw'),
    )
    .option('--scope <scope...>', 'room, server:hv-01, server:*, outlet:pdu-a/7, …; default: all')
    .option(
      '--from <time>',
      "ISO 8601 or epoch ms, in the room's zone; default: a day (energy: 31) before --to",
    )
    .option('--to <time>', 'default: now')
    .option('--by <step>', 'of energy: hour, day, week, month or year', 'day')
    .option('-o, --out <file>', 'write there; packed when it ends in .gz')
    .option('--gzip', 'packed', false)
    .option(serviceFlag, serviceHelp)
    .option('--token <token>', tokenHelp)
    .option(configFlag, configHelp)
    .addHelpText(
      'after',
      examples(
        'rackwatt export --from 2026-10-01 --to 2026-11-01 --out october.csv.gz',
        "rackwatt export --tier energy --by month --scope 'server:*' --from 2026-01-01",
      ),
    )
    .action(async (options: ExportOptions) => {
      const { exportHistory } = await import('./commands/export.ts');
      const { runningService } = await import('./commands/running-service.ts');
      const parts = await quietParts(options);
      const { tier: kind, scope: scopes = [], from, to, by, out, gzip } = options;
      await exportHistory(
        { kind, scopes, from, to, by, out, gzip },
        {
          stdout: process.stdout,
          stderr: process.stderr,
          clock: systemClock,
          service: await runningService(parts.settings, options),
          store: parts,
        },
      );
    });
}

interface ExportOptions {
  tier: 'raw' | 'minute' | 'quarter' | 'energy' | 'starts';
  scope?: string[];
  from?: string;
  to?: string;
  by: string;
  out?: string;
  gzip: boolean;
  url?: string;
  token?: string;
  config?: string;
}

/** `rackwatt import` */
export function addImport(rackwatt: Command): void {
  add(rackwatt, 'import')
    .description(
      'brings past readings into history: CSV, or files of Home Assistant and emoncms; twice does no harm',
    )
    .argument('<file...>', 'CSV, packed by gzip or not; what it is shows in its first line')
    .option(
      '--map <mapping...>',
      'which outlet a name of the file is: NAME=DEVICE/OUTLET or NAME=DEVICE/OUTLET:UNIT',
    )
    .option('--map-file <file>', 'such mappings, a line each')
    .option('--outlet <outlet>', 'all of it is of this outlet')
    .option('--quantity <name>', 'what a file with one unnamed column tells: watts, kWh, …')
    .option('--timezone <zone>', "IANA zone of times that name none; default: the room's")
    .option('--dry-run', 'only say what would be taken', false)
    .option(serviceFlag, serviceHelp)
    .option('--token <token>', tokenHelp)
    .option(configFlag, configHelp)
    .addHelpText(
      'after',
      examples(
        'rackwatt import october.csv.gz',
        'rackwatt import history.csv --map sensor.rack_power=pdu-a/7 sensor.rack_energy=pdu-a/7:kWh',
        'rackwatt import feed.csv --outlet heater/0 --quantity watts --dry-run',
      ),
    )
    .action(async (files: string[], options: ImportOptions) => {
      const { importFiles } = await import('./commands/import.ts');
      const parts = await quietParts(options);
      const {
        map = [],
        mapFile,
        outlet,
        quantity,
        timezone = parts.settings.room.timezone,
        dryRun,
      } = options;
      const well = await importFiles(
        { files, map, mapFile, outlet, quantity, timezone, dryRun },
        {
          stdout: process.stdout,
          stderr: process.stderr,
          clock: systemClock,
          target: async () => {
            const { ServiceTarget, storeTarget } = await import('./commands/import-targets.ts');
            const { runningService } = await import('./commands/running-service.ts');
            const service = await runningService(parts.settings, options);
            return service === undefined ? storeTarget(parts) : new ServiceTarget(service, systemClock);
          },
        },
      );
      process.exitCode = well ? 0 : 1;
    });
}

interface ImportOptions {
  map?: string[];
  mapFile?: string;
  outlet?: string;
  quantity?: string;
  timezone?: string;
  dryRun: boolean;
  url?: string;
  token?: string;
  config?: string;
}

/** For commands that open what the service would, and say themselves what matters. */
async function quietParts(options: { config?: string | undefined }) {
  const { makeLog } = await import('./base/log.ts');
  const { runsDemo } = await import('./config/load.ts');
  const { settings, configured } = await load(options);
  return { settings, demo: runsDemo(settings, configured), clock: systemClock, log: makeLog('error') };
}
