/** A real browser. Where there is none, its tests are skipped with a line, unless one is required. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { describe, expect } from '@jest/globals';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import type { PageFile } from '../../../functions/console/page/files.ts';

const BROWSERS = ['/usr/bin/chromium', '/usr/bin/google-chrome'];
const ROOT = resolve(import.meta.dirname, '../../..');
const executablePath = BROWSERS.find((path) => existsSync(path));

if (executablePath === undefined) {
  const missing = `${BROWSERS.join(' and ')} are absent; install Debian's package chromium`;
  if (process.env['BROWSER_TESTS'] === 'required') throw new Error(missing);
  process.stderr.write(`Tests in a browser are skipped: ${missing}.\n`);
}

/** Milliseconds for one state, on a machine with other work. */
const STATE_MS = 180_000;

/** Milliseconds for a test. */
export const TEST_MS = 600_000;

/** Its tests need a browser. */
export const describeInBrowser = executablePath === undefined ? describe.skip : describe;

/** Nothing of it calls home. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export function startBrowser(): Promise<Browser> {
  return chromium.launch({ args: FLAGS, ...(executablePath !== undefined && { executablePath }) });
}

/** The page as it is built now. */
export function builtPage(): readonly PageFile[] {
  const script = join(ROOT, 'tests/fixtures/console/print-page.mjs');
  const printed = execFileSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', script, ROOT],
    {
      encoding: 'utf8',
      maxBuffer: 16 * 1_024 * 1_024,
    },
  );
  return JSON.parse(printed) as readonly PageFile[];
}

/** A tab that notes what goes wrong in it. */
export interface Tab {
  readonly page: Page;
  /** Errors of scripts, and whatever the content security policy refused. */
  readonly errors: string[];
  close(): Promise<void>;
}

export async function openTab(browser: Browser, options: BrowserContextOptions = {}): Promise<Tab> {
  const context: BrowserContext = await browser.newContext({
    viewport: { width: 1_440, height: 900 },
    timezoneId: 'UTC',
    ...options,
  });
  context.setDefaultTimeout(STATE_MS);
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', ({ message }) => errors.push(message));
  page.on('console', (message) => {
    // What the console refuses is shown to the person; the browser notes it as well.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      errors.push(message.text());
  });
  return { page, errors, close: () => context.close() };
}

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** Serious and critical violations of WCAG 2.2 AA, as lines. */
export async function seriousIn(page: Page): Promise<readonly string[]> {
  await page.evaluate(readFileSync(AXE, 'utf8'));
  const violations = await page.evaluate<readonly Violation[]>(
    `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations)`,
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.slice(0, 3).map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
    );
}

/** Fields and buttons that are wider than the card in which they are. */
const STICKING_OUT = `[...document.querySelectorAll('.card :is(input, textarea, select, button, .button)')]
  .filter((one) => {
    const [own, card] = [one, one.closest('.card')].map((each) => each.getBoundingClientRect());
    return own.width > 1 && own.right > card.right + 1;
  })
  .map(({ outerHTML }) => outerHTML)`;

/** Nothing is wider than the window, or sticks out of its card. */
export async function expectNoSideways(page: Page): Promise<void> {
  const [scroll, window] = await page.evaluate<readonly [number, number]>(
    '[document.documentElement.scrollWidth, innerWidth]',
  );
  expect(scroll).toBeLessThanOrEqual(window);
  expect(await page.evaluate<readonly string[]>(STICKING_OUT)).toEqual([]);
}

/** Where pictures go; `PICTURES=docs` renews that of the README. */
export function picturePath(name: string, { isOfReadme = false } = {}): string {
  const dir = isOfReadme && process.env['PICTURES'] === 'docs' ? 'docs/pictures' : 'dist/pictures';
  mkdirSync(join(ROOT, dir), { recursive: true });
  return join(ROOT, dir, `${name}.png`);
}
