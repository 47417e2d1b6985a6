import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';
import { type RoomScript, RoomServer } from './room-server.ts';

/** The page in a real browser, before a server of its own. */
export interface OpenedPage extends AsyncDisposable {
  readonly server: RoomServer;
  readonly page: Page;
  /** What the browser complained about: errors of scripts, of the console, blocked by the security policy. */
  readonly complaints: string[];
}

/** Opens the page in a window of its own, at the view of `hash`. British numbers unless told otherwise. */
export async function openPage(
  browser: Browser,
  folder: string,
  script: RoomScript,
  options: BrowserContextOptions = {},
  hash = '',
): Promise<OpenedPage> {
  const server = new RoomServer(folder, script);
  await server.start();
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
    timezoneId: 'America/New_York',
    ...options,
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  await page.goto(`${server.url}${hash}`);
  return {
    server,
    page,
    complaints,
    async [Symbol.asyncDispose]() {
      await context.close();
      await server.stop();
    },
  };
}

/** Text as it is read, with plain spaces. */
export async function textOf(page: Page, selector: string): Promise<string> {
  const texts = await page.locator(selector).allInnerTexts();
  return texts.join(' | ').replaceAll('\u00a0', ' ').replace(/\s+/g, ' ').trim();
}

/** How long, and how often, a test looks for what it expects. */
export const soon = { timeout: 8_000, interval: 50 };

/** What is read there, awaited. */
export const eventually = (page: Page, selector: string) => expect.poll(() => textOf(page, selector), soon);

/** The names of the servers in the table, from above. */
export const rowNames = (page: Page) => page.locator('.server .server-link').allInnerTexts();

/** Serious and critical findings of axe, as `rule: element`. */
export async function axeFindings(page: Page): Promise<string[]> {
  await page.evaluate(await axeSource());
  const results = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(): Promise<{ violations: AxeViolation[] }> } };
    return (await axe.run()).violations.map(({ id, impact, nodes }) => ({
      id,
      impact,
      elements: nodes.map(({ html }) => html),
    }));
  });
  return results
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, elements }) => elements.map((element) => `${id}: ${element}`));
}

interface AxeViolation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}

let axe: Promise<string> | undefined;

function axeSource(): Promise<string> {
  axe ??= readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  return axe;
}
