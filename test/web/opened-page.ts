import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { sharedChromium } from '../servers/chromium.ts';
import { type BuiltPage, buildPage } from './built-page.ts';
import { type RoomScript, RoomServer } from './room-server.ts';

/** How one looks at the page. */
export interface Look {
  /** British unless told otherwise. */
  readonly locale?: string;
  readonly viewport?: { readonly width: number; readonly height: number };
  readonly colorScheme?: 'dark' | 'light';
  /** Nothing moves unless told otherwise: what pulses is drawn sixty times a second, at whatever size. */
  readonly reducedMotion?: 'reduce' | 'no-preference';
}

/** A page in a real browser, on an address of its own, until it is disposed of. */
export interface LookedAt extends AsyncDisposable {
  readonly page: Page;
  /** What the browser complained about: errors of scripts, of the console, blocked by the security policy. */
  readonly complaints: string[];
}

/** The page before a scripted server of its own. */
export interface OpenedPage extends LookedAt {
  readonly server: RoomServer;
}

/** Laptop. */
const usualViewport = { width: 1280, height: 800 };

/**
 * Chromium and the page as it is shipped, for all tests of a file, which calls `useBrowser` once at its top. A window
 * is used again when it is free, since to make one costs more than what most tests do in it: each test finds it
 * empty, without cookies and without what an earlier one kept.
 */
export class FileBrowser {
  #browser!: Browser;
  #built!: BuiltPage;
  readonly #contexts = new Map<string, BrowserContext>();
  readonly #free = new Map<string, Page[]>();

  /** Holds `index.html` and `assets/`. */
  get folder(): string {
    return this.#built.folder;
  }

  async start(): Promise<void> {
    [this.#browser, this.#built] = await Promise.all([sharedChromium(), buildPage()]);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#contexts.values()].map((context) => context.close()));
    await this.#built?.[Symbol.asyncDispose]();
  }

  /** Before a server that says what `script` does, at the view of `hash`. */
  async open(script: RoomScript, hash = '', look: Look = {}): Promise<OpenedPage> {
    const server = new RoomServer(this.folder, script);
    await server.start();
    const looked = await this.look(`${server.url}${hash}`, look);
    return {
      ...looked,
      server,
      async [Symbol.asyncDispose]() {
        await looked[Symbol.asyncDispose]();
        await server.stop();
      },
    };
  }

  /** At any address. */
  async look(url: string, look: Look = {}): Promise<LookedAt> {
    const { locale = 'en-GB', viewport = usualViewport, colorScheme = 'light' } = look;
    const page = this.#free.get(locale)?.pop() ?? (await this.#newPage(locale));
    await page.setViewportSize(viewport);
    await page.emulateMedia({
      media: null,
      colorScheme,
      reducedMotion: look.reducedMotion ?? 'reduce',
    });
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning')
        complaints.push(`${message.text()} ${message.location().url}`);
    });
    await page.goto(url);
    return { page, complaints, [Symbol.asyncDispose]: () => this.#giveBack(page, locale) };
  }

  async #newPage(locale: string): Promise<Page> {
    let context = this.#contexts.get(locale);
    if (!context) {
      // The reader is not where the room is.
      context = await this.#browser.newContext({ locale, timezoneId: 'America/New_York' });
      this.#contexts.set(locale, context);
    }
    return context.newPage();
  }

  async #giveBack(page: Page, locale: string): Promise<void> {
    // A later server may get the same port, thus the same origin; where nobody answered there is no store to empty.
    await page.evaluate(() => location.protocol === 'http:' && localStorage.clear());
    await page.goto('about:blank');
    for (const heard of ['pageerror', 'console'] as const) page.removeAllListeners(heard);
    await page.context().clearCookies();
    this.#free.set(locale, [...(this.#free.get(locale) ?? []), page]);
  }
}

export function useBrowser(): FileBrowser {
  const browser = new FileBrowser();
  beforeAll(() => browser.start());
  afterAll(() => browser.stop());
  return browser;
}

/** Text as it is read, with plain spaces. */
export async function textOf(page: Page, selector: string): Promise<string> {
  const texts = await page.locator(selector).allInnerTexts();
  return texts.join(' | ').replaceAll('\u00a0', ' ').replace(/\s+/g, ' ').trim();
}

/** How long, and how often, a test looks for what it expects. */
export const soon = { timeout: 30_000, interval: 50 };

/** What is read there, awaited. */
export const eventually = (page: Page, selector: string) => expect.poll(() => textOf(page, selector), soon);

/** The names of the servers in the table, from above. */
export const rowNames = (page: Page) => page.locator('.server .server-link').allInnerTexts();

/** Where one is. */
export const hashOf = (page: Page) => page.evaluate(() => location.hash);

/** By how much the page is wider than its window, or anything in a panel reaches beyond it and is cut off, px. */
const overflowPx = (page: Page) =>
  page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    const parts = [...document.querySelectorAll('.panel :is([role="cell"], td, dd, li)')];
    const beyond = parts.map(
      (part) => part.getBoundingClientRect().right - part.closest('.panel')!.getBoundingClientRect().right,
    );
    return Math.max(scrollWidth - clientWidth, ...beyond.map(Math.floor));
  });

/** Small phone to wall. */
export const viewports = [
  [320, 640],
  [390, 844],
  [768, 1024],
  [1024, 768],
  [1280, 800],
  [1920, 1080],
  [2400, 1350],
  [2560, 1440],
  [3840, 2160],
] as const;

/** At which of the widths, and by how much, the page is wider than its window. */
export async function overflows(
  page: Page,
  sizes: readonly (readonly [number, number])[] = viewports,
): Promise<string[]> {
  const found: string[] = [];
  for (const [width, height] of sizes) {
    await page.setViewportSize({ width, height });
    const beyondPx = await overflowPx(page);
    if (beyondPx > 0) found.push(`${await hashOf(page)} at ${width}: ${beyondPx} px`);
  }
  return found;
}

/** Serious and critical findings of axe, as `rule: element`. */
export async function axeFindings(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(await axeSource());
  const violations = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: Axe };
    // What passes is not asked about, and sheets of style need not be fetched again: neither changes what is found.
    const results = await axe.run({ resultTypes: ['violations'], preload: false });
    return results.violations.map(({ id, impact, nodes }) => ({
      id,
      impact,
      elements: nodes.map(({ html }) => html),
    }));
  });
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, elements }) => elements.map((element) => `${id}: ${element}`));
}

/** What of it runs over the edge, and what axe finds, on each combination of theme and width. */
export async function findingsIn(
  page: Page,
  ...looks: readonly (readonly ['dark' | 'light', number])[]
): Promise<string[]> {
  const found: string[] = [];
  for (const [colorScheme, width] of looks) {
    await page.emulateMedia({ colorScheme });
    found.push(...(await overflows(page, [[width, 900]])));
    const findings = await axeFindings(page);
    found.push(...findings.map((finding) => `${page.url()} ${colorScheme} ${width} ${finding}`));
  }
  return found;
}

interface Axe {
  run(options: object): Promise<{ violations: AxeViolation[] }>;
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
