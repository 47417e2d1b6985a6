import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

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
export async function startChromium(): Promise<Browser> {
  if (!existsSync(executablePath)) {
    throw new Error(
      `Chromium is missing: ${executablePath} does not exist. Install it with: apt-get install chromium`,
    );
  }
  return chromium.launch({ executablePath, args: flags, headless: true });
}
