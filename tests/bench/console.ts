/**
 * The page of the console in a real browser with 10,000 failures: when each room is useful, and how
 * fast a filter is. The floor is a page of the same server that shows one sentence.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import type { ConsoleModules } from '../../shared/host/console.ts';
import { createFileBlobs } from '../../shared/failures/fs/blobs.ts';
import { processClock } from '../../shared/runtime/process.ts';
import { fillIndex } from '../fixtures/failures/many.ts';
import { configOf, testRuntime } from '../fixtures/failures/runtime.ts';
import { median, shown, table } from './measure.ts';

const BROWSER = '/usr/bin/chromium';
const FAILURES = 10_000;
const RUNS = 5;
const LIMIT_MS = 30_000;
const BUILT = resolve(import.meta.dirname, '../../dist/console/handler.mjs');

/** By name; each is opened in an empty cache. */
const ROOMS = {
  Now: '/',
  'Failures, groups': '/failures',
  'Failures, list': '/failures?view=list',
  Replay: '/replay',
  Ports: '/ports',
  Plan: '/plan',
  Fleet: '/fleet',
  Audit: '/audit',
} as const;

/** The first frame with a heading in which nothing is being read any more. */
const USEFUL = `new Promise((done, reject) => {
  const look = () =>
    document.querySelector('h1') && !document.querySelector('.loading')
      ? requestAnimationFrame(() => done(performance.now()))
      : requestAnimationFrame(look);
  look();
  setTimeout(() => reject(new Error('not useful: ' + document.body.innerText)), ${LIMIT_MS});
})`;

/** Milliseconds from navigation to the first useful frame, in a context of its own. */
async function usefulAfter(browser: Browser, url: string): Promise<number> {
  const context = await browser.newContext({ viewport: { width: 1_440, height: 900 } });
  try {
    const page = await context.newPage();
    await page.goto(url, { waitUntil: 'commit' });
    return await page.evaluate<number>(USEFUL);
  } finally {
    await context.close();
  }
}

/** Milliseconds from the last key to the list that belongs to it; a third of all has this word. */
async function filterTakes(page: Page): Promise<number> {
  const field = page.locator('main input[type=search]').first();
  const found = String(Math.ceil(FAILURES / 3));
  const until = (isShown: boolean): Promise<unknown> =>
    page.evaluate(`new Promise((done, reject) => {
      const look = () =>
        document.body.innerText.includes('${found}') === ${isShown}
          ? done(true)
          : requestAnimationFrame(look);
      look();
      setTimeout(() => reject(new Error('no answer to the filter')), ${LIMIT_MS});
    })`);
  await field.fill('');
  await until(false);
  const started = performance.now();
  await field.fill('geo');
  await until(true);
  return performance.now() - started;
}

/** Prints a table; without chromium, a line that says so. */
export async function benchConsole(): Promise<void> {
  if (!existsSync(BROWSER)) {
    process.stdout.write(`\nconsole: not measured, because ${BROWSER} is absent\n`);
    return;
  }
  const root = mkdtempSync(join(tmpdir(), 'sluice-bench-console-'));
  const { createConsole } = (await import(pathToFileURL(BUILT).href)) as ConsoleModules['face'];
  await fillIndex(createFileBlobs(root, randomUUID), FAILURES, Date.now());
  const runtime = {
    ...testRuntime(configOf({ failures: { kind: 'fs', path: root } })),
    clock: processClock,
  };
  const server = await createConsole({
    runtime,
    call: () => Promise.resolve(),
    who: 'bench',
    role: 'operator',
  }).listen(0);
  const browser = await chromium.launch({ executablePath: BROWSER, args: ['--no-sandbox'] });
  try {
    const floor = await several(() => usefulAfter(browser, `${server.url}/no-such-page`));
    const rows: (readonly string[])[] = [];
    for (const [name, path] of Object.entries(ROOMS)) {
      const took = await several(() => usefulAfter(browser, `${server.url}${path}`));
      rows.push([name, shown(took), `${(took / floor).toFixed(1)} times`]);
    }
    const page = await browser.newPage();
    await page.goto(`${server.url}/failures?view=list`);
    await page.evaluate(USEFUL);
    const filter = await several(() => filterTakes(page));
    rows.push(['a filter, from key to list', shown(filter), '']);
    table(
      `The page with ${FAILURES.toLocaleString('en')} failures, median of ${RUNS} (ms; floor ${shown(floor)})`,
      ['room', 'useful after', 'floor'],
      rows,
    );
  } finally {
    await browser.close();
    await server.close();
    await runtime.queues.close();
    rmSync(root, { recursive: true, force: true });
  }
}

async function several(measure: () => Promise<number>): Promise<number> {
  const taken: number[] = [];
  for (let i = 0; i < RUNS; i++) taken.push(await measure());
  return median(taken);
}
