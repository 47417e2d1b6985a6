import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { add, configFlag, configHelp, examples, load } from './arguments.ts';
import { systemClock } from './base/clock.ts';
import type { CreateOptions } from './commands/token.ts';
import { addExport, addImport } from './main-exchange.ts';

/**
 * Arguments and exit codes: 0 done, 1 failed (with one line that says why), 2 the settings or the arguments are
 * wrong. Each command is loaded only when it is called, since `serve` has to be there within a second.
 */
export async function main(argv: readonly string[]): Promise<void> {
  outliveReader();
  try {
    process.exitCode = 0;
    await program().parseAsync(withCommand(argv), { from: 'user' });
  } catch (error) {
    // At once: what a failed start has opened already must not keep the process.
    process.exit(explain(error));
  }
}

/** Without a command it is `serve`, also where only its options stand. */
function withCommand(argv: readonly string[]): string[] {
  const [first] = argv;
  const own = ['-h', '--help', '-V', '--version'];
  return first === undefined || (first.startsWith('-') && !own.includes(first))
    ? ['serve', ...argv]
    : [...argv];
}

/** The reader of a pipe may leave first (`rackwatt discover | head`): no news, no error. */
function outliveReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

function program(): Command {
  const rackwatt = new Command('rackwatt')
    .description('Live power and history of a server room, over MQTT.')
    .version(version())
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError('(rackwatt --help lists what there is)')
    .addHelpText(
      'after',
      `\nWithout a command: serve. Settings: config/rackwatt.yaml shows and explains each.\n`,
    );
  addServe(rackwatt);
  addCheck(rackwatt);
  addDiscover(rackwatt);
  addDecode(rackwatt);
  addDetect(rackwatt);
  addReplay(rackwatt);
  addNotify(rackwatt);
  addToken(rackwatt);
  addExport(rackwatt);
  addImport(rackwatt);
  return rackwatt;
}

const urlFlag = '-u, --url <address>';
const urlHelp = 'the broker; else mqtt.url of the settings, else the one of the rackwatt running here';

function addServe(rackwatt: Command): void {
  add(rackwatt, 'serve')
    .description('runs the service; without settings, a demo room')
    .option(configFlag, configHelp)
    .addHelpText(
      'after',
      examples(
        'rackwatt serve',
        'rackwatt serve --config rackwatt.yaml',
        'RACKWATT_MQTT_URL=mqtt://broker:1883 rackwatt serve',
      ),
    )
    .action(async (options: { config?: string }) => {
      const { serve } = await import('./commands/serve.ts');
      const { loadSettings } = await import('./config/load.ts');
      const input = inputOf(options);
      await serve(loadSettings(input), version(), () => loadSettings(input));
    });
}

function addCheck(rackwatt: Command): void {
  add(rackwatt, 'check')
    .description('checks settings, broker, store, ports and disk; says what is wrong and how to mend it')
    .option(configFlag, configHelp)
    .option('--alive', 'only ask the service that runs whether it is alive, for health checks', false)
    .addHelpText('after', examples('rackwatt check', 'rackwatt check --config rackwatt.yaml'))
    .action(async (options: { config?: string; alive: boolean }) => {
      const { check, checkAlive } = await import('./commands/check.ts');
      const loaded = await load(options);
      process.exitCode = (await (options.alive ? checkAlive(loaded) : check(loaded))) ? 0 : 1;
    });
}

function addDiscover(rackwatt: Command): void {
  add(rackwatt, 'discover')
    .description('listens, and lists the devices and outlets found, and what it could not read and why')
    .option('-s, --seconds <number>', 'how long to listen', positiveNumber, 30)
    .option(urlFlag, urlHelp, brokerAddress)
    .option('-y, --yaml', 'write a draft of the settings on standard output', false)
    .option(configFlag, configHelp)
    .addHelpText(
      'after',
      examples(
        'rackwatt discover --url mqtt://broker:1883',
        'rackwatt discover --seconds 300 --yaml > rackwatt.yaml',
      ),
    )
    .action(async (options: { seconds: number; url?: string; yaml: boolean; config?: string }) => {
      const { discover } = await import('./commands/discover.ts');
      const { familiesWith } = await import('./families.ts');
      const families = await familiesWith((await load(options)).settings.mqtt.mappings);
      const { stdout, stderr } = process;
      await discover(
        { ...(await login(options)), seconds: options.seconds, yaml: options.yaml },
        { families, stdout, stderr, clock: systemClock, signal: interrupted() },
      );
    });
}

