/** The whole audit log as one file, however many requests that takes. */
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Browser, Route } from 'playwright-core';
import type { PageFile } from '../../functions/console/page/files.ts';
import { startSite } from '../fixtures/failures/site.ts';
import { builtPage, describeInBrowser, openTab, startBrowser, TEST_MS } from './support/browser.ts';
import type { Tab } from './support/browser.ts';
import { startConsole } from './support/console.ts';
import type { TestConsole } from './support/console.ts';

const ENTRIES = 2_100;

describeInBrowser('an export of the audit log', () => {
  let browser: Browser;
  let built: readonly PageFile[];
  let server: TestConsole;
  let tab: Tab;

  beforeAll(async () => {
    built = builtPage();
    browser = await startBrowser();
  }, TEST_MS);
  afterAll(() => browser?.close());

  beforeEach(async () => {
    const site = startSite();
    const { runtime, failures } = site;
    for (let n = 0; n < ENTRIES; n++) {
      const entry = { who: 'ada', action: `a${n}`, selection: 's', why: 'w', result: 'r' };
      await failures.audit.append(entry);
      runtime.advance(1_000);
    }
    server = await startConsole({ runtime, failures, role: 'viewer', page: built }, () =>
      site.world(),
    );
    tab = await openTab(browser);
    await tab.page.goto(`${server.url}/audit`);
  });
  afterEach(async () => {
    await tab?.close();
    await server?.close();
  });

  test(
    'has every entry, newest first, also if the connection fails on the way or parts are too large',
    async () => {
      const { page, errors } = tab;
      const asked: (string | null)[] = [];
      await page.route('**/audit.jsonl?*', async (route: Route) => {
        asked.push(new URL(route.request().url()).searchParams.get('limit'));
        if (asked.length === 1)
          return route.fulfill({ status: 422, json: { error: { message: 'Too large.' } } });
        return asked.length === 3 ? route.abort() : route.continue();
      });
      await page.getByRole('button', { name: 'Export all' }).click();
      await page.getByText('250 entries read. The console does not answer.').waitFor();
      const download = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Continue the export' }).click();
      const file = await download;
      expect(file.suggestedFilename()).toBe('sluice-audit.jsonl');
      const lines = readFileSync(await file.path(), 'utf8')
        .trimEnd()
        .split('\n');
      const actions = lines.map((line) => (JSON.parse(line) as { action: string }).action);
      expect(actions).toEqual(Array.from({ length: ENTRIES }, (_, n) => `a${ENTRIES - 1 - n}`));
      await page.getByText('2100 entries exported').waitFor();
      expect(asked.slice(0, 4)).toEqual(['1000', '250', '250', '250']);
      expect(errors).toEqual([]);
    },
    TEST_MS,
  );

  test(
    'can be stopped, and then saves nothing',
    async () => {
      const { page } = tab;
      let downloads = 0;
      page.on('download', () => (downloads += 1));
      const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
      let asked = 0;
      await page.route('**/audit.jsonl?*', async (route: Route) => {
        asked += 1;
        if (asked === 2) await held;
        await route.continue();
      });
      await page.getByRole('button', { name: 'Export all' }).click();
      await page.getByText('1000 entries read …').waitFor();
      await page.getByRole('button', { name: 'Stop' }).click();
      await page.getByRole('button', { name: 'Export all' }).waitFor();
      const answered = page.waitForResponse('**/audit.jsonl?*');
      letGo();
      await (await answered).finished();
      await page.getByRole('button', { name: 'Export all' }).waitFor();
      expect([asked, downloads]).toEqual([2, 0]);
    },
    TEST_MS,
  );
});
