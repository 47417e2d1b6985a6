import { flushCompileCache } from 'node:module';
import type { RunningApp } from '../app.ts';
import { systemClock } from '../base/clock.ts';
import { type Log, makeLog } from '../base/log.ts';
import { saysThatTokensAreGone } from '../config/access-checks.ts';
import { type LoadedSettings, runsDemo } from '../config/load.ts';
import { SettingsError } from '../config/problem.ts';
import type { Settings } from '../config/schema.ts';
import { storePlace } from '../config/store-place.ts';

/**
 * Runs the service until it is told to stop (SIGTERM, Ctrl+C). Rejects when it cannot start. At SIGHUP the settings are
 * read again, by `reload`, for the access tokens in them.
 */
export async function serve(
  { settings, configured, warnings }: LoadedSettings,
  version: string,
  reload: () => LoadedSettings,
): Promise<void> {
  const log = makeLog(settings.log.level);
  stopOnMistakes(log);
  for (const warning of warnings) log.warn(warning);
  const told = toldToStop();
  const demo = runsDemo(settings, configured);
  const { startApp } = await import('../app.ts');
  const app = await startApp({ settings, demo, clock: systemClock, log });
  rereadTokens(app, reload, log);
  process.stdout.write(greeting(app, { settings, demo, version }));
  // For the next start, should this one not come to a proper end.
  flushCompileCache();
  log.info(`${await told}: stopping`);
  await stopInTime(app, log);
}

/** A broken assumption: going on could write nonsense, a supervisor starts us afresh. */
function stopOnMistakes(log: Log): void {
  const stop = (error: unknown) => {
    log.fatal({ err: error }, 'a mistake in rackwatt itself; stopping');
    process.exit(1);
  };
  process.on('uncaughtException', stop);
  process.on('unhandledRejection', stop);
}

/**
 * Without a terminal SIGHUP means "read again"; with one, that its window was closed, and the service ends as any
 * program does. Settings with a mistake change nothing, but that a token is gone holds all the same.
 */
function rereadTokens(app: RunningApp, reload: () => LoadedSettings, log: Log): void {
  if (process.stdout.isTTY) return;
  process.on('SIGHUP', () => {
    try {
      const { tokens } = reload().settings.access;
      app.setTokens(tokens);
      log.info(`access tokens read again: ${tokens.length}`);
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      if (error.problems.every(saysThatTokensAreGone)) {
        app.setTokens([]);
        log.error(`there are no access tokens any more, so nobody is let in. ${error.message}`);
      } else log.error(`the access tokens stay as they are. ${error.message}`);
    }
  });
}

/** Resolves at the first signal; at the second we are gone at once. */
function toldToStop(): Promise<string> {
  return new Promise((resolve) => {
    let told = false;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (told) process.exit(1);
        told = true;
        resolve(signal);
      });
    }
  });
}

const stopMsMax = 5_000;

async function stopInTime(app: RunningApp, log: Log): Promise<void> {
  systemClock.after(stopMsMax, () => {
    log.error(`not stopped within ${stopMsMax / 1_000} s; leaving`);
    process.exit(1);
  });
  await app.stop();
  // Whatever a library still holds open is not worth waiting for: everything of ours is closed.
  process.exit(0);
}

function greeting(app: RunningApp, about: { settings: Settings; demo: boolean; version: string }): string {
  const { settings, demo, version } = about;
  const { folder, database } = storePlace(settings.store, demo);
  const { kind, influx } = settings.store;
  const rows = [
    ['live page', app.httpUrl],
    ...(demo ? [['DEMO', 'a simulated room. Yours: RACKWATT_MQTT_URL=mqtt://broker:1883 npm start']] : []),
    [settings.mqtt.url === undefined ? 'own broker' : 'broker', app.brokerUrl],
    ['history', kind === 'influx' ? `InfluxDB ${withoutLogin(influx.url)}, database ${database}` : folder],
    ['stop', 'Ctrl+C'],
  ] as const;
  return `rackwatt ${version} is running\n${rows.map(([what, where]) => `  ${what!.padEnd(12)}${where}\n`).join('')}`;
}

function withoutLogin(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//');
}