function addDecode(rackwatt: Command): void {
  add(rackwatt, 'decode')
    .description('reads messages as JSON lines on standard input, writes what they say, line by line')
    .option(configFlag, configHelp)
    .addHelpText(
      'after',
      examples(
        `echo '{"topic":"tele/plug/SENSOR","payload":"{\\"ENERGY\\":{\\"Power\\":42}}"}' | rackwatt decode`,
        "mosquitto_sub -h broker -t 'tele/#' -F '%j' | rackwatt decode",
      ),
    )
    .action(async (options: { config?: string }) => {
      const { decode } = await import('./commands/decode.ts');
      const { familiesWith } = await import('./families.ts');
      const { mappings } = (await load(options)).settings.mqtt;
      await decode(await familiesWith(mappings), process.stdin, process.stdout, systemClock);
    });
}

function addDetect(rackwatt: Command): void {
  add(rackwatt, 'detect')
    .description('finds starts and the idle level in recorded traces (CSV: a time column, a watts column)')
    .argument('<file...>', 'traces, each of one load; packed by gzip or not')
    .option(configFlag, configHelp)
    .addHelpText(
      'after',
      examples('rackwatt detect monday.csv', "rackwatt detect *.csv.gz | jq '.starts[].peakWatts'"),
    )
    .action(async (files: string[], options: { config?: string }) => {
      const { detect } = await import('./commands/detect.ts');
      await detect(files, (await load(options)).settings.detect, process.stdout, process.stderr);
    });
}

function addReplay(rackwatt: Command): void {
  add(rackwatt, 'replay')
    .description('publishes recorded traces (CSV: a time column, a watts column) as messages of a device')
    .argument('<file...>', 'traces, played one after the other')
    .addOption(
      new Option('--as <family>', 'the device to play').choices(['tasmota', 'shelly']).default('tasmota'),
    )
    .requiredOption('--topic <name>', 'its name in its topics')
    .option('--speed <number>', 'times faster than recorded; 0: as fast as the broker takes it', speed, 1)
    .addOption(new Option('--qos <level>', 'MQTT quality of service').choices(['0', '1']).default('1'))
    .option(urlFlag, urlHelp, brokerAddress)
    .option(configFlag, configHelp)
    .addHelpText(
      'after',
      examples(
        'rackwatt replay monday.csv --topic washing-machine --speed 60',
        'rackwatt replay *.csv.gz --as shelly --topic shellyplug-1 --speed 0 --url mqtt://broker:1883',
      ),
    )
    .action(async (files: string[], options: ReplayArguments) => {
      const { replay } = await import('./commands/replay.ts');
      const { as, topic, speed } = options;
      const qos = options.qos === '0' ? 0 : 1;
      const well = await replay(
        { ...(await login(options)), files, as, topic, speed, qos },
        { stderr: process.stderr, clock: systemClock, signal: interrupted() },
      );
      process.exitCode = well ? 0 : 1;
    });
}

function addNotify(rackwatt: Command): void {
  add(rackwatt, 'notify')
    .description('lists who is told of alerts; with --test, sends a test message and says what became of it')
    .option('-t, --test [name]', 'send a test message through this channel; without a name, through all')
    .option(configFlag, configHelp)
    .addHelpText(
      'after',
      examples(
        'rackwatt notify --config rackwatt.yaml',
        'rackwatt notify --test admins --config rackwatt.yaml',
      ),
    )
    .action(async (options: { test?: string | true; config?: string }) => {
      const { notify } = await import('./commands/notify.ts');
      process.exitCode = (await notify((await load(options)).settings, options)) ? 0 : 1;
    });
}

