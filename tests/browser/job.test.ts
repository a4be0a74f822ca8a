/** A replay that is under way stays in the hands of who watches it: paused, continued, cancelled. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import type { PageFile } from '../../functions/console/page/files.ts';
import type { JobState } from '../../shared/failures/replay/job.ts';
import { owner, startSite } from '../fixtures/failures/site.ts';
import type { Site } from '../fixtures/failures/site.ts';
import { builtPage, describeInBrowser, openTab, startBrowser, TEST_MS } from './support/browser.ts';
import type { Tab } from './support/browser.ts';
import { startConsole } from './support/console.ts';
import type { TestConsole } from './support/console.ts';

const COUNT = 4;

describeInBrowser('a replay under way', () => {
  let browser: Browser;
  let built: readonly PageFile[];
  let site: Site;
  let server: TestConsole;
  let tab: Tab;
  /** Whether the replay stays where it waits the next time. */
  const held = { is: false };

  beforeAll(async () => {
    built = builtPage();
    browser = await startBrowser();
  }, TEST_MS);
  afterAll(() => browser?.close());

  const world = () => {
    const { clock } = site.runtime;
    const sleep = async (ms: number): Promise<void> => {
      while (held.is) await pause(20);
      await clock.sleep(ms);
    };
    return { ...site.world(), clock: { ...clock, sleep } };
  };

  beforeEach(async () => {
    held.is = false;
    site = startSite();
    for (let n = 0; n < COUNT; n++) await site.fail(owner(n), 2, [3 + n]);
    const { runtime, failures } = site;
    server = await startConsole({ runtime, failures, role: 'operator', page: built }, world);
    tab = await openTab(browser);
  });
  afterEach(async () => {
    held.is = false;
    await tab?.close();
    await server?.close();
  });

  /** What the panel does, by who gives a reason. */
  const confirm = async (page: Page, deed: string): Promise<void> => {
    await page.getByLabel('Reason, for the audit log').fill('a second look');
    await page.getByRole('button', { name: deed }).click();
  };
  const choose = (page: Page, name: string) =>
    page
      .getByRole('link', { name: `${name} …` })
      .first()
      .click();
  const state = async (): Promise<readonly [JobState | undefined, boolean]> => {
    const [job] = await site.failures.jobs.list();
    return [job?.state, job?.lease !== undefined];
  };
  const open = async (): Promise<number> =>
    (await site.failures.store.list()).filter((one) => one.state === 'open').length;

  test(
    'is paused, continued and cancelled by clicks; what was sent stays sent, and the rest stays',
    async () => {
      const { page, errors } = tab;
      await page.goto(`${server.url}/failures?do={"kind":"replay","filter":"code:BIP421"}`);
      await confirm(page, `Preview ${COUNT} failures`);
      held.is = true;
      await confirm(page, `Send 1 of ${COUNT} first`);

      // The first event is sent; its result is waited for.
      await choose(page, 'Pause');
      await confirm(page, 'Pause the job');
      await page.getByText(/^Job \S+ is paused\.$/).waitFor();
      await page.getByRole('button', { name: 'Close' }).last().click();
      await page.getByText('It is paused: a second look').waitFor();
      held.is = false;
      while ((await state())[1]) await pause(20);
      expect([await state(), site.sent.length]).toEqual([['paused', false], 1]);

      held.is = true;
      await choose(page, 'Resume');
      await confirm(page, 'Continue');
      await page.getByText('It is running.').first().waitFor();

      // In sight of every room.
      await page.getByRole('link', { name: 'Audit' }).first().click();
      // A key that is held, or pressed again, does no more than to open the panel.
      await page.getByRole('link', { name: 'Cancel …' }).first().press('Enter');
      await page.getByRole('button', { name: 'Cancel the job' }).waitFor();
      await page.keyboard.press('Enter');
      await confirm(page, 'Cancel the job');
      await page.getByText(/^Job \S+ is cancelled\.$/).waitFor();
      held.is = false;
      while ((await state())[1]) await pause(20);
      expect([await state(), site.sent.length]).toEqual([['cancelled', false], 2]);
      await page.getByRole('button', { name: 'Close' }).last().click();
      await page.getByRole('cell', { name: 'replay cancel' }).waitFor();
      const pausing = page.getByRole('link', { name: 'Pause …' }).first();
      await pausing.waitFor({ state: 'detached' });
      expect(await open()).toBe(COUNT - 1);
      expect(errors).toEqual([]);
    },
    TEST_MS,
  );
});
