import { existsSync } from 'node:fs';
import { type Browser, chromium, type LaunchOptions } from 'playwright-core';

/** Where Debian puts it. */
const executablePath = '/usr/bin/chromium';

/** No window, no sandbox (tests run as root in containers), and nothing of its own accord on the network. */
const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A real browser for tests of the page. Close it when done. Throws when Chromium is not installed. */
export function startChromium(): Promise<Browser> {
  return launch();
}

let shared: Promise<Browser> | undefined;

/** The one browser of all test files that this process runs one after the other; gone with it. Close what you open in it. */
export function sharedChromium(): Promise<Browser> {
  shared ??= launchShared();
  return shared;
}

async function launchShared(): Promise<Browser> {
  const browser = await launch({ handleSIGTERM: false });
  // The runner ends its workers by this signal: an end with exit handlers takes browser and profile along.
  process.once('SIGTERM', () => process.exit());
  browser.once('disconnected', () => {
    shared = undefined;
  });
  return browser;
}

async function launch(options: LaunchOptions = {}): Promise<Browser> {
  if (!existsSync(executablePath)) {
    throw new Error(
      `Chromium is missing: ${executablePath} does not exist. Install it with: apt-get install chromium`,
    );
  }
  return chromium.launch({ executablePath, args: flags, headless: true, ...options });
}