function addToken(rackwatt: Command): void {
  const token = add(rackwatt, 'token').description('makes access tokens, and says which there are');
  add(token, 'create')
    .description('makes a token and prints it, this once, with what to write into the settings')
    .requiredOption('--name <name>', 'whose it is; the audit log names it')
    .addOption(
      new Option('--role <role>', 'view: see everything; operate: change things too')
        .choices(['view', 'operate'])
        .makeOptionMandatory(),
    )
    .option('--expires <when>', 'a length of time from now (90d), a day or a time; without it: never')
    .option('--json', 'print it as JSON', false)
    .addHelpText(
      'after',
      examples(
        'rackwatt token create --name "wall display" --role view',
        'rackwatt token create --name admin --role operate --expires 90d',
      ),
    )
    .action(async (options: CreateOptions) => {
      const { createToken } = await import('./commands/token.ts');
      createToken(options, process.stdout, systemClock.nowMs());
    });
  add(token, 'list')
    .description('lists the tokens of the settings')
    .option(configFlag, configHelp)
    .action(async (options: { config?: string }) => {
      const { listTokens } = await import('./commands/token.ts');
      listTokens((await load(options)).settings.access.tokens, process.stdout, systemClock.nowMs());
    });
  add(token, 'check')
    .description('reads a token on standard input and says whose it is')
    .option(configFlag, configHelp)
    .addHelpText('after', examples('rackwatt token check < token.txt'))
    .action(async (options: { config?: string }) => {
      const { checkToken } = await import('./commands/token.ts');
      const { tokens } = (await load(options)).settings.access;
      const known = await checkToken(tokens, process.stdin, process.stdout, systemClock.nowMs());
      process.exitCode = known ? 0 : 1;
    });
}

interface ReplayArguments {
  as: 'tasmota' | 'shelly';
  topic: string;
  speed: number;
  qos: '0' | '1';
  url?: string;
  config?: string;
}

async function login(options: { url?: string | undefined; config?: string | undefined }) {
  const { brokerLogin } = await import('./config/broker-login.ts');
  return brokerLogin((await load(options)).settings, options.url);
}

/** Ctrl+C ends what a command is waiting for, not its report; a second time it ends all. */
function interrupted(): AbortSignal {
  const controller = new AbortController();
  process.once('SIGINT', () => controller.abort());
  return controller.signal;
}

function inputOf({ config }: { config?: string | undefined }) {
  return { configPath: config, env: process.env, cwd: process.cwd() };
}

function positiveNumber(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('A number above 0 is expected.');
  return value;
}

function speed(text: string): number {
  return text.trim() === '0' ? 0 : positiveNumber(text);
}

function brokerAddress(text: string): string {
  if (/^(mqtts?|wss?|tcp|ssl|tls):\/\/[^\s/]/.test(text) && URL.canParse(text)) return text;
  throw new InvalidArgumentError('An address such as mqtt://broker:1883 is expected.');
}

function version(): string {
  // From src and from dist alike.
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** Says what went wrong, and answers the exit code. */
function explain(error: unknown): number {
  // Commander has said it itself; help and version come this way too.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (name === 'ArgumentError') {
    process.stderr.write(`rackwatt: ${message}\n`);
    return 2;
  }
  if (name === 'SettingsError') {
    process.stderr.write(message);
    return 2;
  }
  const ours = error instanceof TypeError || error instanceof ReferenceError || error instanceof SyntaxError;
  // A mistake in the program itself is for whoever mends it: with its place.
  process.stderr.write(`rackwatt: ${plainReason(error, message)}\n${ours ? `${error.stack}\n` : ''}`);
  return 1;
}

/** What the system says in a word, in a sentence that says what to do; our own errors say so themselves. */
function plainReason(error: unknown, message: string): string {
  const { code, syscall, port, address } = error as {
    code?: string;
    syscall?: string;
    port?: number;
    address?: string;
  };
  if (syscall === 'listen' && code === 'EADDRINUSE') {
    return `${address} port ${port} is taken by another program; stop it, or choose another port (RACKWATT_HTTP_PORT)`;
  }
  if (syscall === 'listen' && code === 'EACCES')
    return `port ${port} may not be used by this user; choose one above 1023 (RACKWATT_HTTP_PORT)`;
  if (syscall === 'listen' && code === 'EADDRNOTAVAIL')
    return `this machine has no address ${address} (RACKWATT_HTTP_HOST)`;
  return message.split('\n')[0] ?? message;
}

// Called by itself and not through the door (rackwatt.mjs), it does the same.
if (import.meta.main) await main(process.argv.slice(2));
